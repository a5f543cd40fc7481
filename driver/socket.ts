import type { Stats } from 'node:fs';
import { chmod, lstat, mkdir, unlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { codeOf, DriverError, failed } from './errors.ts';
import { socketPathBytesMax } from './limits.ts';

/**
 * Lets the server listen on a unix socket, mode 0600. The socket of a daemon that is gone is replaced; one that somebody
 * answers, or anything else of that name, is an error. The process' umask must keep others out until the mode is set.
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  const bytes = Buffer.byteLength(path);
  if (bytes > socketPathBytesMax) {
    throw new DriverError(`${path}: has ${bytes} bytes, a socket's path at most ${socketPathBytesMax}`);
  }
  try {
    await mkdir(dirname(path), { recursive: true });
    await removeStale(path);
    await listen(server, path);
    await chmod(path, 0o600);
  } catch (error) {
    throw error instanceof DriverError ? error : failed(`listen on ${path}`, error);
  }
}

async function removeStale(path: string): Promise<void> {
  const before = await factsOf(path);
  if (before === undefined) return;
  if (!before.isSocket())
    throw new DriverError(`${path}: exists and is not a socket; choose another --socket`);
  if (await isAnswered(path))
    throw new DriverError(`${path}: somebody listens there; choose another --socket`);
  // Another daemon may have replaced it since.
  const now = await factsOf(path);
  if (now !== undefined && now.ino === before.ino && now.dev === before.dev) await unlink(path);
}

async function factsOf(path: string): Promise<Stats | undefined> {
  return lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
}

/** Whether a process listens behind the socket. Only a refusal says no: a full queue is somebody's. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(codeOf(error))));
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}
