import type { Policy } from '../../../host/policy/policy.ts';
import { startPortable } from '../../../portable/policy.ts';
import { createCoverage } from '../../../simulator/coverage.ts';
import { runSeed } from '../../../simulator/scenario.ts';
import type { Policies } from '../../../simulator/world.ts';
import type { Switched } from './switched.ts';

/** What the simulator says of a policy. */
export interface Broken {
  rule: string;
  /** Scenarios until then, this one included. */
  runs: number;
  /** Events of all of them until then. */
  events: number;
}

/** Actions of one scenario. */
const STEPS = 200;

/** Runs the seeds from 1 on until one breaks a rule; `before` and `after` are called around each, and true from `after` ends it. */
export function simulate(
  policies: Policies,
  runs: number,
  before: (seed: number) => void = () => {},
  after: () => unknown = () => false,
): Broken | undefined {
  let events = 0;
  for (let seed = 1; seed <= runs; seed += 1) {
    before(seed);
    const { world, failure } = runSeed(seed, STEPS, policies, createCoverage());
    events += world.steps;
    const isOver = after() === true;
    if (failure) return { rule: failure.invariant, runs: seed, events };
    if (isOver) return undefined;
  }
  return undefined;
}

/** Two policies of a kind for the simulator. */
export function policiesOf(open: () => Policy): Policies {
  const deciding = open();
  const empty = deciding.snapshot();
  if (!empty) throw new Error('a policy without a first state');
  return { deciding, comparing: open(), empty };
}

/** The simulator on the chosen fault; a scenario that turns far more often than it should has failed. */
export function simulateSwitched(
  switched: Switched,
  file: string,
  turns: readonly number[],
): Broken | undefined {
  try {
    const policies = policiesOf(() => startPortable(file));
    return simulate(policies, turns.length, (seed) => switched.allow(limitOf(turns[seed - 1] as number)));
  } catch (error) {
    return { rule: `trap: ${(error as Error).message}`, runs: 1, events: 0 };
  }
}

/** More turns than this, where so many are usual, is an endless loop. */
export function limitOf(turns: number): number {
  return turns * 10 + 200_000;
}
