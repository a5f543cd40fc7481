import { readdirSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { dyingAgent, endTask, launchWaiting } from './dying_agent.ts';
import { task, waitUntil } from './embedded_bench.ts';
import { embeddedSuite } from './embedded_suite.ts';

const { test, bench, run } = embeddedSuite('embedded: hosts killed under tasks');

const KILLS = 12;
const WAYS = ['throw', 'exit', 'reject', 'throw', 'loop'];
const VOLUMES = ['v1', 'v2', 'v3'];

test(`${KILLS} hosts die while tasks come, go and stay: no volume goes under a task, no cleanup fails, nothing is left`, async () => {
  const { driver, mounts, writeConfig } = bench();
  writeConfig({ settleMs: 1000 });
  for (const name of VOLUMES.slice(1))
    await driver.call('VolumeDriver.Create', { Name: name, Opts: { size: '16m' } });
  const dying = dyingAgent(bench(), ['--stuck-ms', '500']);
  const { process } = dying;
  const hosts = () => process.said().split('isolator: info: policy ').length - 1;
  await process.until(({ state }) => state === 'recovered');
  const staying = await Promise.all([
    launchWaiting(dying, '/one', { volume: 'v1:data' }),
    launchWaiting(dying, '/two', { volume: 'v2:data' }),
  ]);
  const held = mounts();
  const threads = () => readdirSync(`/proc/${process.child.pid}/task`).length;
  for (let i = 0; i < KILLS; i++) {
    await waitUntil(`host ${i + 1} is ready`, () => hosts() > dying.deaths().length);
    // Its prepare, isolate and cleanup meet the death somewhere: before, in it, or while there is no host.
    const labels = { volume: `${VOLUMES[i % VOLUMES.length]}:data` };
    process.send({ launch: { id: `/r${i}`, cmd: 'echo row >> data/rows; sync data/rows', labels } });
    await new Promise((resolve) => setTimeout(resolve, (i * 13) % 100));
    dying.order(WAYS[i % WAYS.length] as string);
    await waitUntil(`host ${i + 1} died`, () => dying.deaths().length > i);
    for (const target of held) assert.ok(mounts().includes(target), `after death ${i + 1}: ${target}`);
    await process.until(task(`/r${i}`, 'finished'));
  }
  assert.ok(threads() < 40, `${threads()} threads`);
  for (const each of staying) endTask(each);
  for (const id of ['/one', '/two']) await process.until(task(id, 'finished'));
  // What an unmount without an answer has left is looked at again after settleMs.
  await waitUntil('all is given back', () => mounts().length === 0);
  process.send({ stop: true });
  assert.is(await process.ended, 0, process.said());
  assert.not.match(process.said(), /cleanup: |destroy: /);
  assert.equal(mounts(), []);
});

run();
