import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Caller, openCaller } from './abi_script.ts';
import { waitUntil } from './embedded_bench.ts';
import { embeddedSuite } from './embedded_suite.ts';

const { test, bench, run } = embeddedSuite('embedded: calls and a host that dies');

const RECOVER = {
  type: 'recover',
  journal: '',
  bootId: '',
  containers: [],
  orphans: [],
  mounts: [],
  part: 0,
  last: true,
};

function prepare(id: string, volume: string) {
  const labels = [['volume', `${volume}:data`]];
  const container = { id, labels, env: [], volumes: [], resources: {}, sandbox: bench().folder };
  return { type: 'prepare', container };
}

async function recovered(options = {}): Promise<Caller> {
  const caller = await openCaller(bench(), options);
  caller.call('recover', RECOVER);
  assert.ok((await caller.answer('recover')).ok);
  return caller;
}

/** Kills the host, and no other comes up. */
async function takeDown(caller: Caller): Promise<void> {
  caller.keepDown();
  caller.order('throw');
  await caller.line('log error the host died: ');
}

test('a prepare that waits for its driver when the host dies is answered by the next host, once', async () => {
  const { folder, writeConfig } = bench();
  const asked: string[] = [];
  let isSilent = true;
  const driver = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (isSilent) return;
    const isList = request.url === '/VolumeDriver.List';
    response.end(JSON.stringify(isList ? { Volumes: [] } : { Err: 'there is none' }));
  });
  const socket = join(folder, 'slow.sock');
  await new Promise<void>((resolve) => driver.listen(socket, resolve));
  try {
    writeConfig({ drivers: { ebs: { address: `unix://${socket}` } } });
    const caller = await recovered();
    caller.call('p', prepare('c1', 'v1'));
    await waitUntil('the driver is asked', () => asked.length === 1);
    isSilent = false;
    caller.order('throw');
    const { ok, code } = await caller.answer('p');
    assert.equal([ok, code], [false, 'no-such-volume']);
    assert.ok(
      asked.every((path) => /Get|List/.test(path)),
      asked.join(),
    );
    assert.is(await caller.close(1000), 0);
  } finally {
    driver.close();
    driver.closeAllConnections();
  }
});

test('without a host a prepare is refused after its limit, and a cleanup is answered ok and done by the next host', async () => {
  const { mounts } = bench();
  const caller = await recovered({ callMs: 1500 });
  caller.call('p1', prepare('c1', 'v1'));
  assert.ok((await caller.answer('p1')).ok);
  assert.is(mounts().length, 2);
  await takeDown(caller);
  caller.call('c1', { type: 'cleanup', id: 'c1' });
  caller.call('p2', prepare('c2', 'v1'));
  const refused = await caller.answer('p2');
  assert.is(refused.code, 'host-down');
  assert.match(
    refused.message as string,
    /no host took this call within 1500 ms; the last one died: .*the test keeps the host down/,
  );
  const cleaned = await caller.answer('c1');
  assert.ok(cleaned.ok);
  for (const { tookMs } of [refused, cleaned]) assert.ok(tookMs >= 1500, `after ${tookMs} ms`);
  assert.is(mounts().length, 2, 'nobody has done it yet');
  caller.letUp();
  await waitUntil('the next host has cleaned up', () => mounts().length === 0);
  caller.call('p3', prepare('c3', 'v1'));
  assert.ok((await caller.answer('p3')).ok, 'calls are taken again');
  caller.call('c3', { type: 'cleanup', id: 'c3' });
  assert.ok((await caller.answer('c3')).ok);
  await waitUntil('nothing is mounted', () => mounts().length === 0);
  assert.is(await caller.close(1000), 0);
});

test('a recover that comes while there is no host is heard by the next one; a later host needs none', async () => {
  const caller = await openCaller(bench());
  await takeDown(caller);
  caller.call('recover', RECOVER);
  caller.call('c', { type: 'cleanup', id: 'unknown' });
  caller.letUp();
  assert.ok((await caller.answer('recover')).ok);
  caller.order('exit');
  await waitUntil('it died', () => caller.deaths().some((line) => line.includes('process.exit(3)')));
  caller.call('p', prepare('c1', 'v1'));
  assert.ok((await caller.answer('p')).ok, 'a host that comes back alone takes prepares');
  caller.call('c1', { type: 'cleanup', id: 'c1' });
  await caller.answer('c1');
  assert.is(await caller.close(5000), 0);
});

test('a close while there is no host waits for nobody: calls are refused, cleanups answered ok', async () => {
  const caller = await recovered();
  await takeDown(caller);
  caller.call('p', prepare('c1', 'v1'));
  caller.call('c', { type: 'cleanup', id: 'c0' });
  const begun = performance.now();
  assert.is(await caller.close(20_000), 0);
  assert.ok(performance.now() - begun < 10_000);
  assert.is((await caller.answer('p')).code, 'host-down');
  assert.ok((await caller.answer('c')).ok);
});

test('a host that does not come up is tried again and again, with longer pauses', async () => {
  const caller = await recovered();
  await takeDown(caller);
  await waitUntil('five have died', () => caller.deaths().length >= 5);
  const pauses = caller.deaths().map((line) => / in (\d+\.\d) s, /.exec(line)?.[1]);
  assert.equal(pauses.slice(0, 5), ['0.1', '0.2', '0.4', '0.8', '1.6']);
  // Each is told, behind the line in the log.
  const told = () => caller.lines.filter((line) => line.startsWith('notice ')).length;
  await waitUntil('five are told', () => told() >= 5);
  assert.ok(told() <= caller.deaths().length);
  caller.letUp();
  caller.call('c', { type: 'cleanup', id: 'c0' });
  assert.ok((await caller.answer('c')).ok);
  assert.is(await caller.close(1000), 0);
});

test('sixteen threads call while hosts die: each call is answered once, none fails, no thread or descriptor stays', async () => {
  const caller = await recovered({ stuckMs: 500 });
  const cleanup = { type: 'cleanup', id: 'nobody' };
  const counts = () => ['task', 'fd'].map((what) => readdirSync(`/proc/${caller.pid}/${what}`).length);
  const ready = async (name: string) => {
    caller.call(name, cleanup);
    assert.ok((await caller.answer(name)).ok);
  };
  const hosts = () => caller.lines.filter((line) => line.startsWith('log info policy ')).length;
  caller.order('throw');
  await waitUntil('the first died', () => caller.deaths().length === 1);
  await ready('before');
  const before = counts();
  const storm = caller.storm(16, 6000, cleanup);
  for (const way of ['throw', 'loop', 'exit', 'microtasks', 'reject', 'throw']) {
    const died = caller.deaths().length;
    await waitUntil('the next one is ready', () => hosts() > died);
    caller.order(way);
    await waitUntil(`it died of ${way}`, () => caller.deaths().length > died);
  }
  const { calls, answers, failed } = await storm;
  assert.ok(calls >= 16, `${calls} calls`);
  assert.equal([answers, failed], [calls, 0]);
  await ready('after');
  await waitUntil(`there are as many threads and descriptors as before: ${before}, not ${counts()}`, () =>
    counts().every((count, i) => count <= (before[i] as number)),
  );
  assert.is(await caller.close(1000), 0);
});

run();
