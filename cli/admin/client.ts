import { request } from 'node:http';
import { join } from 'node:path';
import { CheckError } from '../usage_error.ts';

/** What the admin socket of a running isolator answered. */
export interface AdminAnswer {
  status: number;
  body: Buffer;
}

/** How long the isolator may take for its first byte. */
const PATIENCE_MS = 30_000;

/** Asks the isolator that runs on `stateDir`. Throws {@link CheckError} with a sentence when none answers. */
export function askAdmin(
  stateDir: string,
  method: 'GET' | 'POST',
  path: string,
  body?: string | Uint8Array,
): Promise<AdminAnswer> {
  const socketPath = join(stateDir, 'admin.sock');
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new CheckError(`${socketPath}: ${why}`));
    const call = request({ socketPath, method, path, timeout: PATIENCE_MS }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', (error) => fail(error.message));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }));
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)));
    call.on('error', (error: NodeJS.ErrnoException) => fail(describe(error)));
    call.end(body);
  });
}

function describe(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT')
    return 'no isolator runs on this state directory (there is no socket); start the agent';
  if (error.code === 'ECONNREFUSED') return 'no isolator listens here any more; start the agent';
  if (error.code === 'EACCES') return 'not allowed; the socket is for root alone';
  return error.message;
}
