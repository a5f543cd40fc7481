import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const uid = 54_321;
const isRoot = process.getuid?.() === 0;
const namespace = ['unshare', '--user', '--map-root-user', '--mount', '--propagation', 'private'];
const asUser = isRoot ? ['setpriv', '--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups'] : [];

/** Runs a command as a user who is not root; as root as another one. */
export function runAsUser(
  command: readonly string[],
  {
    cwd = '.',
    env = {},
    before = [],
  }: { cwd?: string; env?: Record<string, string>; before?: string[] } = {},
): SpawnSyncReturns<string> {
  const [file, ...args] = [...before, ...asUser, ...command] as [string, ...string[]];
  return spawnSync(file, args, { cwd, env: { ...process.env, ...env }, encoding: 'utf8' });
}

/** Why a plain user may have no user namespace here; empty when one may. */
export function whyNoNamespace(): string {
  const { status, stderr, error } = runAsUser([...namespace, 'true']);
  return status === 0 ? '' : `a plain user has no user namespace here: ${error?.message ?? stderr.trim()}`;
}

/** What runs of a checkout, for that user; it goes with `dispose`. */
export function copyForUser(): { folder: string; dispose(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'plain-user-'));
  const build = join(folder, 'build');
  mkdirSync(build);
  for (const entry of readdirSync('build', { withFileTypes: true })) {
    if (entry.isFile() || entry.name === 'libnode')
      cpSync(join('build', entry.name), join(build, entry.name), {
        recursive: true,
        verbatimSymlinks: true,
      });
  }
  cpSync('examples', join(folder, 'examples'), { recursive: true });
  const data = join('node_modules', 'vega-datasets', 'data', 'flights-200k.json');
  cpSync(data, join(folder, data), { recursive: true });
  mkdirSync(join(folder, 'tmp'));
  if (isRoot) {
    execFileSync('chown', ['-R', `${uid}:${uid}`, folder]);
    // Folders of temporary files are their owner's only.
    for (let path = folder; path !== '/tmp' && path !== '/'; path = join(path, '..')) chmodSync(path, 0o755);
  }
  return { folder, dispose: () => rmSync(folder, { recursive: true, force: true }) };
}
