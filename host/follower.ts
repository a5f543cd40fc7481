import { nameOf, partOf, stampOf } from './frames/event_frame.ts';
import { rouse } from './journal/base.ts';
import type { Policy } from './policy/policy.ts';
import { PolicyError } from './policy/policy_error.ts';

/** An event that has been decided, and what the deciding policy answered. */
export interface Decided {
  frame: Uint8Array;
  effects: Uint8Array;
  /** Of the event in the journal, from 1. */
  number: number;
}

/** A second instance of the policy, stepped behind the deciding one whenever the host is idle. */
export interface Follower {
  readonly policy: Policy;
  /** Events that it has still to step. */
  lag(): number;
  /** To be stepped here too, later; the frames are kept as they are. */
  behind(decided: Decided): void;
  /**
   * Steps at once all that can be, up to a recovery whose parts are still coming in, and follows no more. Those are handed back: before
   * the first of them the state is whole. Throws PolicyError when it fails or decides something else.
   */
  catchUp(): { policy: Policy; at: number; held: Decided[] };
  /** Follows no more. */
  stop(): void;
}

/** So many events at least are stepped between two looks at what else the host has to do; more where many wait. */
const SLICE = 32;
const SLICE_PART = 4;

/**
 * A follower in a state that `snapshot` gave, after an event at time `at`; undefined when that state is not at rest. `onDiverged` hears
 * once why this one follows no more. Throws PolicyError when the policy does not take the state.
 */
export function createFollower(
  policy: Policy,
  snapshot: Uint8Array,
  at: number,
  onDiverged: (error: PolicyError) => void,
): Follower | undefined {
  policy.restore(snapshot);
  if (!rouse(policy, at)) return undefined;
  policy.rest();
  return follow(policy, at, onDiverged);
}

function follow(policy: Policy, begunAt: number, onDiverged: (error: PolicyError) => void): Follower {
  let at = begunAt;
  let ready: Decided[] = [];
  let held: Decided[] = [];
  let slice: NodeJS.Immediate | undefined;
  let stopped = false;

  function stepSome(count: number): void {
    const some = ready.slice(0, count);
    ready = ready.slice(count);
    for (const decided of some) {
      compare(policy, decided);
      at = stampOf(decided.frame).at;
    }
  }

  function stepSlice(): void {
    slice = undefined;
    try {
      stepSome(Math.max(SLICE, Math.ceil(ready.length / SLICE_PART)));
      plan();
    } catch (error) {
      stop();
      if (!(error instanceof PolicyError)) throw error;
      onDiverged(error);
    }
  }

  function plan(): void {
    if (ready.length > 0 && !stopped) slice ??= setImmediate(stepSlice);
  }

  function stop(): void {
    stopped = true;
    if (slice) clearImmediate(slice);
    slice = undefined;
  }

  return {
    policy,
    lag: () => ready.length + held.length,
    behind(decided) {
      if (stopped) return;
      const part = partOf(decided.frame);
      if (part ? !part.last : held.length > 0) held.push(decided);
      else {
        ready.push(...held, decided);
        held = [];
      }
      plan();
    },
    catchUp() {
      stop();
      stepSome(ready.length);
      return { policy, at, held };
    },
    stop,
  };
}

/** Steps what another instance has decided. Throws PolicyError when this one fails at it, or decides something else. */
export function compare(policy: Policy, { frame, effects, number }: Decided): void {
  const event = `event ${number} (${nameOf(frame)})`;
  let mine: Uint8Array;
  try {
    mine = policy.step(frame);
    policy.rest();
  } catch (error) {
    throw new PolicyError(`${event} was decided once, and not a second time: ${(error as Error).message}`);
  }
  if (Buffer.compare(mine, effects) !== 0)
    throw new PolicyError(
      `${event} was decided differently by two instances of policy ${policy.name} ${policy.version}; see: moorage replay`,
    );
}
