import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { type Cluster, startCluster } from './mesos/cluster.ts';
import { patiently } from './mesos/patience.ts';
import type { Scheduler } from './mesos/scheduler.ts';
import { agentSuite } from './mesos/suite.ts';
import { task } from './mesos/tasks.ts';

const { test, run, skipped } = agentSuite('a real Mesos agent whose host dies');
const ENDED = ['TASK_FINISHED', 'TASK_FAILED', 'TASK_KILLED', 'TASK_LOST'];

let cluster: Cluster;
let framework: Scheduler;

if (!skipped) {
  test.before(async () => {
    cluster = await startCluster({
      parameters: { host_bundle: resolve('test/hosts/dying_host.cjs'), call_ms: '3000' },
      env: { MOORAGE_REAL_HOST: resolve('build/host.cjs') },
    });
    framework = await cluster.framework('hosts');
    await cluster.driver('ebs', 'Create', { Name: 'v1', Opts: { size: '16m' } });
  });
  test.after(async () => {
    await framework.tearDown();
    await cluster.clear();
  });
}

const orders = () => join(cluster.folder, 'orders');

/** Told to the host that runs. */
function order(text: string): void {
  writeFileSync(`${orders()}.new`, text);
  renameSync(`${orders()}.new`, orders());
}

const died = () => cluster.agentLog().split('the host died').length - 1;

async function nothingMounted(): Promise<void> {
  const seen = () => cluster.mounts().join();
  await patiently('nothing is mounted', () => cluster.mounts().length === 0, 30_000, seen);
}

test('in the middle of a prepare: the next host answers it, and the task runs', async () => {
  cluster.signalDriver('ebs', 'SIGSTOP');
  framework.launch(task('amid', 'mountpoint -q data', { labels: { volume: 'v1:data' } }));
  await patiently('the container is there', () => cluster.agentLog().includes("executor 'amid'"));
  await sleep(500);
  order('throw');
  await patiently('the host is dead', () => died() > 0);
  cluster.signalDriver('ebs', 'SIGCONT');
  const { state, message } = await framework.reached('amid', ENDED, 90_000);
  assert.is(state, 'TASK_FINISHED', message);
  await nothingMounted();
});

test('for good: a new task fails with the reason, one that ends is cleaned up, and the next host takes its volume away', async () => {
  framework.launch(task('ends', 'sleep 3', { labels: { volume: 'v1:data' } }));
  await framework.reached('ends', ['TASK_RUNNING']);
  writeFileSync(`${orders()}.down`, '');
  order('throw');
  framework.launch(task('refused', 'true', { labels: { volume: 'v1:data' } }));
  const { state, message } = await framework.reached('refused', ENDED);
  assert.is(state, 'TASK_FAILED');
  assert.match(String(message), /moorage: .*host/);
  assert.is((await framework.reached('ends', ENDED)).state, 'TASK_FINISHED');
  assert.is(cluster.mounts().length, 2, 'nobody is there to unmount it');
  rmSync(`${orders()}.down`);
  await nothingMounted();
  framework.launch(task('again', 'mountpoint -q data', { labels: { volume: 'v1:data' } }));
  assert.is((await framework.reached('again', ENDED)).state, 'TASK_FINISHED');
  await nothingMounted();
});

run();
