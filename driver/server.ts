import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Driver } from './driver.ts';
import { BadRequest, isExplained, messageOf } from './errors.ts';
import { bodyBytesMax, connectionsMax, headersMs, requestMs } from './limits.ts';
import { type Method, methods } from './methods.ts';
import { parseBody } from './request.ts';

const jsonType = 'application/vnd.docker.plugins.v1.1+json';
const textType = 'text/plain; charset=utf-8';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** The HTTP side of the driver; not listening yet. Docker's own plugin helpers answer the same statuses and texts. */
export function makeServer(driver: Driver): Server {
  const server = createServer((request, response) => {
    answerRequest(driver, request).then(
      (answer) => send(server, request, response, answer),
      // The client went away in the middle of its request.
      () => request.destroy(),
    );
  });
  server.headersTimeout = headersMs;
  server.requestTimeout = requestMs;
  server.maxConnections = connectionsMax;
  return server;
}

async function answerRequest(driver: Driver, request: IncomingMessage): Promise<Answer> {
  const path = (request.url ?? '').split('?', 1)[0] as string;
  const method = methods.get(path);
  if (method === undefined) return textAnswer(404, '404 page not found');
  if (request.method !== 'POST') return textAnswer(405, `${path}: is asked by POST, not ${request.method}`);
  const body = await readBody(request);
  if (body === undefined) return textAnswer(413, `the body has more than ${bodyBytesMax} bytes`);
  return callMethod(driver, path, method, body);
}

async function callMethod(driver: Driver, path: string, method: Method, body: Uint8Array): Promise<Answer> {
  try {
    const fields = await method(driver, parseBody(body));
    return jsonAnswer(200, { ...fields, Err: '' });
  } catch (error) {
    if (error instanceof BadRequest) return textAnswer(400, error.message);
    // Anything that no part of the driver put into words is worth its stack.
    const told = isExplained(error) || !(error instanceof Error) ? messageOf(error) : error.stack;
    driver.log(`${path}: ${told}`);
    return jsonAnswer(500, { Err: messageOf(error) });
  }
}

/** The whole body; undefined when it is too long, and then it is not read to its end. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving an async iteration early would destroy the socket before the refusal is sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > bodyBytesMax) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function send(server: Server, request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const headers: Record<string, string | number> = {
    'Content-Type': answer.type,
    'Content-Length': Buffer.byteLength(answer.body),
  };
  // What is left of an unread body is not another request; nor is there a next one when the server stops.
  if (!request.complete || !server.listening) headers.Connection = 'close';
  response.writeHead(answer.status, headers);
  response.end(answer.body);
}

function jsonAnswer(status: number, value: Readonly<Record<string, unknown>>): Answer {
  return { status, type: jsonType, body: `${JSON.stringify(value)}\n` };
}

function textAnswer(status: number, text: string): Answer {
  return { status, type: textType, body: `${text}\n` };
}
