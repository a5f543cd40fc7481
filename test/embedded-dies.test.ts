import { copyFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { DYING_HOST, dyingAgent, endTask, isDeath, launchWaiting } from './dying_agent.ts';
import { task } from './embedded_bench.ts';
import { embeddedSuite } from './embedded_suite.ts';

const { test, bench, run } = embeddedSuite('embedded: a host that dies');

/** Each way in which a host can die, what the alert says of it, and how long a host may be silent meanwhile. */
const WAYS: { order: string; says: RegExp; stuckMs: number }[] = [
  { order: 'throw', says: /Error: the test throws; a new one is started in 0\.1 s/, stuckMs: 10_000 },
  { order: 'reject', says: /Error: the test rejects/, stuckMs: 10_000 },
  { order: 'exit', says: /it called process\.exit\(3\)/, stuckMs: 10_000 },
  { order: 'loop', says: /it gave no sign of life for 0\.5 s/, stuckMs: 500 },
  { order: 'microtasks', says: /it gave no sign of life for 0\.5 s/, stuckMs: 500 },
  { order: 'heap', says: /its heap is full \(\d+ MiB.*\); a new one/, stuckMs: 60_000 },
  { order: 'huge', says: /its heap is full \(\d+ MiB.*\), and V8 gave up in/, stuckMs: 60_000 },
];

for (const { order, says, stuckMs } of WAYS) {
  test(`${order}: the agent and its tasks live, and the next host goes on where this one ended`, async () => {
    const { mounts, output } = bench();
    const dying = dyingAgent(bench(), ['--stuck-ms', String(stuckMs)]);
    const { process } = dying;
    await process.until(({ state }) => state === 'recovered');
    const running = await launchWaiting(dying, '/a');
    const before = mounts();
    assert.is(before.length, 2);
    dying.order(order);
    const death = await process.until(isDeath);
    assert.match(death.message as string, says);
    assert.equal(mounts(), before, 'nothing is taken down');
    // It is the next host that prepares this one, and shares the volume with the task that never lost it.
    const second = await launchWaiting(dying, '/b');
    assert.equal(mounts(), before);
    for (const each of [running, second]) endTask(each);
    assert.is(output(await process.until(task('/a', 'finished'))), 'begun\n');
    await process.until(task('/b', 'finished'));
    process.send({ stop: true });
    assert.is(await process.ended, 0, process.said());
    assert.is(dying.deaths().length, 1, process.said());
    assert.equal(mounts(), []);
  });
}

test('the next host is the one that the agent was started with, whatever an upgrade has put in its place', async () => {
  const bundle = join(bench().folder, 'host.cjs');
  copyFileSync(DYING_HOST, bundle);
  const program = ['env', `MOORAGE_REAL_HOST=${resolve('build/host.cjs')}`, 'build/moorage-agent'];
  const dying = dyingAgent(bench(), [], program, bundle);
  const { process } = dying;
  await process.until(({ state }) => state === 'recovered');
  writeFileSync(bundle, "throw new Error('this is for another library');");
  dying.order('throw');
  await process.until(isDeath);
  endTask(await launchWaiting(dying, '/a'));
  await process.until(task('/a', 'finished'));
  process.send({ stop: true });
  assert.is(await process.ended, 0, process.said());
  assert.is(dying.deaths().length, 1, process.said());
});

test('what a host that V8 gave up has queued for a driver is never sent: the next host decides anew', async () => {
  const asked: string[] = [];
  const socket = join(bench().folder, 'hung.sock');
  const driver = createServer(({ url }) => asked.push(url ?? ''));
  await new Promise<void>((resolve) => driver.listen(socket, resolve));
  try {
    const dying = dyingAgent(bench(), ['--stuck-ms', '60000']);
    const { process } = dying;
    await process.until(({ state }) => state === 'recovered');
    dying.order(`queued ${encodeURI(socket)}`);
    const { message } = await process.until(isDeath);
    assert.match(message as string, /V8 gave up in/, message as string);
    // The deadline of the first call, after which it was the second one's turn.
    await sleep(5_000);
    assert.equal(asked, ['/first']);
    process.send({ stop: true });
    assert.is(await process.ended, 0, process.said());
  } finally {
    driver.close();
    driver.closeAllConnections();
  }
});

run();
