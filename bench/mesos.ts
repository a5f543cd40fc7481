import { readFileSync } from 'node:fs';
import { type Cluster, type ClusterOptions, startCluster } from '../test/mesos/cluster.ts';
import { makeDvdcli } from '../test/mesos/dvdcli.ts';
import { patiently } from '../test/mesos/patience.ts';
import type { Scheduler } from '../test/mesos/scheduler.ts';
import { whyNoAgent } from '../test/mesos/suite.ts';
import { dockerVolume, task } from '../test/mesos/tasks.ts';

const DRIVER = 'ebs';
const CLOCK_TICK_MS = 10;
const LIMIT_MS = 300_000;
const ENDED = ['TASK_FINISHED', 'TASK_FAILED', 'TASK_KILLED', 'TASK_LOST'];

/** An agent of its own with master and driver, and what was measured on it. */
interface Side {
  name: string;
  hasVolumes: boolean;
  cluster: Cluster;
  framework: Scheduler;
  single: Figures;
  together: Figures;
}

/** Milliseconds. */
interface Figures {
  /** From the launch to TASK_RUNNING, of each task. */
  starts: number[];
  /** From the launch until all run, of each round. */
  rounds: number[];
  /** From TASK_FINISHED of the last task until its volume is mounted nowhere. */
  ends: number[];
  /** Processor time of the agent itself, and of the children that it waited for: executors and clients of drivers. */
  agentMs: number;
  childrenMs: number;
  tasks: number;
}

/**
 * `npm run bench -- mesos [TASKS [ROUNDS]]`: so many tasks with a volume each on a real Mesos agent (MESOS_PREFIX): without volumes, with
 * docker/volume, and with moorage. First one task after another, the agents in turn; then, so many rounds, all tasks at once.
 */
export async function benchMesos([tasks = '50', rounds = '5']: string[]): Promise<void> {
  const why = whyNoAgent();
  if (why !== '') throw new Error(`this needs a Mesos agent: ${why}`);
  const dvdcli = makeDvdcli();
  const sides: Side[] = [];
  try {
    const volumes = Array.from({ length: Number(tasks) }, (_, index) => `v${index}`);
    say('starting three agents, with a master and a driver each, and making the volumes');
    sides.push(await startSide('no volume', false, { withModule: false }, []));
    const shipped: ClusterOptions = { withModule: false, isolation: ['docker/volume'], env: dvdcli.env };
    sides.push(await startSide('docker/volume', true, shipped, volumes));
    sides.push(await startSide('moorage', true, {}, volumes));
    // The first task of an agent is not like the others: images of programs come off the disk.
    await oneByOne(sides, volumes.slice(0, 3));
    for (const side of sides) side.single = noFigures();
    say(`${tasks} tasks one after another, the agents in turn`);
    await oneByOne(sides, volumes);
    say(`${tasks} tasks at once, ${rounds} rounds`);
    for (let round = 0; round < Number(rounds); round += 1)
      for (const side of turned(sides, round)) await atOnce(side, volumes, round);
    print(sides, Number(tasks), Number(rounds));
  } finally {
    for (const { cluster } of sides) await cluster.clear();
    dvdcli.remove();
  }
}

async function startSide(
  name: string,
  hasVolumes: boolean,
  options: ClusterOptions,
  volumes: string[],
): Promise<Side> {
  const cluster = await startCluster({ ...options, drivers: [DRIVER] });
  const framework = await cluster.framework('bench');
  for (const Name of volumes) {
    const { Err } = await cluster.driver(DRIVER, 'Create', { Name, Opts: { size: '16m' } });
    if (Err) throw new Error(`volume ${Name} of ${name}: ${Err}`);
  }
  return { name, hasVolumes, cluster, framework, single: noFigures(), together: noFigures() };
}

async function oneByOne(sides: Side[], volumes: string[]): Promise<void> {
  for (const [index, volume] of volumes.entries())
    for (const side of turned(sides, index))
      await measure(side, side.single, [`single-${volume}-${performance.now()}`], [volume]);
}

async function atOnce(side: Side, volumes: string[], round: number): Promise<void> {
  const ids = volumes.map((volume) => `round-${round}-${volume}`);
  await measure(side, side.together, ids, volumes);
}

