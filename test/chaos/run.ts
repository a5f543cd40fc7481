import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listJournal } from '../../host/journal/journal_files.ts';
import { createRandom } from '../../simulator/random.ts';
import { audit, checkAll } from './check.ts';
import { type Figures, newFigures, spread } from './figures.ts';
import { buildWriter, clearPlace, makePlace, type Place, writeConfig } from './place.ts';
import { playRound, type Rates, type Round } from './round.ts';
import { settle } from './settle.ts';
import { readLedger } from './tasks.ts';
import { until } from './until.ts';
import { createWorld, DRIVERS, type World } from './world.ts';

export interface ChaosOptions {
  kills: number;
  seed: number;
  /** Keeps the directory also when all is well. */
  keep: boolean;
  say(text: string): void;
}

export interface ChaosResult {
  figures: Figures;
  failed: boolean;
}

const RATES: Rates = { stop: 0.08, host: 0.1, full: 0.04 };
const END_MS = 40_000;
/** So many kills bring enough events for a second segment. */
const ROTATES_AFTER = 20;

/** Plays rounds until there were enough kills, or something is lost; takes everything down in any case. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { kills, seed, say } = options;
  const figures = newFigures(seed);
  const begun = performance.now();
  const place = makePlace();
  const abort = onSignals(say);
  say(`chaos: seed ${seed}, ${kills} kills, in ${place.directory}`);
  let failure: Round | undefined;
  const world = createWorld(place, createRandom(seed), figures);
  try {
    buildWriter(place);
    writeConfig(place, DRIVERS);
    await begin(world);
    while (figures.kills.total < kills && !failure) {
      const round = await playRound(world, figures.rounds + 1, RATES);
      if (round.problems.length > 0) failure = round;
      progress(world, round, kills, begun, say);
      await world.addVolumes();
      if (abort.aborted) break;
    }
    if (!failure && !abort.aborted) {
      const problems = await end(world);
      if (problems.length > 0) failure = { number: figures.rounds, what: 'the end', problems };
    }
  } catch (error) {
    failure = {
      number: figures.rounds + 1,
      what: 'the round itself',
      problems: [(error as Error).stack ?? String(error)],
    };
    figures.losses.accidents += world.agent.accidents.length;
    failure.problems.push(...world.agent.accidents);
  } finally {
    finishFigures(world, begun);
    const keep = options.keep || failure !== undefined;
    if (failure) tell(place, failure, figures, options);
    const left = await clearPlace(place, keep);
    for (const what of left) say(`chaos: could not be taken away: ${what}`);
    abort.dispose();
  }
  return { figures, failed: failure !== undefined || abort.aborted };
}

async function begin(world: World): Promise<void> {
  for (const driver of world.drivers) await driver.start();
  await world.addVolumes();
  world.agent.launch();
  await world.agent.recovered();
}

/** All tasks end, the agent ends in order; then nothing may be left, and everything ever synced must be there. */
async function end(world: World): Promise<string[]> {
  const { agent, drivers, place } = world;
  world.endAllTasks();
  const problems = await settle(world);
  for (const volume of world.volumes) volume.used = true;
  problems.push(...(await checkAll(world)));
  agent.expectEnd();
  agent.current().child.stdin?.end();
  await until('the agent ends', END_MS, () => !agent.current().isAlive());
  problems.push(...(await audit(world)), ...replay(place), ...neverTurned(world));
  for (const driver of drivers) driver.current().send('SIGTERM');
  return problems;
}

/** A run without a single rotation has not tried what it should. */
function neverTurned({ figures, place }: World): string[] {
  const { nextNumber } = listJournal(join(place.state, 'journal'));
  if (figures.kills.total < ROTATES_AFTER || nextNumber > 2) return [];
  return ['the journal has never begun another segment: is test/hosts/short_segments_host.cjs still heard?'];
}

/** The journal, with all its restarts, is stepped once more. */
function replay({ state }: Place): string[] {
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    ['build/moorage.mjs', 'replay', join(state, 'journal')],
    { encoding: 'utf8' },
  );
  return status === 0 ? [] : [`moorage replay: exit code ${status}: ${stdout} ${stderr}`];
}

function finishFigures({ figures, recoverMs, settleMs, allTasks, place }: World, begun: number): void {
  figures.journal.segments = listJournal(join(place.state, 'journal')).nextNumber - 1;
  figures.recoverMs = spread(recoverMs);
  figures.settleMs = spread(settleMs);
  figures.seconds = Math.round((performance.now() - begun) / 100) / 10;
  figures.bytesSynced = allTasks
    .flatMap((task) => readLedger(task).promised)
    .reduce((sum, { length }) => sum + length, 0);
}

function progress(
  world: World,
  round: Round,
  kills: number,
  begun: number,
  say: (text: string) => void,
): void {
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  const { figures } = world;
  say(
    `${seconds.padStart(5)} s  round ${round.number}, ${figures.kills.total}/${kills} kills: ${round.what}; ${world.live().length} tasks live, settled in ${Math.round(world.settleMs.at(-1) ?? 0)} ms`,
  );
}

/** What a person needs to look into it, and how to do it again. */
function tell(
  place: Place,
  { number, what, problems }: Round,
  figures: Figures,
  { kills, seed, say }: ChaosOptions,
): void {
  say(`chaos: LOST in round ${number} (${what}), seed ${seed}:`);
  for (const problem of problems) say(`  ${problem}`);
  say(
    `chaos: kept in ${place.directory} (kept-state/journal: moorage replay, moorage audit --state …/kept-state)`,
  );
  say(`chaos: again: npm run chaos -- --kills ${kills} --seed ${seed}`);
  writeFileSync(
    join(place.directory, 'report.json'),
    JSON.stringify({ seed, round: number, what, problems, figures }, null, 2),
  );
}

function onSignals(say: (text: string) => void): { readonly aborted: boolean; dispose(): void } {
  let aborted = false;
  const stop = () => {
    if (!aborted) say('chaos: interrupted; this round comes to its end, then everything is taken down');
    aborted = true;
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);
  return {
    get aborted() {
      return aborted;
    },
    dispose() {
      for (const signal of signals) process.off(signal, stop);
    },
  };
}
