import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Cluster, startCluster } from './mesos/cluster.ts';
import { patiently } from './mesos/patience.ts';
import type { Scheduler, Status } from './mesos/scheduler.ts';
import { agentSuite } from './mesos/suite.ts';
import { dockerVolume, resources, task } from './mesos/tasks.ts';

const { test, run, skipped } = agentSuite('a real Mesos agent, when things go wrong');
const ENDED = [
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_LOST',
  'TASK_GONE',
  'TASK_DROPPED',
  'TASK_UNREACHABLE',
];

let cluster: Cluster;
let framework: Scheduler;
let count = 0;

if (!skipped) {
  test.before(async () => {
    cluster = await startCluster();
    framework = await cluster.framework('cases');
  });
  test.after(async () => {
    await framework.tearDown();
    await cluster.clear();
  });
}

/** A volume of its own for each case. */
async function newVolume(): Promise<string> {
  const Name = `v${++count}`;
  await cluster.driver('ebs', 'Create', { Name, Opts: { size: '16m' } });
  return Name;
}

/** A command that ends with 0 when the file comes. */
function until(file: string): string {
  return `until [ -e ${join(cluster.folder, file)} ]; do sleep 0.05; done`;
}

function touch(file: string): void {
  writeFileSync(join(cluster.folder, file), '');
}

async function started(
  id: string,
  command: string,
  labels: Record<string, string>,
  by = framework,
): Promise<void> {
  by.launch(task(id, command, { labels }));
  const { state, message } = await by.reached(id, ['TASK_RUNNING', ...ENDED]);
  assert.is(state, 'TASK_RUNNING', message);
}

/** How a task ended. With MOORAGE_MESOS_CASES=1 it is said, for the table in docs/mesos.md. */
async function ended(id: string, by = framework): Promise<Status> {
  const status = await by.reached(id, ENDED);
  if (process.env.MOORAGE_MESOS_CASES) process.stdout.write(`\n${id}: ${JSON.stringify(status)}\n`);
  return status;
}

async function nothingMounted(): Promise<void> {
  const seen = () => cluster.mounts().join();
  await patiently('nothing is mounted', () => cluster.mounts().length === 0, 30_000, seen);
}

async function restartAfterKill(meanwhile: () => unknown = () => undefined): Promise<void> {
  await cluster.killAgent();
  await meanwhile();
  await cluster.startAgent();
}

/** moorage's own word: nothing is wrong, nobody has a volume, and every mount is explained. */
async function allIsWell(): Promise<void> {
  await nothingMounted();
  const { findings } = JSON.parse(await cluster.moorage('audit', '--json'));
  assert.equal(
    findings.filter(({ worst }: { worst?: boolean }) => worst),
    [],
  );
}

test('the agent is killed and its task lives: it keeps its volume, and shares it with the next one', async () => {
  const v = await newVolume();
  await started('lives', `${until('lives')}; echo still > data/file && cat data/file`, {
    volume: `${v}:data`,
  });
  const before = cluster.mounts();
  await restartAfterKill();
  assert.equal(cluster.mounts(), before);
  await started('joins', `${until('lives')}; mountpoint -q data`, { volume: `${v}:data` });
  assert.equal(cluster.mounts(), before, 'one driver mount, one managed mount');
  touch('lives');
  assert.is((await ended('lives')).state, 'TASK_FINISHED');
  assert.is((await ended('joins')).state, 'TASK_FINISHED');
  await allIsWell();
});

test('the agent is killed and the task ends meanwhile: its volume goes when the agent is back', async () => {
  const v = await newVolume();
  await started('ends', until('ends'), { volume: `${v}:data` });
  await restartAfterKill(() => touch('ends'));
  await ended('ends');
  await allIsWell();
});

test('the agent is killed and every process of the task with it: its volume goes when the agent is back', async () => {
  const v = await newVolume();
  await started('dies', 'sleep 1000', { volume: `${v}:data` });
  await restartAfterKill(() => cluster.killTasks());
  assert.is((await ended('dies')).state, 'TASK_FAILED');
  await allIsWell();
});

