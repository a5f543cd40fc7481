import type { Policy } from '../host/policy/policy.ts';
import { eventSource } from './policy_events.ts';
import { random } from './random.ts';

const EVENTS_A_SCENARIO = 250;

/** Where two policies parted. */
export interface Parting {
  seed: number;
  step: number;
  what: string;
  /** The event, hex. */
  frame: string;
}

/**
 * Gives both policies the same random events, a new state every 250, and compares effects and snapshots after each. One time in a hundred
 * each takes the other's snapshot. Returns where they parted, or undefined when they never did. A policy that fails, fails.
 */
export function compareTwins(
  left: Policy,
  right: Policy,
  events: number,
  firstSeed: number,
): Parting | undefined {
  const fresh = [left.snapshot(), right.snapshot()] as [Uint8Array, Uint8Array];
  for (let from = 0, seed = firstSeed; from < events; from += EVENTS_A_SCENARIO, seed++) {
    left.restore(fresh[0]);
    right.restore(fresh[1]);
    const parting = compareScenario(left, right, Math.min(EVENTS_A_SCENARIO, events - from), seed);
    if (parting) return parting;
  }
  return undefined;
}

function compareScenario(left: Policy, right: Policy, events: number, seed: number): Parting | undefined {
  const dice = random(seed);
  const source = eventSource(dice);
  for (let step = 0; step < events; step++) {
    const frame = source.next();
    const part = (what: string): Parting => ({ seed, step, what, frame: Buffer.from(frame).toString('hex') });
    const answers = [attempt(left, frame), attempt(right, frame)] as const;
    for (const answer of answers) if (typeof answer === 'string') return part(answer);
    const [one, other] = answers as [Uint8Array, Uint8Array];
    if (!isSame(one, other)) return part('other effects');
    const states = [left.snapshot(), right.snapshot()] as const;
    if (!isSame(states[0], states[1])) return part('other snapshots');
    if (states[0] && states[1] && dice(100) === 0) {
      left.restore(states[1]);
      right.restore(states[0]);
    }
    source.hear(one);
  }
  return undefined;
}

function attempt(policy: Policy, frame: Uint8Array): Uint8Array | string {
  try {
    return policy.step(frame);
  } catch (error) {
    return `${policy.name}: ${(error as Error).message}`;
  }
}

function isSame(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  if (!left || !right) return left === right;
  return Buffer.compare(left, right) === 0;
}
