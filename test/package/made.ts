import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One line of `dpkg-deb -c`. */
interface Entry {
  mode: string;
  owner: string;
  /** UTC, to the minute. */
  time: string;
  /** Absolute, as on an agent; of a link its own. */
  path: string;
}

/** A package that was made, and unpacked without being installed. */
export interface Made {
  file: string;
  entries: Entry[];
  /** The folder that its files were unpacked to. */
  tree: string;
  /** The folder of its control files. */
  control: string;
  fields: Record<string, string>;
  conffiles: string[];
  /** Runs its command. */
  moorage(...args: string[]): { status: number | null; stdout: string; stderr: string };
}

/** Why no package can be made here; empty when one can. */
export function whyNoPackage(): string {
  for (const program of ['cpack', 'dpkg-deb', 'dpkg-shlibdeps', 'strip']) {
    if (spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0)
      return `there is no ${program} here`;
  }
  const built = ['libmoorage.so', 'moorage.node', 'cmake/cmake_install.cmake'];
  const missing = built.find((name) => !existsSync(join('build', name)));
  return missing === undefined ? '' : `build/${missing} is not built`;
}

/** Makes a package as `npm run package` does, in a folder of its own. */
export async function makePackage(options: string[]): Promise<Made> {
  const folder = mkdtempSync(join(tmpdir(), 'package-'));
  const out = join(folder, 'out');
  const args = ['packaging/main.mjs', '--out', out, ...options];
  const file = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
  const [tree, control] = [join(folder, 'tree'), join(folder, 'control')];
  execFileSync('dpkg-deb', ['-x', file, tree]);
  execFileSync('dpkg-deb', ['-e', file, control]);
  return {
    file,
    entries: list(file).map(readEntry),
    tree,
    control,
    fields: readFields(readFileSync(join(control, 'control'), 'utf8')),
    conffiles: readFileSync(join(control, 'conffiles'), 'utf8').trim().split('\n').sort(),
    moorage(...words) {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(tree, 'usr/bin/moorage'), ...words],
        {
          encoding: 'utf8',
        },
      );
      return { status, stdout, stderr };
    },
  };
}

/** Lines of `dpkg-deb -c`. */
function list(file: string): string[] {
  const env = { ...process.env, TZ: 'UTC' };
  return execFileSync('dpkg-deb', ['-c', file], { encoding: 'utf8', env }).trim().split('\n');
}

function readEntry(line: string): Entry {
  const [, mode = '', owner = '', time = '', path = ''] =
    /^(\S+) (\S+) +\d+ (\S+ \S+) \.(\/\S*?)\/?(?: -> .*)?$/.exec(line) ?? [];
  if (path === '') throw new Error(`dpkg-deb -c said: ${line}`);
  return { mode, owner, time, path };
}

/** A stanza of control fields (deb-control(5)); further lines of a field stay as they are. */
function readFields(text: string): Record<string, string> {
  const stanza = text.matchAll(/^([A-Za-z-]+): (.*(?:\n .*)*)/gm);
  return Object.fromEntries(Array.from(stanza, ([, name = '', value = '']) => [name, value]));
}
