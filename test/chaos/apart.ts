import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const INSIDE = 'MOORAGE_CHAOS_APART';

/** Whether this process has a mount namespace of its own already. */
export function isApart(): boolean {
  return process.env[INSIDE] === '1';
}

/**
 * Starts this program once more, in a mount namespace of its own, and resolves with its exit code. Where `/` is private, the tasks of any other agent on the
 * machine would get copies of our mounts, and keep our loop devices busy; and nobody else sees what is mounted here.
 */
export function runApart(words: readonly string[]): Promise<number> {
  const program = fileURLToPath(import.meta.url);
  const args = ['--mount', '--propagation', 'slave', process.execPath, program, ...words];
  const child = spawn('unshare', args, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error(`unshare (util-linux) cannot be started: ${error.message}`)),
    );
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
