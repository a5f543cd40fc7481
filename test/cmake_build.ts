/** Builds programs of tests that CMake knows, below build/, so that only what has changed is compiled again. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** `source` has the CMakeLists.txt, `define` what CMake is told the first time. Throws with the last words of the compiler. */
export function buildWithCmake(source: string, folder: string, define: string[]): void {
  if (!existsSync(join(folder, 'build.ninja')))
    command('cmake', ['-S', source, '-B', folder, '-G', 'Ninja', ...define.map((each) => `-D${each}`)]);
  command('cmake', ['--build', folder]);
}

function command(program: string, args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return;
  const words = (stdout ?? '').split('\n').slice(-40).join('\n');
  throw new Error(
    `${program} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}\n${words}\n${stderr}`,
  );
}
