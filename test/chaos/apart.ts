import { execFileSync, spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Names the mount namespace that was left. */
const OUTSIDE = 'MOORAGE_CHAOS_APART_FROM';

/** Whether this process has a mount namespace of its own already. */
export function isApart(): boolean {
  const outside = process.env[OUTSIDE];
  return outside !== undefined && outside !== mountNamespace();
}

/**
 * Starts this program once more, in a mount namespace of its own, and resolves with its exit code. Where `/` is private, the tasks of any other agent on the
 * machine would get copies of our mounts, and keep our loop devices busy; and nobody else sees what is mounted here.
 */
export function runApart(words: readonly string[]): Promise<number> {
  const program = fileURLToPath(import.meta.url);
  const args = ['--mount', '--propagation', 'slave', process.execPath, program, ...words];
  const child = spawn('unshare', args, {
    stdio: 'inherit',
    env: { ...process.env, [OUTSIDE]: mountNamespace() },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error(`unshare (util-linux) cannot be started: ${error.message}`)),
    );
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function mountNamespace(): string {
  return readlinkSync('/proc/self/ns/mnt');
}

/**
 * Shares every mount of this namespace with the namespaces that are made from it, as systemd does with a machine's: a task's copy of a driver's
 * mount goes with it then. Where `/` is private it would stay as long as the task, and `moorage audit` would name it, rightly.
 */
export function shareMounts(): void {
  execFileSync('mount', ['--make-rshared', '/']);
}
