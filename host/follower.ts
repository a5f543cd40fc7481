import { nameOf, partOf, stampOf } from './frames/event_frame.ts';
import { rouse } from './journal/base.ts';
import type { Parts } from './policy/pieces.ts';
import type { Policy } from './policy/policy.ts';
import { PolicyError } from './policy/policy_error.ts';

/** An event that has been decided, and what the deciding policy answered. */
export interface Decided {
  frame: Uint8Array;
  effects: Uint8Array;
  /** Of the event in the journal, from 1. */
  number: number;
}

/** Two policies, or two instances of one, have decided an event differently. */
export class Diverged extends PolicyError {}

/** A second instance, of this or of another policy, stepped behind the deciding one whenever the host is idle. */
export interface Follower {
  /** To be stepped here too, later; the frames are kept as they are. */
  behind(decided: Decided): void;
  /** Events that it has not stepped yet; Infinity while it does not even have its state. */
  lag(): number;
  /**
   * Steps at once all that can be, up to a recovery whose parts are still coming in, and follows no more. Those are handed back: before
   * the first of them the state is whole. Throws {@link PolicyError} when it fails, {@link Diverged} when it decides something else.
   */
  catchUp(): { policy: Policy; at: number; held: Decided[] };
  /**
   * The state after all events so far: those that wait are stepped at once, the snapshot is made in pieces, and the events that come meanwhile
   * wait. Undefined amid a recovery, and while another one is being made.
   */
  photograph(): Photograph | undefined;
  /** Its policy, for questions that change nothing; undefined while it takes or gives its state in pieces. */
  free(): Policy | undefined;
  /** Throws why it follows no more, when it has failed or decided something else. */
  check(): void;
  /** Follows no more. */
  stop(): void;
}

/** A snapshot in the making. */
export interface Photograph {
  /** Time of the last event in it. */
  at: number;
  /** Undefined when the follower has ended before it was whole. */
  state: Promise<Uint8Array | undefined>;
}

/** So many events at least are stepped between two looks at what else the host has to do; more where many wait. */
export const SLICE = 32;
const SLICE_PART = 4;

export interface FollowerParts {
  policy: Policy;
  snapshot: Uint8Array;
  /** Time of the last event in it; undefined when the first event is stepped on the state as it was taken, wake-up and all. */
  at: number | undefined;
  /** Hears once why this one follows no more. */
  onEnd(error: PolicyError): void;
}

/** A follower that takes its state in idle slices too. */
export function createFollower({ policy, snapshot, at: begunAt, onEnd }: FollowerParts): Follower {
  let at = begunAt ?? 0;
  let ready: Decided[] = [];
  let held: Decided[] = [];
  let slice: NodeJS.Immediate | undefined;
  let stopped = false;
  let failure: PolicyError | undefined;
  let taking: Parts<void> | undefined = takeState(policy, snapshot, begunAt);
  let giving: { parts: Parts<Uint8Array | undefined>; done(state: Uint8Array | undefined): void } | undefined;

  function stepSome(count: number): void {
    const some = ready.slice(0, count);
    ready = ready.slice(count);
    for (const decided of some) {
      compare(policy, decided);
      at = stampOf(decided.frame).at;
    }
  }

  /** One piece of what is to be done first. */
  function work(): void {
    if (taking) {
      if (taking.next().done) taking = undefined;
    } else if (giving) {
      const { done, value } = giving.parts.next();
      if (done) endPhotograph(value as Uint8Array | undefined);
    } else stepSome(Math.max(SLICE, Math.ceil(ready.length / SLICE_PART)));
  }

  function workSlice(): void {
    slice = undefined;
    try {
      work();
      plan();
    } catch (error) {
      stop();
      if (!(error instanceof PolicyError)) throw error;
      failure = error;
      onEnd(error);
    }
  }

  function plan(): void {
    if (!stopped && (taking || giving || ready.length > 0)) slice ??= setImmediate(workSlice);
  }

  function endPhotograph(state: Uint8Array | undefined): void {
    const ended = giving;
    giving = undefined;
    ended?.done(state);
  }

  function stop(): void {
    stopped = true;
    if (slice) clearImmediate(slice);
    slice = undefined;
    endPhotograph(undefined);
  }

  function check(): void {
    if (failure) throw failure;
  }

  /** What is left of the state, and all events that wait. */
  function reach(): void {
    check();
    if (taking) for (const _ of taking);
    taking = undefined;
    stepSome(ready.length);
  }

  plan();
  return {
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
    lag: () => (taking ? Number.POSITIVE_INFINITY : ready.length + held.length),
    catchUp() {
      stop();
      reach();
      return { policy, at, held };
    },
    photograph() {
      if (stopped || giving || held.length > 0) return undefined;
      reach();
      const state = new Promise<Uint8Array | undefined>((done) => {
        giving = { parts: policy.snapshotInParts(), done };
      });
      plan();
      return { at, state };
    },
    free: () => (taking || giving || stopped ? undefined : policy),
    check,
    stop,
  };
}

/** Throws when the policy does not take the state, or has something to do at once that the deciding one has not. */
function* takeState(policy: Policy, snapshot: Uint8Array, at: number | undefined): Parts<void> {
  yield* policy.restoreInParts(snapshot);
  if (at === undefined) return;
  if (!rouse(policy, at))
    throw new Diverged(
      `policy ${policy.name} ${policy.version} has something to do at once when it takes the state over`,
    );
  policy.rest();
}

/** Steps what another instance has decided. Throws PolicyError when this one fails at it, Diverged when it decides something else. */
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
    throw new Diverged(
      `${event} was decided differently by a second instance, of policy ${policy.name} ${policy.version}; see: moorage replay`,
    );
}
