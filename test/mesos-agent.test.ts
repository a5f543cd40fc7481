import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
/** Where a container without an image may have a volume at an absolute path. */
let targets: string;
let framework: Scheduler;

if (!skipped) {
  test.before(async () => {
    targets = mkdtempSync(join(tmpdir(), 'targets-'));
    mkdirSync(join(targets, 'here'));
    cluster = await startCluster({ config: { allowedTargets: [targets] } });
    framework = await cluster.framework('test');
    for (const Name of ['v1', 'v2']) await cluster.driver('ebs', 'Create', { Name, Opts: { size: '16m' } });
  });
  test.after(async () => {
    await framework.tearDown();
    await cluster.clear();
    rmSync(targets, { recursive: true });
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

test('an absolute path is a directory of the machine, which the machine itself does not see mounted', async () => {
  const path = join(targets, 'here');
  framework.launch(
    task('absolute', `mountpoint -q ${path} && echo absolute > ${path}/file`, {
      labels: { volume: `v1:${path}` },
    }),
  );
  assert.is((await ended('absolute')).state, 'TASK_FINISHED');
  assert.equal(cluster.machine.mountsBelow(targets), []);
  await nothingMounted();
  assert.is(await inVolume('v1', 'file'), 'absolute\n');
});

test('the agent tells how full the volumes of a container are, also after it was killed', async () => {
  const labels = { volume: 'v1:data', 'volume.two': 'v2:two:ro' };
  framework.launch(
    task('usage', `until [ -e ${join(cluster.folder, 'used')} ]; do sleep 0.05; done`, { labels }),
  );
  await framework.reached('usage', ['TASK_RUNNING']);
  const before = await volumesTold();
  assert.equal(before.map(({ id }) => id).sort(), ['ebs/v1', 'ebs/v2']);
  for (const { limit, used, inodes } of before)
    assert.ok(limit > 8e6 && used > 0 && used < limit && inodes > 0);
  await cluster.killAgent();
  await cluster.startAgent();
  let after = await volumesTold();
  await patiently('they are told again', async () => {
    after = await volumesTold();
    return after.length === 2;
  });
  assert.equal(after.map(({ id }) => id).sort(), ['ebs/v1', 'ebs/v2']);
  await cluster.machine.run('touch', [join(cluster.folder, 'used')]);
  await ended('usage');
  await nothingMounted();
});

interface Told {
  limit_bytes: number;
  used_bytes: number;
  source: { id: string; metadata: { labels: { key: string; value: string }[] } };
}

/** What `/containers` of the agent has on volumes. */
async function volumesTold() {
  const containers = (await cluster.agentJson('/containers')) as {
    statistics?: { disk_statistics?: Told[] };
  }[];
  return containers.flatMap(({ statistics }) =>
    (statistics?.disk_statistics ?? []).map(({ limit_bytes, used_bytes, source }) => ({
      id: source.id,
      limit: limit_bytes,
      used: used_bytes,
      inodes: Number(source.metadata.labels.find(({ key }) => key === 'inodes_free')?.value),
    })),
  );
}

test('an agent whose flags or parameters keep volumes from tasks does not start, and says what to set', async () => {
  await cluster.killAgent();
  const asItWas = { ...cluster.options };
  cluster.options.launcher = 'posix';
  assert.match(
    await cluster.refusedAgent(),
    /moorage does not start: --launcher=posix .*: set --launcher=linux/,
  );
  cluster.options.launcher = 'linux';
  cluster.options.parameters = { confg: '/x' };
  assert.match(
    await cluster.refusedAgent(),
    /moorage does not start: module parameter "confg" is unknown; known are/,
  );
  cluster.options.parameters = { library: '/nowhere/libmoorage.so' };
  assert.match(await cluster.refusedAgent(), /cannot load the isolator: .*nowhere.*module parameter library/);
  Object.assign(cluster.options, { parameters: undefined, launcher: undefined, ...asItWas });
  await cluster.startAgent();
});

run();
