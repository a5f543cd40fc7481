import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDirectory } from '../host/directory.ts';
import type { Outcome } from '../host/effects/outcome.ts';
import { perform } from '../host/effects/perform.ts';
import type { DriverEffect } from '../host/frames/types.ts';
import { native } from './native_bench.ts';

/** What is done with a connection once the whole request has come. */
export type Serve = (socket: Socket, request: string) => unknown;

/** A server that does with its callers what it likes, and what it has seen of them. */
export interface HostileDriver {
  name: string;
  address: string;
  connections: number;
  /** Whole requests: what was surely sent. */
  requests: string[];
  /** One operation of the host at this driver, over the real client. */
  do(op: DriverEffect['op'], deadlineMs?: number): Promise<Outcome>;
}

export interface HostileBench {
  folder: string;
  driver(serve: Serve): Promise<HostileDriver>;
  /** A path for a socket that the test makes itself, and the operations of a driver there. */
  at(address: string): Pick<HostileDriver, 'do'>;
  clear(): Promise<void>;
}

const DEADLINE_MS = 400;

/** Servers on unix sockets in a folder of their own. */
export function makeHostileBench(): HostileBench {
  const folder = mkdtempSync(join(tmpdir(), 'moorage-hostile-'));
  const { directory } = createDirectory();
  directory.root = join(folder, 'root');
  const closers: (() => Promise<void>)[] = [];
  let count = 0;

  function at(address: string): Pick<HostileDriver, 'do'> {
    const driver = `d${count}`;
    count += 1;
    directory.drivers.set(driver, { address, maxInFlight: 16, plainDirs: false });
    return {
      do: (op, deadlineMs = DEADLINE_MS) =>
        perform(
          { type: 'driver', effect: 1, op, driver, name: 'v', id: 'moorage-a-v', options: {}, deadlineMs },
          native,
          directory,
        ),
    };
  }

  async function driver(serve: Serve): Promise<HostileDriver> {
    const path = join(folder, `${count}.sock`);
    const address = `unix://${path}`;
    const made: HostileDriver = { name: '', address, connections: 0, requests: [], ...at(address) };
    const open = new Set<Socket>();
    const server = createServer((socket) => {
      made.connections += 1;
      open.add(socket);
      socket.on('error', () => undefined).on('close', () => open.delete(socket));
      onRequest(socket, (request) => {
        made.requests.push(request);
        serve(socket, request);
      });
    });
    await listen(server, path);
    closers.push(async () => {
      for (const socket of open) socket.destroy();
      await new Promise((done) => server.close(done));
    });
    return made;
  }

  async function clear(): Promise<void> {
    for (const close of closers) await close();
    rmSync(folder, { recursive: true, force: true });
  }

  return { folder, driver, at, clear };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((done) => server.listen(path, done));
}

/** Calls back for each whole request on the connection: the client always tells the length. */
function onRequest(socket: Socket, found: (request: string) => void): void {
  let text = '';
  socket.on('data', (piece) => {
    text += piece.toString('latin1');
    for (;;) {
      const end = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: *(\d+)/i.exec(text.slice(0, end + 2))?.[1] ?? 0);
      if (end < 0 || text.length < end + 4 + length) return;
      found(text.slice(0, end + 4 + length));
      text = text.slice(end + 4 + length);
    }
  });
}

/** Writes pieces for ever, as fast as they are taken, until the other side has gone. */
export function endlessly(socket: Socket, piece: string | Buffer, begin = ''): void {
  if (begin) socket.write(begin);
  const more = (): void => {
    // A piece at a time, so that others in this process get their turn.
    if (!socket.destroyed) socket.write(piece, () => setImmediate(more));
  };
  more();
}

/** Writes one byte every few milliseconds, for ever: what is to be said, then padding. */
export function drip(socket: Socket, text: string, padding: string): void {
  let at = 0;
  const timer = setInterval(() => {
    socket.write(text[at] ?? padding);
    at += 1;
  }, 5);
  socket.on('close', () => clearInterval(timer));
}

/** A whole answer as Go's net/http writes it. */
export function answer(body: unknown, status = '200 OK'): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/vnd.docker.plugins.v1.1+json\r\n`;
  return `${head}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

/** The same in chunks of a few bytes. */
export function chunked(body: unknown): string {
  const text = JSON.stringify(body);
  const chunks = (text.match(/.{1,7}/gs) ?? []).map(
    (piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`,
  );
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`;
}
