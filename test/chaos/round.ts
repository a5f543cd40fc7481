import { setTimeout as sleep } from 'node:timers/promises';
import { checkAll } from './check.ts';
import { bring, choosePhase, chooseVictim, fillDisk, kill, killHost, stopDriver } from './faults.ts';
import { settle } from './settle.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

/** Tasks that should live at a time, about. */
const POPULATION = 6;
const POPULATION_MAX = 9;
const POPULATE_MS = 10_000;

/** What one run shall do besides kills. */
export interface Rates {
  stop: number;
  host: number;
  full: number;
}

/** What a round did, for the report of a failure. */
export interface Round {
  number: number;
  what: string;
  problems: string[];
}

/** One fault, the restarts it takes, and the look at what became of everything. */
export async function playRound(world: World, number: number, rates: Rates): Promise<Round> {
  world.figures.rounds = number;
  await populate(world);
  const what = await fault(world, rates);
  const problems = await settle(world);
  problems.push(...(await checkAll(world)));
  return { number, what, problems };
}

/** Some tasks live before anything goes wrong. */
async function populate(world: World): Promise<void> {
  const wanted = POPULATION - world.random.below(3);
  for (let count = world.live().length; count > POPULATION_MAX; count -= 1) world.endTask();
  for (let count = world.live().length + pending(world); count < wanted; count += 1) world.launchTask();
  const areUp = () => pending(world) === 0 || world.live().length >= wanted;
  await until('the tasks run', POPULATE_MS, areUp).catch(() => undefined);
}

function pending({ tasks }: World): number {
  return [...tasks.values()].filter(({ state }) => state === 'asked' || state === 'staging').length;
}

async function fault(world: World, rates: Rates): Promise<string> {
  const { random } = world;
  const other = random.weighted([
    rates.stop,
    rates.host,
    rates.full,
    1 - rates.stop - rates.host - rates.full,
  ]);
  if (other === 0) {
    await stopDriver(world);
    return 'a driver stopped';
  }
  if (other === 1) {
    await killHost(world);
    return 'the host killed alone';
  }
  if (other === 2) {
    const alsoKilled = random.chance(0.5);
    await fillDisk(world, async () => {
      if (alsoKilled) await killAndRestart(world, true);
    });
    return `the disk full${alsoKilled ? ', the agent killed meanwhile' : ''}`;
  }
  return killAndRestart(world, false);
}

async function killAndRestart(world: World, onFullDisk: boolean): Promise<string> {
  const { random, agent, figures, pace } = world;
  const phase = onFullDisk ? 'run' : choosePhase(world);
  const victim = onFullDisk ? 'agent' : chooseVictim(world, phase);
  await bring(world, phase);
  const killed = await kill(
    world,
    victim,
    onFullDisk ? 'full disk' : phase === 'rotation' ? 'rotation' : undefined,
  );
  if (victim !== 'driver') world.forgetNeverBegun();
  const drivers = (async () => {
    await sleep(random.below(150));
    for (const driver of killed) await driver.start();
  })();
  if (victim !== 'driver') {
    agent.launch();
    if (phase === 'recovery') {
      await sleep(random.below(Math.ceil(pace.recoverMs * 1.1)));
      await kill(world, 'agent');
      world.forgetNeverBegun();
      agent.launch();
    }
    const tookMs = await agent.recovered();
    world.recoverMs.push(tookMs);
    pace.recoverMs = 0.8 * pace.recoverMs + 0.2 * tookMs;
  }
  await drivers;
  return `${victim} killed in ${phase} (${figures.kills.total})`;
}
