import { runCampaign } from '../../simulator/campaign.ts';
import type { Present } from '../../simulator/present/present.ts';
import { createPresentSetup } from '../../simulator/present/setup.ts';
import { RULES, type Rule } from '../../simulator/violation.ts';

/** A rule that a seed broke. */
export interface BrokenRule {
  seed: number;
  rule: string;
  /** The rule in words. */
  means: string;
  message: string;
  /** Events from the present state until then, as few as could be found. */
  events: Record<string, unknown>[];
}

export interface Simulation {
  runs: number;
  events: number;
  seconds: number;
  containers: number;
  volumes: number;
  /** Under the other policy, and not under the deciding one in the same world. */
  broken?: BrokenRule;
  /** Seeds that break a rule under the deciding policy as well: they say nothing about the other one. */
  alsoBefore: number[];
}

export interface SimulationOptions {
  /** The modules, and names for errors. */
  other: { bytes: Uint8Array; name: string };
  deciding: { bytes: Uint8Array; name: string };
  seed: number;
  steps: number;
  runs: number;
  /** No seed begins after so many. */
  secondsMax: number;
}

/** Simulated worlds that go on from the present under the other policy, seed after seed, until a rule is broken or enough has been seen. */
export function simulate(present: Present, options: SimulationOptions): Simulation {
  const { other, deciding, steps, secondsMax } = options;
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  const setupOf = (seed: number) => createPresentSetup(seed, present);
  const result: Simulation = {
    runs: 0,
    events: 0,
    seconds: 0,
    containers: present.containers.length,
    volumes: present.volumes.length,
    alsoBefore: [],
  };
  while (result.runs < options.runs && seconds() < secondsMax) {
    const { runs, events, broken } = runCampaign({
      module: other.bytes,
      name: other.name,
      seed: options.seed + result.runs,
      steps,
      runs: options.runs - result.runs,
      setupOf,
      isOver: () => seconds() >= secondsMax,
    });
    result.runs += runs;
    result.events += events;
    if (!broken) break;
    const { seed, failure, shrunk } = broken;
    const before = runCampaign({
      module: deciding.bytes,
      name: deciding.name,
      seed,
      steps,
      runs: 1,
      setupOf,
    });
    if (before.broken) result.alsoBefore.push(seed);
    else {
      const { message, trace } = shrunk?.failure ?? failure;
      const rule = failure.invariant;
      result.broken = { seed, rule, means: RULES[rule as Rule] ?? rule, message, events: trace };
      break;
    }
  }
  return { ...result, seconds: seconds() };
}
