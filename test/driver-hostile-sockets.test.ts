/** Drivers that take no connection, or take them and hang: they cost themselves, and nobody else. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Outcome } from '../host/effects/outcome.ts';
import { answer, endlessly, makeHostileBench } from './hostile_drivers.ts';
import { endProcess, native } from './native_bench.ts';

const hostile = suite('hostile drivers: sockets');
const bench = makeHostileBench();
const children: ChildProcess[] = [];
hostile.after(async () => {
  for (const child of children) await endProcess(child);
  await bench.clear();
});

type Failure = { code: string; message: string; kind: string };
const failureOf = (outcome: Outcome): Failure => {
  assert.not.ok(outcome.ok, JSON.stringify(outcome));
  return (outcome as { error: Failure }).error;
};

/**
 * A server with a queue of one connection, which is full; nobody takes any until it is told by SIGUSR1. Then each is answered, and its request
 * noted in a file. Node accepts whatever comes by itself, so this one is Perl, which is on every Debian.
 */
const FULL_QUEUE = `
use Socket; use Fcntl; my ($path, $log) = @ARGV; my $go = 0; $SIG{USR1} = sub { $go = 1 }; $| = 1;
socket(my $server, PF_UNIX, SOCK_STREAM, 0) or die; bind($server, sockaddr_un($path)) or die; listen($server, 0) or die;
my @fill;
for (;;) { socket(my $one, PF_UNIX, SOCK_STREAM | 04000, 0) or die; last unless connect($one, sockaddr_un($path)); push @fill, $one }
print "full\\n"; select(undef, undef, undef, 0.05) until $go; @fill = ();
while (accept(my $client, $server)) {
  my $request = ''; while (sysread($client, my $piece, 65536)) { $request .= $piece; last if $request =~ /\\}$/ } next unless $request;
  open(my $out, '>>', $log); print $out "request\\n"; close $out;
  my $body = '{"Mountpoint":"/d/v"}'; syswrite($client, "HTTP/1.1 200 OK\\r\\nContent-Length: " . length($body) . "\\r\\n\\r\\n$body"); close $client;
}`;