test('without checkpointing the agent ends what it finds, and the volume goes', async () => {
  const v = await newVolume();
  const other = await cluster.framework('forgetful', false);
  await started('orphan', 'sleep 1000', { volume: `${v}:data` }, other);
  await restartAfterKill();
  await allIsWell();
  assert.equal(cluster.tasks(), []);
  await other.tearDown();
});

test('the agent is killed inside of a prepare: what the driver mounts later goes again', async () => {
  const v = await newVolume();
  cluster.signalDriver('ebs', 'SIGSTOP');
  framework.launch(task('early', 'true', { labels: { volume: `${v}:data` } }));
  await patiently('the driver is asked', () => cluster.agentLog().includes('early'));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await restartAfterKill(() => cluster.signalDriver('ebs', 'SIGCONT'));
  assert.not.equal((await ended('early')).state, 'TASK_FINISHED');
  await allIsWell();
});

test("the agent's own record is wiped: what still runs is ended, and the volume goes", async () => {
  const v = await newVolume();
  await started('wiped', 'sleep 1000', { volume: `${v}:data` });
  await restartAfterKill(() => rmSync(join(cluster.work, 'meta'), { recursive: true }));
  await allIsWell();
  assert.equal(cluster.tasks(), []);
});

for (const wiped of [false, true]) {
  const how = wiped ? 'wiped' : 'kept';
  test(`after a reboot with the runtime directory ${how} nothing is held, and tasks get their volume again`, async () => {
    const v = await newVolume();
    const id = `before-${how}`;
    await started(id, 'sleep 1000', { volume: `${v}:data` });
    await cluster.killAgent();
    await cluster.killTasks();
    await cluster.stopDriver('ebs', 'SIGKILL');
    await cluster.machine.reboot();
    if (wiped) rmSync(cluster.runtime, { recursive: true });
    await cluster.startDriver('ebs');
    await cluster.startAgent();
    await allIsWell();
    framework.launch(task(`after-${how}`, 'mountpoint -q data', { labels: { volume: `${v}:data` } }));
    assert.is((await ended(`after-${how}`)).state, 'TASK_FINISHED');
    await allIsWell();
  });
}

test('a volume that does not exist fails the task, with words', async () => {
  framework.launch(task('missing', 'true', { labels: { volume: 'nowhere:data' } }));
  const { state, message, reason } = await ended('missing');
  assert.is(state, 'TASK_FAILED');
  assert.match(String(message), /moorage: .*nowhere/);
  assert.is(reason, 'REASON_CONTAINER_LAUNCH_FAILED');
  await allIsWell();
});

test('a label with an error fails the task, with the place of the error', async () => {
  framework.launch(task('wrong', 'true', { labels: { volume: 'source=v1,targt=data' } }));
  assert.match(
    String((await ended('wrong')).message),
    /label volume, position 11: unknown key "targt"; did you mean target\?/,
  );
});

test('a task that is killed while its volume is being mounted ends, and the volume goes', async () => {
  const v = await newVolume();
  cluster.signalDriver('ebs', 'SIGSTOP');
  framework.launch(task('slow', 'true', { labels: { volume: `${v}:data` } }));
  await patiently('the container is there', () => cluster.agentLog().includes("executor 'slow'"));
  await new Promise((resolve) => setTimeout(resolve, 500));
  framework.kill('slow');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  cluster.signalDriver('ebs', 'SIGCONT');
  assert.not.equal((await ended('slow')).state, 'TASK_FINISHED');
  await allIsWell();
});

test('a container that another isolator refuses is cleaned up though it was never prepared', async () => {
  const v = await newVolume();
  const refused = {
    container_path: 'tmp',
    mode: 'RW',
    source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'SELF', path: 'tmp' } },
  };
  framework.launch(task('never', 'true', { labels: { volume: `${v}:data` }, volumes: [refused] }));
  assert.match(String((await ended('never')).message), /SANDBOX_PATH/);
  await allIsWell();
});