async function measure(side: Side, figures: Figures, ids: string[], volumes: string[]): Promise<void> {
  const { cluster, framework, hasVolumes } = side;
  const before = processorTimes(cluster.agentPid());
  const tasks = ids.map((id, index) =>
    task(id, `${hasVolumes ? '' : '! '}mountpoint -q data`, {
      volumes: hasVolumes ? [dockerVolume(DRIVER, volumes[index] as string, 'data')] : [],
    }),
  );
  const launched = await framework.launchAll(tasks);
  const ends = await Promise.all(ids.map((id) => framework.reached(id, ENDED, LIMIT_MS)));
  for (const [index, { state, message }] of ends.entries())
    if (state !== 'TASK_FINISHED') throw new Error(`${side.name}: ${ids[index]}: ${state}: ${message}`);
  const starts = ids.map((id) => {
    const update = framework.updates(id).find(({ state }) => state === 'TASK_RUNNING');
    if (!update) throw new Error(`${side.name}: ${id} ended without TASK_RUNNING`);
    return update.at - launched;
  });
  const lastEnd = Math.max(...ends.map(({ at }) => at));
  await patiently('nothing is mounted', () => cluster.mounts().length === 0, LIMIT_MS);
  if (hasVolumes) figures.ends.push(performance.now() - lastEnd);
  await patiently('no container is left', () => cluster.containers().length === 0, LIMIT_MS);
  const after = processorTimes(cluster.agentPid());
  figures.starts.push(...starts);
  figures.rounds.push(Math.max(...starts));
  figures.agentMs += after.ownMs - before.ownMs;
  figures.childrenMs += after.childrenMs - before.childrenMs;
  figures.tasks += ids.length;
}

/** Fields 14 to 17 of /proc/PID/stat, see proc(5). */
function processorTimes(pid: number): { ownMs: number; childrenMs: number } {
  const fields = (readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop() as string).split(' ');
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number);
  return { ownMs: (user + system) * CLOCK_TICK_MS, childrenMs: (childUser + childSystem) * CLOCK_TICK_MS };
}

function noFigures(): Figures {
  return { starts: [], rounds: [], ends: [], agentMs: 0, childrenMs: 0, tasks: 0 };
}

function turned<T>(list: T[], by: number): T[] {
  return list.map((_, index) => list[(index + by) % list.length] as T);
}

function print(sides: Side[], tasks: number, rounds: number): void {
  process.stdout.write(`one after another, ${tasks} tasks an agent; milliseconds\n\n`);
  table(sides, 'single', 'start, median', ({ starts }) => median(starts));
  process.stdout.write(`\n${tasks} at once, ${rounds} rounds; milliseconds\n\n`);
  table(sides, 'together', 'all run, median', ({ rounds: all }) => median(all));
}

/** A row for each agent; what it takes more than one without volumes, and the ratio of that to docker/volume's. */
function table(sides: Side[], key: 'single' | 'together', heading: string, startOf: (f: Figures) => number) {
  const [none, shipped] = sides.map((side) => side[key]) as [Figures, Figures, Figures];
  const cpuOf = ({ agentMs, childrenMs, tasks }: Figures) => (agentMs + childrenMs) / tasks;
  const headings = [heading, 'added', 'ratio', 'gone after', 'cpu a task', 'of it agent', 'added', 'ratio'];
  process.stdout.write(`${''.padEnd(14)}${headings.map((text) => text.padStart(17)).join('')}\n`);
  for (const { name, hasVolumes, [key]: figures } of sides) {
    const added = (of: (f: Figures) => number) => (hasVolumes ? of(figures) - of(none) : undefined);
    const ratio = (of: (f: Figures) => number) =>
      hasVolumes ? (of(figures) - of(none)) / (of(shipped) - of(none)) : undefined;
    const cells = [
      shown(startOf(figures), 0),
      shown(added(startOf), 0),
      shown(ratio(startOf), 2),
      shown(hasVolumes ? median(figures.ends) : undefined, 0),
      shown(cpuOf(figures), 1),
      shown(figures.agentMs / figures.tasks, 1),
      shown(added(cpuOf), 1),
      shown(ratio(cpuOf), 2),
    ];
    process.stdout.write(`${name.padEnd(14)}${cells.map((text) => text.padStart(17)).join('')}\n`);
  }
}

function shown(value: number | undefined, digits: number): string {
  return value === undefined ? '' : value.toFixed(digits);
}

function median(list: number[]): number {
  return [...list].sort((left, right) => left - right)[Math.floor((list.length - 1) / 2)] as number;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
