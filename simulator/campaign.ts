import { startPolicy } from '../host/policy/policy.ts';
import { type Coverage, createCoverage } from './coverage.ts';
import { type Failure, runSeed } from './scenario.ts';
import { createSetup, type Setup } from './setup.ts';
import { type Shrunk, shrink } from './shrink.ts';
import type { Policies } from './world.ts';

export interface CampaignOptions {
  /** The module of the policy. */
  module: Uint8Array;
  /** Of the module, for errors. */
  name: string;
  /** The first seed; the others follow it. */
  seed: number;
  /** Actions of each scenario. */
  steps: number;
  /** How many seeds. */
  runs: number;
  /** The world of each seed; by default drivers, volumes and faults of its own, and nothing that is there before. */
  setupOf?(seed: number): Setup;
  /** Ends earlier when this says so; asked after each run. */
  isOver?(): boolean;
  /** Makes something else of each instance before it is used: for trying whether faults are found. */
  wrap?(policy: Policies['deciding']): Policies['deciding'];
}

export interface Broken {
  readonly seed: number;
  readonly failure: Failure;
  readonly shrunk: Shrunk | undefined;
}

export interface CampaignResult {
  readonly runs: number;
  readonly events: number;
  readonly coverage: Coverage;
  /** The first seed that broke a rule; nothing was run after it. */
  readonly broken: Broken | undefined;
}

/** Runs one seed after the other until a rule is broken. Throws PolicyError when the module is no policy. */
export function runCampaign(options: CampaignOptions): CampaignResult {
  const { module, name, steps, wrap = (policy) => policy, setupOf = createSetup } = options;
  const renew = (): Policies => {
    const deciding = startPolicy(module, name);
    const empty = deciding.snapshot();
    if (!empty) throw new Error(`policy ${name}: gives no snapshot of its first state`);
    return { deciding: wrap(deciding), comparing: wrap(startPolicy(module, name)), empty };
  };
  const coverage = createCoverage();
  const policies = renew();
  let events = 0;
  for (let runs = 1; runs <= options.runs; runs += 1) {
    const seed = options.seed + runs - 1;
    const { world, failure } = runSeed(seed, steps, policies, coverage, setupOf);
    events += world.steps;
    if (failure) {
      const rule = failure.invariant;
      const shrunk = shrink(setupOf(seed), steps, rule, rule === 'trap' ? renew : () => policies);
      return { runs, events, coverage, broken: { seed, failure, shrunk } };
    }
    if (options.isOver?.()) return { runs, events, coverage, broken: undefined };
  }
  return { runs: options.runs, events, coverage, broken: undefined };
}