test('tasks of a group have volumes of their own, and keep them when the agent is killed', async () => {
  const [own, other, parents] = [await newVolume(), await newVolume(), await newVolume()];
  const executor = {
    type: 'DEFAULT',
    executor_id: { value: 'pod' },
    resources: resources(),
    labels: { labels: [{ key: 'volume', value: `${parents}:shared` }] },
  };
  framework.launchGroup(executor, [
    task('web', `${until('pod')}; echo web > ${own}/file`, {
      env: { DVDI_VOLUME_NAME: own, DVDI_VOLUME_CONTAINERPATH: own },
    }),
    task('log', `${until('pod')}; mountpoint -q three`, {
      volumes: [dockerVolume('ebs', other, 'three', 'RO')],
    }),
  ]);
  for (const id of ['web', 'log']) {
    const { state, message } = await framework.reached(id, ['TASK_RUNNING', ...ENDED]);
    assert.is(state, 'TASK_RUNNING', message);
  }
  const before = cluster.mounts();
  assert.is(before.length, 6, before.join());
  await restartAfterKill();
  assert.equal(cluster.mounts(), before);
  touch('pod');
  assert.is((await ended('web')).state, 'TASK_FINISHED');
  assert.is((await ended('log')).state, 'TASK_FINISHED');
  await allIsWell();
});

test('an agent that is told to leave for good ends its tasks first, and nothing stays mounted', async () => {
  const v = await newVolume();
  await started('leaves', 'sleep 1000', { volume: `${v}:data` });
  assert.is(await cluster.stopAgent('SIGUSR1'), 0);
  await allIsWell();
  await cluster.startAgent();
});

test('two frameworks share one volume, and the last task takes it away', async () => {
  const v = await newVolume();
  const other = await cluster.framework('second');
  await started('first', until('first'), { volume: `${v}:data` });
  await started('second', until('second'), { volume: `${v}:data` }, other);
  const both = cluster.mounts();
  touch('first');
  assert.is((await ended('first')).state, 'TASK_FINISHED');
  assert.equal(cluster.mounts(), both);
  touch('second');
  assert.is((await ended('second', other)).state, 'TASK_FINISHED');
  await allIsWell();
  await other.tearDown();
});

test('the agent is replaced, module and library with it: the journal is read, and the task keeps its volume', async () => {
  const v = await newVolume();
  await started('upgrade', `${until('upgrade')}; mountpoint -q data`, { volume: `${v}:data` });
  const place = join(cluster.folder, 'next version');
  cpSync('build/libmoorage.so', join(place, 'libmoorage.so'));
  for (const name of ['host.cjs', 'policy.wasm']) cpSync(`build/${name}`, join(place, name));
  cpSync('build/libnode', join(place, 'libnode'), { recursive: true, verbatimSymlinks: true });
  const before = cluster.mounts();
  await cluster.stopAgent('SIGTERM');
  cluster.options.parameters = { library: join(place, 'libmoorage.so') };
  await cluster.startAgent();
  assert.equal(cluster.mounts(), before);
  touch('upgrade');
  assert.is((await ended('upgrade')).state, 'TASK_FINISHED');
  await allIsWell();
});

test('a task whose volume is gone altogether when the agent is back is ended, with the reason', async () => {
  const v = await newVolume();
  await started('loses', 'sleep 1000', { volume: `${v}:data` });
  await restartAfterKill(async () => {
    for (const pid of cluster.tasks()) await unmountIn(pid, v);
    await cluster.driver('ebs', 'Unmount', { Name: v, ID: `moorage-a1-${v}` });
    await cluster.machine.run('umount', [join(cluster.root, 'ebs', v)]);
  });
  const { state, message, reason } = await ended('loses');
  assert.is(state, 'TASK_FAILED');
  assert.match(String(message), new RegExp(`volume ebs/${v} is no longer mounted by its driver`));
  assert.is(reason, 'REASON_CONTAINER_LIMITATION');
  await allIsWell();
});

/** Takes every mount of a volume away from a process' mount namespace. */
async function unmountIn(pid: number, volume: string): Promise<void> {
  const script = `awk '{print $5}' /proc/${pid}/mountinfo | grep -E '/data$|/${volume}$' | sort -r | xargs -r -n1 nsenter --mount=/proc/${pid}/ns/mnt umount -l`;
  await cluster.machine.run('sh', ['-c', script]).catch(() => undefined);
}

run();
