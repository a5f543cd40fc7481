import { existsSync, renameSync, rmSync, statfsSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DriverKeeper } from './driver.ts';
import { isOpen } from './tasks.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

/** What shall be under way when the fault comes. */
export const PHASES = ['prepare', 'run', 'cleanup', 'mixed', 'recovery', 'rotation'] as const;
export type Phase = (typeof PHASES)[number];
const PHASE_WEIGHTS = [24, 10, 20, 20, 16, 10];

/** What is killed. */
export type Victim = 'agent' | 'driver' | 'both';
const VICTIMS: Victim[] = ['agent', 'driver', 'both'];
const VICTIM_WEIGHTS = [55, 22, 23];

const ORDER_MS = 10_000;
const ROTATION_MS = 4_000;
/** From the word to end a task until its volume is unmounted, about. */
const CLEANUP_MS = 150;

export function choosePhase({ random }: World): Phase {
  return PHASES[random.weighted(PHASE_WEIGHTS)] as Phase;
}

export function chooseVictim({ random }: World, phase: Phase): Victim {
  // Only an agent has a recovery, or a journal.
  if (phase === 'recovery' || phase === 'rotation') return random.chance(0.7) ? 'agent' : 'both';
  return VICTIMS[random.weighted(VICTIM_WEIGHTS)] as Victim;
}

/** Brings the machine into a phase, and waits for a random moment of it. */
export async function bring(world: World, phase: Phase): Promise<void> {
  const { random, pace } = world;
  const launches = phase === 'prepare' || phase === 'mixed' ? 1 + random.below(4) : 0;
  const ends = phase === 'cleanup' || phase === 'mixed' ? 1 + random.below(3) : 0;
  for (let i = 0; i < launches; i += 1) world.launchTask();
  for (let i = 0; i < ends; i += 1) world.endTask();
  if (phase === 'rotation') await rotation(world);
  else if (phase === 'run' || phase === 'recovery') await sleep(random.below(200));
  else if (launches === 0) await sleep(random.below(CLEANUP_MS));
  // Early moments more often: there most happens.
  else await sleep((random.below(1000) / 1000) ** 2 * pace.prepareMs * 1.2);
}

/** Tasks come and go until the journal begins a snapshot or another segment; ends at that very moment. */
async function rotation(world: World): Promise<void> {
  const journal = join(world.place.state, 'journal');
  const end = performance.now() + ROTATION_MS;
  let turned = false;
  const watcher = watch(journal, (_, name) => {
    turned ||= /\.(snapshot|snapshot\.new|journal)$/.test(String(name)) && performance.now() < end;
  });
  try {
    // The first look only shows what was changed before.
    while (!turned && performance.now() < end) {
      if (world.live().length < 8) world.launchTask();
      if (world.live().length > 3) world.endTask();
      for (let waits = 0; waits < 20 && !turned; waits += 1) await sleep(2);
    }
  } finally {
    watcher.close();
  }
}

/** In words, what is under way now. */
export function underWay(world: World): string {
  if (!world.agent.isRecovered()) return 'recovery';
  const tasks = [...world.tasks.values()];
  const preparing = tasks.some((task) => isOpen(task) && task.state !== 'running');
  const since = performance.now() - CLEANUP_MS;
  const cleaning = tasks.some(
    ({ state, killAsked, endedAt }) => (state === 'running' && killAsked) || (endedAt ?? 0) > since,
  );
  if (preparing && cleaning) return 'prepare and cleanup';
  if (preparing) return 'prepare';
  return cleaning ? 'cleanup' : 'run';
}

/** SIGKILL, in one go. Counts it, with what was under way. */
export async function kill(world: World, victim: Victim, phase?: string): Promise<DriverKeeper[]> {
  const { figures, agent, drivers, random } = world;
  const killed = victim === 'agent' ? [] : random.chance(0.3) ? drivers : [random.pick(drivers)];
  const during = phase ?? underWay(world);
  figures.kills.total += 1;
  figures.kills[victim] += 1;
  figures.phases[during] = (figures.phases[during] ?? 0) + 1;
  const daemons = killed.map((driver) => driver.current());
  if (victim !== 'driver') {
    agent.expectEnd();
    daemons.push(agent.current());
  }
  for (const daemon of daemons) daemon.send('SIGKILL');
  await Promise.all(daemons.map(({ ended }) => ended));
  return killed;
}

/** A driver stands still for some seconds, with tasks coming and going. */
export async function stopDriver(world: World): Promise<void> {
  const { random, drivers, figures } = world;
  const driver = random.pick(drivers);
  figures.otherFaults.driverStopped += 1;
  driver.current().send('SIGSTOP');
  try {
    for (let i = 1 + random.below(3); i > 0; i -= 1) world.launchTask();
    for (let i = random.below(3); i > 0; i -= 1) world.endTask();
    await sleep(700 + random.below(2_300));
  } finally {
    driver.current().send('SIGCONT');
  }
}

/** The host environment dies, and the agent lives. */
export async function killHost(world: World): Promise<void> {
  const { random, place, figures } = world;
  figures.otherFaults.hostKilled += 1;
  await bring(world, random.pick(['prepare', 'run', 'cleanup', 'mixed'] as const));
  const order = random.pick(['throw chaos', 'reject', 'exit 3'] as const);
  writeFileSync(`${place.orders}.new`, order);
  renameSync(`${place.orders}.new`, place.orders);
  await until('the host takes the order', ORDER_MS, () => !existsSync(place.orders));
}

/** The file system of the state is filled to the last byte for a while, with tasks coming and going. */
export async function fillDisk(world: World, meanwhile: () => Promise<void>): Promise<void> {
  const { random, place, figures } = world;
  figures.otherFaults.diskFull += 1;
  const filler = join(place.state, 'filler');
  try {
    fill(filler, place.state);
    for (let i = 1 + random.below(3); i > 0; i -= 1) world.launchTask();
    for (let i = 1 + random.below(2); i > 0; i -= 1) world.endTask();
    await sleep(200 + random.below(800));
    await meanwhile();
  } finally {
    rmSync(filler, { force: true });
  }
}

function fill(file: string, directory: string): void {
  const piece = Buffer.alloc(64 * 1024, 1);
  for (let size = piece.length; size >= 1; size = Math.floor(size / 16)) {
    try {
      for (;;) writeFileSync(file, piece.subarray(0, size), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
  if (statfsSync(directory).bavail > 0) throw new Error(`${directory}: could not be filled`);
}
