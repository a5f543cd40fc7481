/** What clang-tidy is given: the sources of native/, a target at a time, as CMake puts them together for a unity build. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

export interface Unit {
  /** The file that includes its sources. */
  file: string;
  /** For people: the target that it belongs to. */
  name: string;
  /** Of everything that it is made from, below native/. */
  digest: string;
}

interface Command {
  file: string;
  command: string;
}

const NATIVE = resolve('native');
const INCLUDE = /^\s*#\s*include\s+"([^"]+)"/gm;

/** The units of a build folder with compile_commands.json. `also`: further words that make a difference. */
export function readUnits(folder: string, also: string[]): Unit[] {
  const commands = JSON.parse(readFileSync(join(folder, 'compile_commands.json'), 'utf8')) as Command[];
  return commands.map(({ file, command }) => {
    const hash = createHash('sha256');
    for (const word of [...also, command]) hash.update(`${word}\0`);
    for (const path of withIncluded(file)) hash.update(`${path}\0`).update(readFileSync(path));
    return { file, name: nameOf(file), digest: hash.digest('hex') };
  });
}

/** `…/CMakeFiles/moorage_effects.dir/Unity/unity_0_cxx.cxx` is `moorage_effects`. */
function nameOf(file: string): string {
  return /CMakeFiles\/([^/]+)\.dir/.exec(file)?.[1] ?? basename(file);
}

/** A file and all that it includes by name in quotes, one after the other, in a fixed order. */
function withIncluded(file: string): string[] {
  const seen = new Set([file]);
  for (const path of seen) for (const each of includedBy(path)) seen.add(each);
  return [...seen];
}

function includedBy(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(INCLUDE)]
    .map(([, name = '']) =>
      [resolve(dirname(path), name), resolve(NATIVE, name)].find((each) => existsSync(each)),
    )
    .filter((each) => each !== undefined);
}
