import { linkSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { HttpRequest, HttpResponse } from '../host/binding.ts';
import { fails, native, nativeSuite } from './native_bench.ts';

/** A server and what it has seen. */
interface Peer {
  address: string;
  connections: number;
  /** The requests so far, body included; only of a server that speaks HTTP. */
  requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];
}

/** Time enough for a second send to arrive, if there were one. */
const againMs = 100;

const { test: calls, bench } = nativeSuite('native-calls');
const closers: (() => Promise<void>)[] = [];
let count = 0;

calls.after(async () => {
  for (const close of closers) await close();
});

const post = (address: string, over: Partial<HttpRequest> = {}): Promise<HttpResponse> =>
  native.post({
    lane: address,
    maxInFlight: 4,
    address,
    path: '/VolumeDriver.Get',
    body: '{"Name":"v"}',
    deadlineMs: 10_000,
    maxResponseBytes: 100_000,
    ...over,
  });

calls('a call reaches the driver as one POST of the body, and its answer comes back whole', async () => {
  const peer = await httpPeer((_, response) => response.end('{"Volume":{"Name":"Fähre ⚓"}}'));
  const body = JSON.stringify({ Name: 'Fähre ⚓', Opts: { size: 'x'.repeat(300_000) } });
  assert.equal(await post(peer.address, { path: '/VolumeDriver.Create', body }), {
    status: 200,
    body: '{"Volume":{"Name":"Fähre ⚓"}}',
  });
  assert.is(peer.requests.length, 1);
  const [seen] = peer.requests;
  assert.is(seen?.method, 'POST');
  assert.is(seen?.url, '/VolumeDriver.Create');
  assert.is(seen?.headers['content-type'], 'application/vnd.docker.plugins.v1.1+json');
  assert.is(seen?.body, body);
});

calls('an error that the driver answers is an answer, and a redirection is not followed', async () => {
  const peer = await httpPeer((request, response) => {
    if (request.url === '/moved') response.writeHead(307, { Location: '/VolumeDriver.Get' });
    else response.statusCode = 500;
    response.end('{"Err":"no"}');
  });
  assert.equal(await post(peer.address), { status: 500, body: '{"Err":"no"}' });
  assert.is((await post(peer.address, { path: '/moved' })).status, 307);
  assert.is(peer.requests.length, 2);
});

calls(
  'a socket that is missing or that nobody serves is unreachable, so the call may be made again',
  async () => {
    await fails(post(`unix://${bench.folder}/missing.sock`), 'unreachable', 'ENOENT');
    const stale = join(bench.folder, 'stale.sock');
    const server = createServer();
    const path = await listenOn(server);
    linkSync(path, stale);
    await new Promise((done) => server.close(done));
    const error = await fails(post(`unix://${stale}`), 'unreachable', 'ECONNREFUSED');
    assert.match(error.message, stale);
    assert.match(error.message, /is the driver running/);
    const plain = join(bench.folder, 'plain');
    writeFileSync(plain, '');
    await fails(post(`unix://${plain}`), 'unreachable', 'ECONNREFUSED');
  },
);

calls('a driver that hangs or drips costs no more than the deadline', async () => {
  const hung = await rawPeer(() => undefined);
  const dripping = await rawPeer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n');
    const timer = setInterval(() => socket.write('z'), 20);
    socket.on('close', () => clearInterval(timer));
  });
  for (const peer of [hung, dripping]) {
    const begun = performance.now();
    const error = await fails(post(peer.address, { deadlineMs: 300 }), 'timeout', 'deadline');
    const tookMs = performance.now() - begun;
    assert.ok(tookMs > 290 && tookMs < 2000, `${tookMs} ms`);
    assert.match(error.message, '300 ms');
    assert.is(peer.connections, 1);
  }
});

calls('a connection that breaks after the request is not tried again: the outcome is unknown', async () => {
  const breakers: ((socket: Socket) => void)[] = [
    (socket) => socket.once('data', () => socket.destroy()),
    (socket) => socket.once('data', () => socket.end()),
    (socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort')),
    (socket) => socket.once('data', () => socket.end('HTTP/1.1 200 O')),
  ];
  for (const breaks of breakers) {
    const peer = await rawPeer(breaks);
    await fails(post(peer.address), 'timeout', /^(connection-broken|bad-response)$/);
    await sleep(againMs);
    assert.is(peer.connections, 1, String(breaks));
  }
});

calls('a connection that the driver kept open and then breaks does not make a second send', async () => {
  const peer = await httpPeer((request, response) => {
    if (request.url === '/break') request.socket.destroy();
    else response.end('{}');
  });
  await post(peer.address);
  await fails(post(peer.address, { path: '/break' }), 'timeout', 'connection-broken');
  await sleep(againMs);
  assert.equal(
    peer.requests.map(({ url }) => url),
    ['/VolumeDriver.Get', '/break'],
  );
});

calls('an answer that is no HTTP is no answer', async () => {
  const peer = await rawPeer((socket) => socket.once('data', () => socket.end('{"Err":""}\r\n\r\n')));
  await fails(post(peer.address), 'timeout', 'bad-response');
  await sleep(againMs);
  assert.is(peer.connections, 1);
});

calls('an answer longer than allowed ends the call, however it comes', async () => {
  const whole = await httpPeer((_, response) => response.end('x'.repeat(5000)));
  assert.is((await post(whole.address, { maxResponseBytes: 6000 })).body.length, 5000);
  const chunked = await httpPeer((_, response) => {
    response.write('x'.repeat(3000));
    response.end('x'.repeat(2000));
  });
  const endlessHead = await rawPeer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const timer = setInterval(() => socket.write(`X-${'y'.repeat(500)}: 1\r\n`), 1);
    socket.on('close', () => clearInterval(timer));
  });
  for (const peer of [whole, chunked, endlessHead]) {
    await fails(post(peer.address, { maxResponseBytes: 4000 }), 'timeout', 'too-large');
    assert.is(peer.connections, peer === whole ? 2 : 1);
  }
});

