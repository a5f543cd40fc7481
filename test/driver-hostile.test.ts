/** Drivers that answer with anything but an answer, on real sockets, against the client that ships: never a hang, a second send, or a guess. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Outcome } from '../host/effects/outcome.ts';
import { answer, chunked, drip, endlessly, makeHostileBench, type Serve } from './hostile_drivers.ts';

const hostile = suite('hostile drivers');
const bench = makeHostileBench();
hostile.after(() => bench.clear());

const DEADLINE_MS = 400;
/** A machine under load may be that much late. */
const SLACK_MS = 3_000;
/** Time enough for a second send to arrive, if there were one. */
const AGAIN_MS = 60;

type Failure = { code: string; message: string; kind: string };
const failureOf = (outcome: Outcome): Failure => {
  assert.not.ok(outcome.ok, JSON.stringify(outcome));
  return (outcome as { error: Failure }).error;
};

const HEAD = 'HTTP/1.1 200 OK\r\n';

/** What comes instead of an answer, and what it is called. */
const INSTEAD: Record<string, [code: RegExp, serve: Serve]> = {
  'nothing, for ever': [/^deadline$/, () => undefined],
  'nothing, and the end': [/^connection-broken$/, (socket) => socket.end()],
  'random bytes': [/^(bad-response|connection-broken)$/, (socket) => socket.end(randomBytes(4096))],
  'zeros, for ever': [
    /^(bad-response|too-large|deadline)$/,
    (socket) => endlessly(socket, Buffer.alloc(65536)),
  ],
  'the JSON alone': [/^bad-response$/, (socket) => socket.end('{"Mountpoint":"/d/v"}\n')],
  'another protocol': [/^bad-response$/, (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
  'a version of HTTP to come': [/^bad-response$/, (socket) => socket.end('HTTP/9.9 200 OK\r\n\r\n{}')],
  'a status of six digits': [
    /^(bad-response|connection-broken)$/,
    (socket) => socket.end('HTTP/1.1 200200 OK\r\n\r\n'),
  ],
  'a length below zero': [
    /^bad-response$/,
    (socket) => socket.end(`${HEAD}Content-Length: -5\r\n\r\n{"Mountpoint":"/d/v"}`),
  ],
  'a length without end': [
    /^(deadline|too-large|bad-response)$/,
    (socket) => socket.write(`${HEAD}Content-Length: 99999999999999999999\r\n\r\n{`),
  ],
  'a length that is too long': [
    /^connection-broken$/,
    (socket) => socket.end(`${HEAD}Content-Length: 50\r\n\r\n{"Mountpoint":"/d/v"}`),
  ],
  'a length that is too short': [
    /^bad-response$/,
    (socket) => socket.end(`${HEAD}Content-Length: 5\r\n\r\n{"Mountpoint":"/d/v"}`),
  ],
  'a chunk of 2^64 bytes': [
    /^(bad-response|connection-broken)$/,
    (socket) => socket.end(`${HEAD}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}`),
  ],
  'chunks that are none': [
    /^(bad-response|connection-broken)$/,
    (socket) => socket.end(`${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`),
  ],
  'chunks without an end': [
    /^(deadline|connection-broken)$/,
    (socket) => socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n`),
  ],
  'a chunk extension without end': [
    /^(deadline|bad-response|too-large)$/,
    (socket) => endlessly(socket, 'x'.repeat(65536), `${HEAD}Transfer-Encoding: chunked\r\n\r\n2;name=`),
  ],
  'trailers without end': [
    /^(too-large|bad-response|connection-broken)$/,
    (socket) =>
      endlessly(
        socket,
        `X-T: ${'y'.repeat(1000)}\r\n`,
        `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n`,
      ),
  ],
  // libcurl ends what has too many by itself, and calls it a broken connection.
  'headers without end': [
    /^(too-large|connection-broken)$/,
    (socket) => endlessly(socket, `X-H: ${'y'.repeat(1000)}\r\n`, HEAD),
  ],
  'one header without end': [
    /^(too-large|bad-response)$/,
    (socket) => endlessly(socket, 'y'.repeat(65536), `${HEAD}X-H: `),
  ],
  '"continue" without end': [
    /^(too-large|connection-broken)$/,
    (socket) => endlessly(socket, 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100)),
  ],
  'a body without end': [
    /^too-large$/,
    (socket) => endlessly(socket, ' '.repeat(65536), `${HEAD}\r\n{"Mountpoint":"/d/v"}`),
  ],
  'a body in chunks without end': [
    /^too-large$/,
    (socket) =>
      endlessly(socket, `4000\r\n${' '.repeat(0x4000)}\r\n`, `${HEAD}Transfer-Encoding: chunked\r\n\r\n`),
  ],
  'a status line that drips': [/^deadline$/, (socket) => drip(socket, 'HTTP/1.1 200', ' ')],
  'headers that drip': [/^deadline$/, (socket) => drip(socket, HEAD, 'X')],
  'a body that drips': [/^deadline$/, (socket) => drip(socket, `${HEAD}Content-Length: 99999\r\n\r\n{`, ' ')],
  'another protocol from now on': [
    /^(deadline|bad-response|connection-broken|driver-refused)$/,
    (socket) =>
      socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nhello'),
  ],
  'no content, where there must be some': [
    /^driver-refused$/,
    (socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n'),
  ],
  'an answer packed with gzip that nobody asked for': [
    /^(bad-response|connection-broken)$/,
    (socket) =>
      socket.end(
        `${HEAD}Content-Encoding: gzip\r\nContent-Length: 6\r\n\r\n\x1f\x8b\x08\x00\x00\x00`,
        'latin1',
      ),
  ],
  'JSON cut in the middle': [/^bad-response$/, (socket) => socket.end(answer('{"Mountpoint":"/d/'))],
  'a list': [/^bad-response$/, (socket) => socket.end(answer([{ Mountpoint: '/d/v' }]))],
  'a number': [/^bad-response$/, (socket) => socket.end(answer('7'))],
  'bytes that are no UTF-8': [
    /^bad-response$/,
    (socket) => socket.end(`${HEAD}Content-Length: 3\r\n\r\n\xff\xfe\xfd`, 'latin1'),
  ],
  '100,000 lists in one another': [
    /^bad-response$/,
    (socket) => socket.end(answer(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)),
  ],
  '100,000 lists that never end': [/^bad-response$/, (socket) => socket.end(answer('['.repeat(100_000)))],
  'an error of 100,000 lists in one another': [
    /^driver-refused$/,
    (socket) => socket.end(answer(`{"Err":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)),
  ],
  'an error of 100,000 objects in one another': [
    /^driver-refused$/,
    (socket) => socket.end(answer(`{"Err":${'{"a":'.repeat(80_000)}1${'}'.repeat(80_000)}}`)),
  ],
};

hostile('whatever comes instead of an answer is an error in words, in time, after one send', async () => {
  for (const [what, [code, serve]] of Object.entries(INSTEAD)) {
    const driver = await bench.driver(serve);
    const begun = performance.now();
    const error = failureOf(await driver.do('mount', DEADLINE_MS));
    const tookMs = performance.now() - begun;
    assert.match(error.code, code, `${what}: ${JSON.stringify(error)}`);
    // It was sent: what came of it nobody knows, unless the driver says no.
    assert.is(error.kind, error.code === 'driver-refused' ? 'refused' : 'timeout', what);
    assert.ok(tookMs < DEADLINE_MS + SLACK_MS, `${what}: ${tookMs} ms`);
    assert.ok(error.message.length < 1000, `${what}: an error of ${error.message.length} characters`);
    if (error.code !== 'driver-refused') assert.match(error.message, /Mount/, what);
    await sleep(AGAIN_MS);
    assert.equal([driver.connections, driver.requests.length], [1, 1], `${what}: sent more than once`);
  }
});

hostile('control: a driver that answers is heard, in both ways of telling a length', async () => {
  for (const text of [answer({ Mountpoint: '/d/v', Err: '' }), chunked({ Mountpoint: '/d/v' })]) {
    const driver = await bench.driver((socket) => socket.write(text));
    assert.equal(await driver.do('mount'), { ok: true, value: { mountpoint: '/d/v' } });
    // What is said twice is counted twice: the check of a single send is one.
    await driver.do('mount');
    assert.equal([driver.connections, driver.requests.length], [2, 2]);
  }
});

hostile('control: what hangs or drips does not end by itself, it is the deadline that ends it', async () => {
  for (const what of ['nothing, for ever', 'headers that drip', 'a body that drips']) {
    const driver = await bench.driver((INSTEAD[what] as [RegExp, Serve])[1]);
    const late = driver.do('mount', 1500).then(() => 'ended');
    assert.is(await Promise.race([late, sleep(DEADLINE_MS + 300, 'still waits')]), 'still waits', what);
    await late;
  }
});

hostile('an answer that breaks off at any byte is never taken for one', async () => {
  const body = { Mountpoint: '/d/v', Err: '' };
  const told = answer(body);
  const untold = `${HEAD}Connection: close\r\n\r\n${JSON.stringify(body)}`;
  for (const [text, op] of [
    [told, 'mount'],
    [chunked(body), 'mount'],
    [untold, 'mount'],
    // To these three a 200 without a body would be a yes.
    [answer({ Err: '' }), 'unmount'],
    [answer({ Err: '' }), 'create'],
    [chunked({}), 'unmount'],
    [`${HEAD}Connection: close\r\n\r\n{}`, 'unmount'],
  ] as const) {
    let bytes = 0;
    const driver = await bench.driver((socket) => socket.end(text.slice(0, bytes)));
    // After the line of the last chunk nothing is missing.
    const whole = text.endsWith('\r\n0\r\n\r\n') ? text.length - 2 : text.length;
    for (; bytes < whole; bytes += 1) {
      const outcome = await driver.do(op, 5_000);
      const what = `${op}, ${bytes} bytes of ${JSON.stringify(text)}`;
      assert.not.ok(outcome.ok, what);
      const { kind, message } = failureOf(outcome);
      assert.is(kind, 'timeout', `${what}: ${message}`);
    }
    bytes = text.length;
    assert.is((await driver.do(op, 5_000)).ok, true, `control: ${op}, the whole of ${text}`);
    assert.is(driver.requests.length, whole + 1);
  }
});

hostile('an answer after the deadline is heard by nobody, also not by the next call', async () => {
  let lateMs = 700;
  const driver = await bench.driver((socket, request) => {
    const call = /"ID"/.test(request) ? 'mount' : 'path';
    setTimeout(() => socket.end(answer({ Mountpoint: `/from/${call}` })), lateMs);
  });
  assert.is(failureOf(await driver.do('mount', 200)).code, 'deadline');
  lateMs = 600;
  const next = await driver.do('path', 5_000);
  assert.equal(next, { ok: true, value: { mountpoint: '/from/path' } });
  assert.is(driver.requests.length, 2);
});

const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

hostile('fields of wrong types, depths and sizes are not believed, and do no harm', async () => {
  const values = [
    '7',
    'true',
    'null',
    '[]',
    '{}',
    '["/d/v"]',
    '1e999',
    DEEP,
    '""',
    '"relative/v"',
    `"/${'x'.repeat(300_000)}"`,
    '"/d/\\u0000/v"',
    '"/d/\\ud800"',
  ];
  for (const value of values) {
    const shown = value.slice(0, 30);
    const driver = await bench.driver((socket, request) => {
      const body = request.includes('.Get')
        ? `{"Volume":{"Name":"v","Mountpoint":${value},"Status":${DEEP}}}`
        : `{"Mountpoint":${value},"Err":null,"__proto__":{"Err":"x"}}`;
      socket.end(answer(body));
    });
    const outcome = (await driver.do('mount', 5_000)) as { ok: true; value: { mountpoint: string } };
    assert.ok(outcome.ok, shown);
    const { mountpoint } = outcome.value;
    assert.not.ok(mountpoint.startsWith('/'), `${shown}: ${mountpoint.slice(0, 50)} passes for a path`);
    assert.ok(mountpoint.length < 200, shown);
    assert.is(mountpoint, Buffer.from(mountpoint).toString(), `${shown}: half a character`);
    // A hint that is no path is none, and the volume is there all the same.
    assert.equal(await driver.do('get', 5_000), { ok: true, value: { exists: true } }, shown);
  }
});

hostile('control: a good path in the same fields is believed', async () => {
  const driver = await bench.driver((socket, request) =>
    socket.end(
      answer(
        request.includes('.Get') ? { Volume: { Name: 'v', Mountpoint: '/d/v' } } : { Mountpoint: '/d/v' },
      ),
    ),
  );
  assert.equal(await driver.do('mount'), { ok: true, value: { mountpoint: '/d/v' } });
  assert.equal(await driver.do('get'), { ok: true, value: { exists: true, mountpoint: '/d/v' } });
});

hostile('words of a driver are cut, and never end in half a character', async () => {
  for (const words of ['x'.repeat(100_000), '😀'.repeat(50_000), `${'x'.repeat(299)}😀`, '\ud83d']) {
    const driver = await bench.driver((socket) => socket.end(answer({ Err: words }, '500 Oh')));
    const { message, kind } = failureOf(await driver.do('mount'));
    assert.is(kind, 'refused');
    assert.ok(message.length <= 301, String(message.length));
    assert.is(message, Buffer.from(message).toString());
  }
});

hostile.run();
