import * as assert from 'uvu/assert';
import { type Cluster, startCluster } from './mesos/cluster.ts';
import { makeDvdcli } from './mesos/dvdcli.ts';
import { patiently } from './mesos/patience.ts';
import type { Scheduler } from './mesos/scheduler.ts';
import { agentSuite } from './mesos/suite.ts';
import { dockerVolume, resources, task } from './mesos/tasks.ts';

const { test, run, skipped } = agentSuite('a real Mesos agent, beside docker/volume and with offers');
const ENDED = ['TASK_FINISHED', 'TASK_FAILED', 'TASK_KILLED', 'TASK_LOST'];

let cluster: Cluster;
let framework: Scheduler;
let dvdcli: ReturnType<typeof makeDvdcli>;

if (!skipped) {
  test.before(async () => {
    dvdcli = makeDvdcli();
    cluster = await startCluster({
      isolation: ['docker/volume'],
      parameters: { docker_volumes: 'false' },
      config: { offers: { ebsvolumes: { driver: 'ebs', volumes: ['v1', 'v2'] } } },
      env: dvdcli.env,
    });
    await cluster.startDriver('legacy');
    framework = await cluster.framework('offers');
    for (const Name of ['v1', 'v2']) await cluster.driver('ebs', 'Create', { Name, Opts: { size: '16m' } });
    await cluster.driver('legacy', 'Create', { Name: 'old', Opts: { size: '16m' } });
  });
  test.after(async () => {
    await framework.tearDown();
    await cluster.clear();
    dvdcli.remove();
  });
}

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

test('one task has a volume of each, and each takes its own away', async () => {
  const command = 'mountpoint -q new && mountpoint -q old && echo both > new/file && echo both > old/file';
  const volumes = [dockerVolume('legacy', 'old', 'old')];
  framework.launch(task('both', command, { labels: { volume: 'v1:new' }, offered: ['v1'], volumes }));
  const { state, message } = await ended('both');
  assert.is(state, 'TASK_FINISHED', message);
  await nothingMounted();
});

test('a volume that the task was not given as a resource is refused', async () => {
  framework.launch(task('greedy', 'true', { labels: { volume: 'v2:data' }, offered: ['v1'] }));
  const { state, message } = await ended('greedy');
  assert.is(state, 'TASK_FAILED');
  assert.match(String(message), /moorage: .*ebsvolumes/);
  framework.launch(task('given', 'mountpoint -q data', { labels: { volume: 'v2:data' }, offered: ['v2'] }));
  assert.is((await ended('given')).state, 'TASK_FINISHED');
  await nothingMounted();
});

test('a task of a group has the volume that it, or its executor, was given as a resource', async () => {
  const executor = { type: 'DEFAULT', executor_id: { value: 'pod' }, resources: resources() };
  const env = { DVDI_VOLUME_NAME: 'v1', DVDI_VOLUME_CONTAINERPATH: 'data' };
  framework.launchGroup(executor, [task('member', 'mountpoint -q data', { env, offered: ['v1'] })]);
  const { state, message } = await ended('member');
  assert.is(state, 'TASK_FINISHED', message);
  await nothingMounted();
});

test('without docker_volumes=false the two are refused together', async () => {
  await cluster.killAgent();
  cluster.options.parameters = {};
  assert.match(await cluster.refusedAgent(), /moorage does not start: --isolation has docker\/volume/);
  cluster.options.parameters = { docker_volumes: 'false' };
  await cluster.startAgent();
});

run();