calls('a lane full of hung calls delays no other lane, and its queue is sent in the end', async () => {
  const hung = await rawPeer(() => undefined);
  const healthy = await httpPeer((_, response) => response.end('{}'));
  let ended = 0;
  const begun = performance.now();
  const all = Array.from({ length: 10 }, () =>
    fails(post(hung.address, { lane: 'hung', maxInFlight: 4, deadlineMs: 800 }), 'timeout', 'deadline').then(
      () => {
        ended += 1;
      },
    ),
  );
  assert.is((await post(healthy.address, { lane: 'healthy' })).status, 200);
  assert.is(ended, 0, 'the other lane had to wait');
  await sleep(200);
  assert.is(hung.connections, 4, 'more or fewer calls than maxInFlight are under way');
  await Promise.all(all);
  assert.is(hung.connections, 10);
  assert.ok(performance.now() - begun > 3 * 790, 'a deadline began before its call did');
});

calls('a lane never has more calls under way than maxInFlight, nor fewer when there is work', async () => {
  let current = 0;
  let most = 0;
  const peer = await httpPeer(async (_, response) => {
    current += 1;
    most = Math.max(most, current);
    await sleep(20);
    current -= 1;
    response.end('{}');
  });
  const all = await Promise.all(Array.from({ length: 20 }, () => post(peer.address, { maxInFlight: 3 })));
  assert.ok(all.every(({ status }) => status === 200));
  assert.is(most, 3);
});

calls(
  'a driver at tcp:// is called without the proxy of the environment, and is unreachable when gone',
  async () => {
    const server = createHttpServer((_, response) => response.end('{"tcp":1}'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env.http_proxy = 'http://127.0.0.1:1';
    try {
      assert.equal(await post(address), { status: 200, body: '{"tcp":1}' });
    } finally {
      delete process.env.http_proxy;
      await new Promise((done) => server.close(done));
    }
    await fails(post(address), 'unreachable', 'ECONNREFUSED');
  },
);

calls(
  'an address or path that cannot be called says how to write it, and does not block its lane',
  async () => {
    const wrong = ['', 'ftp://x', '/a.sock', 'unix://a.sock', 'tcp://host', 'tcp://:80', 'tcp://u@h:80'];
    const ports = ['tcp://h:0', 'tcp://h:65536', 'tcp://h:80/path', 'tcp://h:'];
    for (const address of [...wrong, ...ports, `unix:///${'x'.repeat(107)}`]) {
      const error = await fails(post(address, { lane: 'one', maxInFlight: 1 }), 'failed', 'bad-address');
      assert.match(error.message, 'write unix:///path/to.sock, tcp://host:port or https://host:port');
    }
    const peer = await httpPeer((_, response) => response.end('{}'));
    for (const path of ['', 'VolumeDriver.Get', '/a b', '/a\r\nX: 1']) {
      await fails(post(peer.address, { lane: 'one', maxInFlight: 1, path }), 'failed', 'bad-path');
    }
    assert.is((await post(peer.address, { lane: 'one', maxInFlight: 1 })).status, 200);
    assert.is(peer.connections, 1);
  },
);

calls.run();

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** A driver that speaks HTTP; the handler is called when the whole request is there. */
async function httpPeer(handle: Handler): Promise<Peer> {
  const peer: Peer = { address: '', connections: 0, requests: [] };
  const server = createHttpServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text) => {
      body += text;
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      peer.requests.push({ method, url, headers, body });
      handle(request, response);
    });
  });
  peer.address = `unix://${await listenOn(server, peer)}`;
  return peer;
}

/** A driver that does with each connection what it likes. */
async function rawPeer(onConnection: (socket: Socket) => unknown): Promise<Peer> {
  const peer: Peer = { address: '', connections: 0, requests: [] };
  peer.address = `unix://${await listenOn(createServer(onConnection), peer)}`;
  return peer;
}

/** Listens on a socket of its own in the folder, and sees to it that the end closes it; its path. */
async function listenOn(server: Server, peer?: Peer): Promise<string> {
  count += 1;
  const path = join(bench.folder, `${count}.sock`);
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    if (peer) peer.connections += 1;
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
  });
  await new Promise<void>((done) => server.listen(path, done));
  closers.push(async () => {
    for (const socket of open) socket.destroy();
    if (server.listening) await new Promise((done) => server.close(done));
  });
  return path;
}
