/** Compilers of this machine that can build with a sanitizer. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The newest first; Debian's names. */
const CLANGS = ['clang++', ...[21, 20, 19, 18, 17, 16, 15, 14].map((version) => `clang++-${version}`)];

const ASKED = 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }\n';
const MAIN = 'int main() { return 0; }\n';

/** The first clang that links with all of these (its run-time library is a package of its own), and whose program runs behind `prefix`. */
export function clangWith(sanitizers: string, prefix: string[] = []): string | undefined {
  return CLANGS.find((compiler) => builds(compiler, sanitizers, prefix));
}

export function gccWith(sanitizers: string, prefix: string[] = []): string | undefined {
  return builds('g++', sanitizers, prefix) ? 'g++' : undefined;
}

/** Whether a program of this compiler starts: a run-time library may be missing, or not get on with the kernel. */
function builds(compiler: string, sanitizers: string, prefix: string[]): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'moorage-compiler-'));
  try {
    const source = join(folder, 'probe.cpp');
    const program = join(folder, 'probe');
    const isFuzzer = sanitizers.includes('fuzzer');
    writeFileSync(source, isFuzzer ? ASKED : MAIN);
    const options = { stdio: 'ignore', timeout: 60_000 } as const;
    if (spawnSync(compiler, [`-fsanitize=${sanitizers}`, source, '-o', program], options).status !== 0)
      return false;
    const [first = program, ...args] = [...prefix, program, ...(isFuzzer ? ['-runs=1'] : [])];
    return spawnSync(first, args, options).status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
