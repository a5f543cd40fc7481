import { request } from 'node:http';
import { connect } from 'node:net';

export interface Heard {
  status: number;
  type: string;
  text: string;
}

/** One request over the socket. */
export function ask(
  socketPath: string,
  method: string,
  path: string,
  body?: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          text: Buffer.concat(parts).toString(),
        }),
      );
    });
    call.on('error', reject);
    call.end(body);
  });
}

/** Sends bytes as they are and resolves with what came back until the other side closed, or after `patienceMs`. */
export function shout(socketPath: string, bytes: string | Uint8Array, patienceMs: number): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect(socketPath, () => socket.write(bytes));
    const timer = setTimeout(() => socket.destroy(), patienceMs);
    socket.on('data', (part) => {
      heard += part;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(heard);
    });
  });
}
