import { resolve } from 'node:path';
import { libnodePrefix } from '../../setup/libnode_place.mjs';
import { buildWithCmake } from '../cmake_build.ts';
import { clangWith, gccWith } from '../sanitizers.ts';

export interface ThreadSanitizer {
  compiler: string;
  /** What the program is started with. */
  prefix: string[];
}

/** Where the kernel scatters addresses more widely than the sanitizer's runtime knows, it has to be asked not to. */
const PREFIXES = [[], ['setarch', '-R']];

/** What builds and runs a program with the thread sanitizer here, or why nothing does. */
export function findThreadSanitizer(): ThreadSanitizer | string {
  if (libnodePrefix(resolve('build')) === undefined) return 'libnode is not here';
  for (const prefix of PREFIXES) {
    const compiler = clangWith('thread', prefix) ?? gccWith('thread', prefix);
    if (compiler) return { compiler, prefix };
  }
  return 'neither clang (packages clang and libclang-rt-14-dev) nor g++ (package g++, with libtsan) builds what runs with the thread sanitizer here';
}

/** Builds what is out of date; the folder of the programs. */
export function buildThreads({ compiler }: ThreadSanitizer): string {
  const folder = resolve('build/threads', compiler);
  const prefix = libnodePrefix(resolve('build'));
  buildWithCmake('test/threads', folder, [`CMAKE_CXX_COMPILER=${compiler}`, `MOORAGE_LIBNODE=${prefix}`]);
  return folder;
}
