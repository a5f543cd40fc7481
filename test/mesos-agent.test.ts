import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Cluster, startCluster } from './mesos/cluster.ts';
import { patiently } from './mesos/patience.ts';
import type { Scheduler } from './mesos/scheduler.ts';
import { agentSuite } from './mesos/suite.ts';
import { task } from './mesos/tasks.ts';

const { test, run, skipped } = agentSuite('a real Mesos agent');
const ENDED = ['TASK_FINISHED', 'TASK_FAILED', 'TASK_KILLED', 'TASK_LOST'];

let cluster: Cluster;
let framework: Scheduler;

if (!skipped) {
  test.before(async () => {
    cluster = await startCluster();
    framework = await cluster.framework('test');
    for (const Name of ['v1', 'v2']) await cluster.driver('ebs', 'Create', { Name, Opts: { size: '16m' } });
  });
  test.after(async () => {
    await framework.tearDown();
    await cluster.clear();
  });
}

/** Runs a task to its end; the update it ended with. */
function ended(id: string) {
  return framework.reached(id, ENDED);
}

async function nothingMounted(): Promise<void> {
  await patiently(
    'nothing is mounted',
    () => cluster.mounts().length === 0,
    20_000,
    () => cluster.mounts().join(),
  );
}

/** What the driver's volume has in a file. */
async function inVolume(name: string, file: string): Promise<string> {
  const { Mountpoint } = await cluster.driver('ebs', 'Mount', { Name: name, ID: 'test' });
  try {
    return await cluster.machine.run('cat', [join(String(Mountpoint), file)]);
  } finally {
    await cluster.driver('ebs', 'Unmount', { Name: name, ID: 'test' });
  }
}

test('a task finds the volume of its label in its sandbox, and what it writes stays', async () => {
  framework.launch(task('writes', 'echo written > data/file', { labels: { volume: 'v1:data' } }));
  assert.is((await ended('writes')).state, 'TASK_FINISHED');
  await nothingMounted();
  assert.is(await inVolume('v1', 'file'), 'written\n');
});

test('a task that is given a volume to read cannot write there, though root, beside one that can', async () => {
  const go = join(cluster.folder, 'go');
  const wait = `until [ -e ${go} ]; do sleep 0.05; done`;
  framework.launch(task('writer', `echo shared > data/shared; ${wait}`, { labels: { volume: 'v1:data' } }));
  await framework.reached('writer', ['TASK_RUNNING']);
  const reads = 'until [ -e data/shared ]; do sleep 0.05; done; cat data/shared; ! touch data/other';
  framework.launch(task('reader', reads, { labels: { volume: 'v1:data:ro' } }));
  assert.is((await ended('reader')).state, 'TASK_FINISHED');
  assert.is(cluster.mounts().filter((target) => target.startsWith(`${cluster.folder}/drivers`)).length, 1);
  await cluster.machine.run('touch', [go]);
  assert.is((await ended('writer')).state, 'TASK_FINISHED');
  await nothingMounted();
});

run();
