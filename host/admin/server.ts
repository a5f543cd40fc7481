import { chmodSync, lstatSync, type Stats, unlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as limits from './limits.ts';
import { type Route, type RouteAnswer, refusal } from './route.ts';

/** The socket on which a running isolator tells people and their tools what is, and hears what they want. */
export interface AdminServer {
  readonly path: string;
  /** Nobody is served any more, and the socket is gone. */
  close(): Promise<void>;
}

/** What a client that cannot be read is told, by the code of the error. */
const UNREADABLE: Record<string, string> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/**
 * Serves the routes on `<stateDir>/admin.sock`, for root alone. To be called by the holder of the state directory's lock: a socket that is found
 * there is then one of a host that died. Rejects with a sentence when there can be none.
 */
export async function serveAdmin(stateDir: string, routes: readonly Route[]): Promise<AdminServer> {
  const path = join(stateDir, 'admin.sock');
  checkLength(path);
  removeStale(path);
  const server = createServer(
    {
      maxHeaderSize: limits.HEADERS_MAX,
      requestTimeout: limits.REQUEST_MS,
      headersTimeout: limits.REQUEST_MS,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: 1000,
    },
    (request, response) => void serve(routes, request, response),
  );
  server.maxConnections = limits.CONNECTIONS_MAX;
  server.timeout = limits.SILENCE_MS;
  server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
    const status = UNREADABLE[code ?? ''] ?? '400 Bad Request';
    if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    else socket.destroy();
  });
  await listen(server, path);
  // The host lives as long as its agent does, and no longer for having a socket.
  server.unref();
  return {
    path,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function checkLength(path: string): void {
  const length = Buffer.byteLength(path);
  if (length <= limits.SOCKET_PATH_MAX) return;
  throw new Error(
    `admin socket ${path}: the path has ${length} bytes, and a unix socket can have ${limits.SOCKET_PATH_MAX}; choose a shorter state directory`,
  );
}

function removeStale(path: string): void {
  let found: Stats;
  try {
    found = lstatSync(path);
  } catch {
    return;
  }
  if (!found.isSocket())
    throw new Error(`admin socket ${path}: something else is there; look at what it is, and move it away`);
  unlinkSync(path);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(new Error(`admin socket ${path}: ${error.message}`));
    server.once('error', fail);
    server.listen(path, () => {
      server.off('error', fail);
      // Accepting can fail for want of descriptors; the next client may have more luck.
      server.on('error', () => undefined);
      try {
        chmodSync(path, 0o600);
        resolve();
      } catch (error) {
        server.close();
        fail(error as Error);
      }
    });
  });
}

async function serve(
  routes: readonly Route[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const answer = await answerTo(routes, request);
    if (response.destroyed) return;
    await send(answer, response);
  } catch {
    // The client went away, or what it is sent cannot be made to its end: it sees that the answer is not whole.
    response.destroy();
  }
}

async function answerTo(routes: readonly Route[], request: IncomingMessage): Promise<RouteAnswer> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://admin');
  const here = routes.filter((route) => route.path === pathname);
  const route = here.find(({ method }) => method === request.method);
  if (!route) return notServed(routes, here, request.method ?? '', pathname);
  const body = await bodyOf(request);
  if (!body) return refusal(413, 'too-large', `the body has more than ${limits.BODY_MAX} bytes`, 'send less');
  try {
    return await inTime(route.handle({ query: searchParams, body }));
  } catch (error) {
    return refusal(
      500,
      'internal',
      `${route.method} ${route.path}: ${(error as Error).message}`,
      'see the log of the agent',
    );
  }
}

function notServed(
  routes: readonly Route[],
  here: readonly Route[],
  method: string,
  path: string,
): RouteAnswer {
  const methods = here.map((route) => route.method).join(' or ');
  if (here.length > 0) return refusal(405, 'method', `${path} is not served for ${method}`, `use ${methods}`);
  const known = routes.map((route) => `${route.method} ${route.path}`).join(', ');
  return refusal(404, 'not-found', `there is no ${path}`, `served are ${known}`);
}

/** Undefined when it is larger than a body may be; the rest is then not read. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    size += (part as Uint8Array).length;
    if (size > limits.BODY_MAX) return undefined;
    parts.push(part as Uint8Array);
  }
  return Buffer.concat(parts);
}

async function inTime(work: Promise<RouteAnswer>): Promise<RouteAnswer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<RouteAnswer>((resolve) => {
    const answer = () =>
      resolve(
        refusal(
          503,
          'timeout',
          `no answer within ${limits.ANSWER_MS / 1000} s`,
          'the host is busy, or the disk of its journal is full; see GET /metrics and the log of the agent',
        ),
      );
    timer = setTimeout(answer, limits.ANSWER_MS);
    timer.unref();
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function send({ status, type, body }: RouteAnswer, response: ServerResponse): Promise<void> {
  const isWhole = typeof body === 'string' || body instanceof Uint8Array;
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    connection: 'close',
    ...(isWhole && { 'content-length': Buffer.byteLength(body) }),
  });
  if (isWhole) response.end(body);
  else await pipeline(Readable.from(body), response);
}
