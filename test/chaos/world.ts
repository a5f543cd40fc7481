import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../simulator/random.ts';
import { type AgentKeeper, keepAgent } from './agent.ts';
import { type DriverKeeper, keepDriver } from './driver.ts';
import type { Figures } from './figures.ts';
import type { Place } from './place.ts';
import { appOf, hear, isLive, type Task, type Volume } from './tasks.ts';

export const DRIVERS = ['ebs', 'scaleio'] as const;
/** Volumes of each driver that are in use at a time. */
const VOLUMES = 4;
/** A volume is given up after so many writers: its data are then read back for the last time. */
const WRITERS_MAX = 8;
const VOLUME_SIZE = '16m';

/** The machine under test, and what should be true of it. */
export interface World {
  readonly place: Place;
  readonly random: Random;
  readonly figures: Figures;
  readonly agent: AgentKeeper;
  readonly drivers: DriverKeeper[];
  readonly volumes: Volume[];
  readonly tasks: Map<string, Task>;
  /** How long things take here, in ms: where to aim. */
  readonly pace: { prepareMs: number; recoverMs: number };
  /** Samples, in ms. */
  readonly recoverMs: number[];
  readonly settleMs: number[];
  /** Also those that are over. */
  readonly allTasks: Task[];
  launchTask(): void;
  endTask(): void;
  endAllTasks(): void;
  live(): Task[];
  addVolumes(): Promise<void>;
  /** To be called while no agent runs: what was asked of the dead one and never begun. */
  forgetNeverBegun(): void;
}

export function createWorld(place: Place, random: Random, figures: Figures): World {
  const tasks = new Map<string, Task>();
  const volumes: Volume[] = [];
  const allTasks: Task[] = [];
  const pace = { prepareMs: 40, recoverMs: 300 };
  const agent = keepAgent(place, (event) => {
    const before = tasks.get(event.app ?? '')?.state;
    hear(tasks, event);
    const task = tasks.get(event.app ?? '');
    if (task?.state === 'running' && before === 'staging') {
      figures.tasks.ran += 1;
      if (live().filter(({ volume }) => volume === task.volume).length === 1) figures.volumes.mounted += 1;
      pace.prepareMs = 0.8 * pace.prepareMs + 0.2 * Math.min(500, performance.now() - task.launchedAt);
    }
  });
  const drivers = DRIVERS.map((name) => keepDriver(place, name));

  const live = () => [...tasks.values()].filter(isLive);
  const inUse = () => volumes.filter(({ retired }) => !retired);

  function launchTask(): void {
    const open = inUse().filter(({ writers }) => writers.length < WRITERS_MAX);
    if (open.length === 0) return;
    figures.tasks.launched += 1;
    const name = `t${figures.tasks.launched}`;
    const task: Task = {
      name,
      app: `/chaos/${name}`,
      volume: random.pick(open),
      readonly: random.chance(0.15),
      ledger: join(place.ledgers, name),
      state: 'asked',
      container: undefined,
      sandbox: undefined,
      killAsked: false,
      end: undefined,
      launchedAt: performance.now(),
      endedAt: undefined,
      verified: 0,
      pid: undefined,
      limited: false,
    };
    tasks.set(task.app, task);
    allTasks.push(task);
    task.volume.used = true;
    if (!task.readonly) task.volume.writers.push(task);
    // Half of them live until they are ended.
    const count = random.chance(0.5) ? 50 + random.below(150) : 1_000;
    agent.send({ launch: appOf(task, place, count, 8 + random.below(25), 1 + random.below(1_000_000)) });
  }

  function endTask(): void {
    const candidates = live().filter(({ killAsked }) => !killAsked);
    if (candidates.length === 0) return;
    const task = random.pick(candidates);
    task.killAsked = true;
    agent.send({ kill: task.app });
  }

  function endAllTasks(): void {
    for (const task of live()) {
      task.killAsked = true;
      agent.send({ kill: task.app });
    }
  }

  async function addVolumes(): Promise<void> {
    for (const volume of inUse()) volume.retired = volume.writers.length >= WRITERS_MAX && !volume.used;
    for (const driver of drivers) {
      for (
        let count = inUse().filter((one) => one.driver === driver.name).length;
        count < VOLUMES;
        count += 1
      ) {
        figures.volumes.made += 1;
        const name = `v${figures.volumes.made}`;
        await driver.call('Create', { Name: name, Opts: { size: VOLUME_SIZE } });
        volumes.push({ driver: driver.name, name, writers: [], used: false, retired: false });
      }
    }
  }

  function forgetNeverBegun(): void {
    const begun = appsOnDisk(join(place.work, 'containers'));
    for (const task of tasks.values()) {
      if ((task.state !== 'asked' && task.state !== 'staging') || begun.has(task.app)) continue;
      task.state = 'never';
      figures.tasks.neverBegun += 1;
    }
  }

  return {
    place,
    random,
    figures,
    agent,
    drivers,
    volumes,
    tasks,
    pace,
    recoverMs: [],
    settleMs: [],
    allTasks,
    launchTask,
    endTask,
    endAllTasks,
    live,
    addVolumes,
    forgetNeverBegun,
  };
}

/** The apps that the agent has written down. */
function appsOnDisk(directory: string): Set<string> {
  const apps = new Set<string>();
  let ids: string[] = [];
  try {
    ids = readdirSync(directory);
  } catch {
    return apps;
  }
  for (const id of ids) {
    try {
      const { app } = JSON.parse(readFileSync(join(directory, id, 'container.json'), 'utf8'));
      apps.add(app.id);
    } catch {
      // Its folder was made and its name not yet written: the agent clears it away without a word.
    }
  }
  return apps;
}