async function fullDriver(name: string): Promise<{ path: string; log: string; child: ChildProcess }> {
  const path = join(bench.folder, `${name}.sock`);
  const log = join(bench.folder, `${name}.log`);
  writeFileSync(log, '');
  const child = spawn('perl', ['-e', FULL_QUEUE, path, log], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await new Promise((full) => child.stdout?.once('data', full));
  return { path, log, child };
}

hostile(
  'a driver whose queue is full is surely not sent anything, and is told apart from a dead one',
  async () => {
    const { path, log } = await fullDriver('full');
    const begun = performance.now();
    const error = failureOf(await bench.at(`unix://${path}`).do('mount', 400));
    const tookMs = performance.now() - begun;
    assert.equal([error.kind, error.code], ['unreachable', 'deadline'], error.message);
    assert.match(error.message, /Mount to unix:.*no connection within 400 ms.*queue of them is full/);
    assert.ok(tookMs >= 390 && tookMs < 3_400, `${tookMs} ms`);
    assert.is(execFileSync('cat', [log], { encoding: 'utf8' }), '');
  },
);

/** The same at a port of this machine, on whose filled queue connecting never ends. */
const FULL_PORT = `
use Socket; $| = 1; socket(my $server, PF_INET, SOCK_STREAM, 0) or die;
bind($server, sockaddr_in(0, INADDR_LOOPBACK)) or die; listen($server, 0) or die; my ($port) = sockaddr_in(getsockname($server)); my @fill;
for (1 .. 4) { socket(my $one, PF_INET, SOCK_STREAM | 04000, 0) or die; connect($one, sockaddr_in($port, INADDR_LOOPBACK)); push @fill, $one; select(undef, undef, undef, 0.05) }
print "$port\\n"; sleep 600;`;

hostile(
  'connecting counts towards the deadline, and what was never connected was surely not sent',
  async () => {
    const child = spawn('perl', ['-e', FULL_PORT], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const port = await new Promise((told) => child.stdout?.once('data', (text) => told(Number(text))));
    const begun = performance.now();
    const error = failureOf(await bench.at(`tcp://127.0.0.1:${port}`).do('mount', 500));
    const tookMs = performance.now() - begun;
    assert.equal([error.kind, error.code], ['unreachable', 'deadline'], error.message);
    assert.ok(tookMs >= 490 && tookMs < 3_500, `${tookMs} ms`);
  },
);

hostile('a driver that takes connections again within the deadline gets the call, once', async () => {
  const { path, log, child } = await fullDriver('again');
  const driver = bench.at(`unix://${path}`);
  const calls = [driver.do('mount', 10_000), driver.do('mount', 10_000)];
  // Control: as long as the queue is full nothing of it ends.
  assert.is(await Promise.race([...calls, sleep(300, 'waits')]), 'waits');
  child.kill('SIGUSR1');
  for (const call of calls) assert.equal(await call, { ok: true, value: { mountpoint: '/d/v' } });
  assert.is(execFileSync('cat', [log], { encoding: 'utf8' }), 'request\nrequest\n');
});

hostile('a socket file with nobody behind it, or no socket at all, says so and what to do', async () => {
  const gone = join(bench.folder, 'gone.sock');
  // A process that is killed leaves its socket file.
  const child = spawn('perl', [
    '-MSocket',
    '-e',
    'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0])); listen(S, 5); $| = 1; print "up\n"; sleep 600',
    gone,
  ]);
  children.push(child);
  await new Promise((up) => child.stdout.once('data', up));
  const there = bench.at(`unix://${gone}`).do('mount', 200);
  assert.is(failureOf(await there).kind, 'timeout', 'control: with somebody behind it the call is sent');
  await endProcess(child);
  const plain = join(bench.folder, 'plain');
  writeFileSync(plain, '');
  mkdirSync(join(bench.folder, 'directory'));
  for (const [path, code] of [
    [gone, 'ECONNREFUSED'],
    [plain, 'ECONNREFUSED'],
    [join(bench.folder, 'directory'), 'ECONNREFUSED'],
    [join(bench.folder, 'none'), 'ENOENT'],
    [join(plain, 'below'), 'ENOTDIR'],
  ] as const) {
    const begun = performance.now();
    const error = failureOf(await bench.at(`unix://${path}`).do('mount', 20_000));
    assert.equal([error.kind, error.code], ['unreachable', code], error.message);
    assert.ok(error.message.includes(path), error.message);
    assert.match(error.message, /^POST .*: no connection: .*is the driver running\?$/);
    assert.ok(performance.now() - begun < 3_000, path);
  }
});

const HUNG = 100;
const HEALTHY_CALLS = 200;

async function medianMs(calls: number, call: () => Promise<Outcome>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < calls; i += 1) {
    const begun = performance.now();
    const outcome = await call();
    times.push(performance.now() - begun);
    assert.ok(outcome.ok, JSON.stringify(outcome));
  }
  return times.sort((a, b) => a - b)[calls >> 1] as number;
}

hostile('a hundred drivers that hang at once delay no healthy one', async () => {
  const healthy = await bench.driver((socket) => socket.end(answer({ Mountpoint: '/d/v' })));
  const alone = await medianMs(HEALTHY_CALLS, () => healthy.do('mount', 30_000));
  const hung = await Promise.all(Array.from({ length: HUNG }, () => bench.driver(() => undefined)));
  let ended = 0;
  const waiting = hung.flatMap((driver) =>
    Array.from({ length: 8 }, () =>
      driver.do('mount', 8_000).then((outcome) => {
        ended += 1;
        assert.is(failureOf(outcome).code, 'deadline');
      }),
    ),
  );
  while (hung.some(({ requests }) => requests.length < 8)) await sleep(10);
  const beside = await medianMs(HEALTHY_CALLS, () => healthy.do('mount', 30_000));
  assert.is(ended, 0, 'the healthy one was waited for until hung ones had ended');
  process.stdout.write(
    `a call of a healthy driver: ${alone.toFixed(3)} ms alone, ${beside.toFixed(3)} ms beside ${HUNG} hung drivers with ${waiting.length} calls\n`,
  );
  await Promise.all(waiting);
});

hostile('control: behind its own hung calls a driver does wait', async () => {
  let isHung = true;
  const driver = await bench.driver((socket) =>
    isHung ? undefined : socket.end(answer({ Mountpoint: '/d/v' })),
  );
  const waiting = Array.from({ length: 16 }, () => driver.do('mount', 700));
  while (driver.requests.length < 16) await sleep(5);
  isHung = false;
  const next = driver.do('mount', 5_000).then(() => 'answered');
  assert.is(await Promise.race([next, sleep(200, 'waits')]), 'waits');
  await Promise.all(waiting);
  assert.is(await next, 'answered');
});

const MEBIBYTE = 2 ** 20;
/** All that this process holds, buffers outside of the heap too. */
const heldBytes = () => process.memoryUsage().rss;

hostile('drivers that answer without end take no memory', async () => {
  const head = 'HTTP/1.1 200 OK\r\n';
  const endless = await Promise.all([
    bench.driver((socket) => endlessly(socket, ' '.repeat(65536), `${head}\r\n{`)),
    bench.driver((socket) => endlessly(socket, `X-H: ${'y'.repeat(60_000)}\r\n`, head)),
    bench.driver((socket) => endlessly(socket, 'y'.repeat(65536), `${head}X-H: `)),
    bench.driver((socket) =>
      endlessly(socket, 'x'.repeat(65536), `${head}Transfer-Encoding: chunked\r\n\r\n2;name=`),
    ),
  ]);
  const round = () =>
    Promise.all(endless.flatMap((driver) => Array.from({ length: 4 }, () => driver.do('mount', 500))));
  await round();
  const before = heldBytes();
  for (let i = 0; i < 4; i += 1) for (const outcome of await round()) failureOf(outcome);
  const grownBy = (heldBytes() - before) / MEBIBYTE;
  process.stdout.write(`64 answers without end: ${grownBy.toFixed(1)} MiB more\n`);
  assert.ok(grownBy < 64, `${grownBy} MiB`);
});

hostile('control: it is the limit that keeps it so', async () => {
  const driver = await bench.driver((socket) =>
    endlessly(socket, ' '.repeat(65536), 'HTTP/1.1 200 OK\r\n\r\n{'),
  );
  const before = heldBytes();
  let most = before;
  const look = setInterval(() => {
    most = Math.max(most, heldBytes());
  }, 5);
  const limit = 200 * MEBIBYTE;
  const error = await native
    .post({
      lane: 'x',
      maxInFlight: 1,
      address: driver.address,
      path: '/VolumeDriver.Mount',
      body: '{}',
      deadlineMs: 20_000,
      maxResponseBytes: limit,
    })
    .then(
      () => assert.unreachable() as never,
      (error: Failure) => error,
    );
  clearInterval(look);
  assert.is(error.code, 'too-large');
  assert.ok(most - before > 100 * MEBIBYTE, `${(most - before) / MEBIBYTE} MiB`);
});

/** Run with few open files: hung drivers with more calls than those, and a healthy one. */
hostile('hung drivers do not take all open files of the agent', () => {
  const script = `
    const { createRequire } = require('node:module'); const net = require('node:net');
    const native = require(process.argv[1]); const folder = process.argv[2];
    const post = (driver, deadlineMs) => native.post({ lane: driver, maxInFlight: 16, address: 'unix://' + folder + '/' + driver + '.sock',
      path: '/VolumeDriver.Get', body: '{}', deadlineMs, maxResponseBytes: 1000 });
    (async () => {
      // More hung calls than open files: one socket serves all hung lanes, in another process.
      const hung = Array.from({ length: 40 }, (_, i) => Array.from({ length: 16 }, () =>
        native.post({ lane: 'h' + i, maxInFlight: 16, address: 'unix://' + folder + '/hung.sock', path: '/x', body: '{}', deadlineMs: 3000, maxResponseBytes: 1000 })
          .catch((error) => error.code))).flat();
      await new Promise((done) => setTimeout(done, 500));
      const codes = await Promise.all(Array.from({ length: 20 }, () => post('healthy', 2500).then(({ status }) => status, (error) => error.code)));
      const free = (() => { try { require('node:fs').closeSync(require('node:fs').openSync('/dev/null')); return true } catch { return false } })();
      process.stdout.write(JSON.stringify({ codes: [...new Set(codes)], free, open: require('node:fs').readdirSync('/proc/self/fd').length }));
      process.exit(0);
    })();`;
  const served = spawn(
    process.execPath,
    [
      '-e',
      `const net = require('node:net'); const folder = process.argv[1];
       net.createServer(() => undefined).listen(folder + '/hung.sock');
       net.createServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}')))
         .listen(folder + '/healthy.sock', () => console.log('up'));`,
      bench.folder,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(served);
  return new Promise<void>((done, failed) => {
    served.stdout.once('data', () => {
      try {
        const addon = join(process.cwd(), 'build/moorage.node');
        const text = execFileSync(
          'sh',
          ['-c', 'ulimit -n 256; exec "$@"', 'sh', process.execPath, '-e', script, addon, bench.folder],
          { encoding: 'utf8' },
        );
        const { codes, free, open } = JSON.parse(text) as { codes: unknown[]; free: boolean; open: number };
        assert.equal(codes, [200], text);
        assert.ok(free, 'nothing was left for the agent itself');
        // Control: the hung ones do fill what they may have.
        assert.ok(open > 64, text);
        done();
      } catch (error) {
        failed(error);
      }
    });
  });
});

hostile.run();
