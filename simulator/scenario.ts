import { ACTIONS, complete, configure, unmountOther } from './actions.ts';
import { cleanup } from './agent.ts';
import { checkClean } from './checks.ts';
import { type Coverage, createCoverage } from './coverage.ts';
import { comeBack, restartHost, start } from './crashes.ts';
import { HostDied, note, send } from './host.ts';
import { runLate } from './late.ts';
import { furnish } from './present/furnish.ts';
import type { Present } from './present/present.ts';
import { createRandom, derive } from './random.ts';
import { createSetup, type Setup } from './setup.ts';
import { Violation } from './violation.ts';
import { createWorld, type Policies, type World } from './world.ts';

/** One thing that happens; its choices come from its own seed, so that others may be left out. */
export interface Action {
  readonly name: string;
  readonly seed: number;
}

export interface Failure {
  readonly invariant: string;
  readonly message: string;
  /** Events until then. */
  readonly step: number;
  /** The events that lead there, as the policy had them. */
  readonly trace: Record<string, unknown>[];
}

export interface Result {
  readonly world: World;
  readonly failure: Failure | undefined;
}

/** Everything must have come to rest after so many further events. */
const SETTLE_STEPS = 4000;
/** And in a world with many volumes, for each of them. */
const SETTLE_STEPS_EACH = 40;
/** While containers live it need not come to rest: what they still have is looked at again and again. */
const QUIET_STEPS = 150;

/** What a seed makes happen: `steps` actions. */
export function planOf(setup: Setup, steps: number): Action[] {
  const random = createRandom(derive(setup.seed, 1));
  const total = setup.weights.reduce((sum, [, weight]) => sum + weight, 0);
  return Array.from({ length: steps }, (_, index) => {
    let at = (random.below(1_000_000) / 1_000_000) * total;
    const found = setup.weights.find(([, weight]) => {
      at -= weight;
      return at < 0;
    });
    return { name: found?.[0] ?? 'complete', seed: derive(setup.seed, index + 2) };
  });
}

export function runSeed(
  seed: number,
  steps: number,
  policies: Policies,
  coverage: Coverage,
  setupOf: (seed: number) => Setup = createSetup,
): Result {
  const setup = setupOf(seed);
  return runPlan(setup, planOf(setup, steps), policies, coverage);
}

/** Runs the actions, with faults, then lets everything come to rest, without. */
export function runPlan(
  setup: Setup,
  plan: readonly Action[],
  policies: Policies,
  coverage = createCoverage(),
): Result {
  const world = createWorld(setup, policies, coverage);
  if (setup.present) furnish(world, setup.present);
  try {
    if (setup.present) surviving(world, () => goOn(world, setup.present as Present));
    else start(world);
    for (const action of plan) act(world, action);
    settle(world);
    return { world, failure: undefined };
  } catch (error) {
    const invariant = error instanceof Violation ? error.invariant : 'trap';
    const message = error instanceof Violation ? error.message : `${(error as Error).stack}`;
    const trace = world.journal.map(({ event }) => event);
    return { world, failure: { invariant, message, step: world.steps, trace } };
  }
}

/** The world goes on from a real one. Effects of which nothing is known any more have ended somehow. */
function goOn(world: World, { volumes, containers, effects }: Present): void {
  const known = new Set(effects.map(({ effect }) => effect));
  const busy = [...volumes.map(({ effect }) => effect), ...containers.map(({ placing }) => placing)];
  const error = { code: 'timeout', message: 'nobody knows how it ended', kind: 'timeout' };
  for (const effect of busy)
    if (effect > 0 && !known.has(effect)) send(world, { type: 'done', effect, ok: false, error });
  wake(world);
}

function act(world: World, { name, seed }: Action): void {
  world.random = createRandom(seed);
  surviving(world, () => {
    runLate(world);
    ACTIONS[name]?.(world);
    wake(world);
  });
}

/** A host that dies at an event is started again, until it lives. */
function surviving(world: World, run: () => void): void {
  for (let next = run; ; next = () => comeBack(world)) {
    try {
      next();
      return;
    } catch (error) {
      if (!(error instanceof HostDied)) throw error;
    }
  }
}

/** Time has come for the wake-up: it is told. */
export function wake(world: World): void {
  runLate(world);
  if (world.wakeAt === 0 || world.wakeAt > world.now) return;
  note(world, 'tick', []);
  send(world, { type: 'tick' });
}

/** No more faults: drivers answer, others leave, all containers end; what was late comes true. */
export function settle(world: World): void {
  world.random = createRandom(derive(world.setup.seed, 0));
  world.faults = false;
  while (world.dying !== '') surviving(world, () => send(world, { type: 'tick' }));
  world.downUntil.clear();
  // What an operator made the policy forget is found again when the host starts.
  if (world.forgot) restartHost(world);
  configure(world, world.setup.config);
  world.draining = false;
  send(world, { type: 'operator', verb: 'resume' });
  for (const { driver, name } of world.volumes.values())
    send(world, { type: 'operator', verb: 'release', driver, name });
  const keepsOthers = world.random.chance(0.5);
  if (!keepsOthers)
    for (const volume of world.volumes.values()) while (volume.others > 0) unmountOther(world, volume);
  if (world.random.chance(0.7)) rest(world, QUIET_STEPS);
  for (const container of [...world.containers.values()]) cleanup(world, container);
  if (keepsOthers) rest(world, QUIET_STEPS);
  for (const volume of world.volumes.values()) while (volume.others > 0) unmountOther(world, volume);
  rest(world);
  lookAgain(world);
  rest(world);
  checkClean(world);
}

/** Until nothing is under way and nothing is waited for. */
function rest(world: World, enough = Number.POSITIVE_INFINITY): void {
  const most = Math.max(SETTLE_STEPS, SETTLE_STEPS_EACH * world.volumes.size);
  for (let steps = 0; steps < most; steps += 1) {
    if (steps >= enough) return;
    runLate(world);
    if (world.work.length > 0) complete(world);
    else {
      const times = [...(world.wakeAt > 0 ? [world.wakeAt] : []), ...world.late.map(({ dueAt }) => dueAt)];
      if (times.length === 0) return;
      world.now = Math.max(world.now, Math.min(...times));
      if (world.wakeAt === 0 || world.wakeAt > world.now) continue;
      send(world, { type: 'tick' });
    }
    wake(world);
  }
  throw new Violation('clean', `not at rest after ${most} more events without faults`);
}

/** What vanished without a word is told at the end, as a restart would. */
function lookAgain(world: World): void {
  for (const { target } of world.untold) send(world, { type: 'lost', target });
  world.untold = [];
}
