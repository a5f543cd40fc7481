import { compare, createFollower, type Decided, type Follower, type Photograph } from './follower.ts';
import { decodeEffects } from './frames/effect_frame.ts';
import { partOf, stampOf } from './frames/event_frame.ts';
import type { Effect } from './frames/types.ts';
import type { Policy } from './policy/policy.ts';
import { PolicyError } from './policy/policy_error.ts';

export interface DecidingParts {
  policy: Policy;
  /** Time of the last event that it has decided; 0 for none. */
  at?: number;
  /** A fresh instance of the policy with that digest; without it nothing follows, and a policy that fails ends the host. */
  start: ((digest: string) => Policy) | undefined;
  /** The follower follows no more. */
  onDiverged(message: string): void;
  /** There is none any more. */
  onAlone(message: string): void;
}

/** What an event led to: the frame as the policy wrote it, and what is in it. */
export interface Decision {
  frame: Uint8Array;
  effects: Effect[];
  /** Turns of loops that it took. */
  turns: number;
}

/** Who hears the events without being the follower. */
export type Hearer = Pick<Follower, 'behind' | 'stop'>;

/** The policy that decides, and the follower that takes its place when it fails. */
export interface Deciding {
  /** Throws {@link PolicyError} when the policy fails at this event, or answers nonsense: then `takeOver` comes next. */
  step(frame: Uint8Array, number: number): Decision;
  /** When the effects of a step are under way: clears up, and makes a follower where there is none. */
  rest(): void;
  /** The state after the last event; made by the follower where there is one, so that nobody waits for it. Undefined while there is none that is whole. */
  photograph(): Photograph | undefined;
  /** The whole state at once; amid a recovery that failed, the one before it. Undefined while there is none that is whole. */
  snapshot(): Uint8Array | undefined;
  /** The deciding instance is dropped for `why`; the follower decides from now on. Throws when there is none that can. */
  takeOver(why: PolicyError): void;
  /** A follower of that policy, which hears nothing yet; `onEnd` is told why it ends as long as it is not the one that counts. */
  follow(
    policy: Policy,
    snapshot: Uint8Array,
    at: number | undefined,
    onEnd?: (error: PolicyError) => void,
  ): Follower;
  /** Another policy decides from now on, and has been given the state. `follower`: of it, from the same state on. */
  become(policy: Policy, follower: Follower): void;
  /** Hears every event from now on, until it is dismissed. */
  attend(heir: Hearer): void;
  dismiss(heir: Hearer): void;
  isAttended(): boolean;
  /** A recovery is coming in in parts. */
  isAmidRecovery(): boolean;
  now(): Policy;
  /** Asks an instance without changing its state: the follower where it is free, so that the deciding one has no pause. */
  read<Result>(question: (policy: Policy) => Result): Result;
  /** Time of the last event that was decided. */
  lastAt(): number;
  follower(): Follower | undefined;
  /** Nothing is followed any more. */
  stop(): void;
}

/** A follower that decided differently is replaced so many times. */
const REPLACED_MAX = 3;

export function createDeciding(parts: DecidingParts): Deciding {
  const { start } = parts;
  const heirs = new Set<Hearer>();
  let { policy } = parts;
  let follower: Follower | undefined;
  let beforeRecovery: Uint8Array | undefined;
  let isAmid = false;
  let replaced = 0;
  let isAlone = start === undefined;
  let at = parts.at ?? 0;

  function raise(): void {
    const state = follower || isAlone ? undefined : policy.snapshot();
    if (state) follower = followerFrom(state, at);
  }

  /** Undefined when there can be none just now. */
  function followerFrom(snapshot: Uint8Array, since: number): Follower | undefined {
    if (!start || isAlone) return undefined;
    try {
      return follow(start(policy.digest), snapshot, since);
    } catch (error) {
      isAlone = true;
      parts.onAlone(`no second instance of policy ${policy.name}: ${(error as Error).message}`);
      return undefined;
    }
  }

  function follow(
    instance: Policy,
    snapshot: Uint8Array,
    since: number | undefined,
    onEnd?: (error: PolicyError) => void,
  ): Follower {
    const made: Follower = createFollower({
      policy: instance,
      snapshot,
      at: since,
      onEnd: (error) => (made === follower ? drop(error) : onEnd?.(error)),
    });
    return made;
  }

  function drop(error: PolicyError): void {
    follower?.stop();
    follower = undefined;
    replaced += 1;
    parts.onDiverged(error.message);
    if (replaced <= REPLACED_MAX) return;
    isAlone = true;
    parts.onAlone(
      `policy ${policy.name} has been followed differently ${replaced} times; it is not followed now`,
    );
  }

  function takeOver(why: PolicyError): void {
    const next = follower;
    follower = undefined;
    if (!next) throw new PolicyError(`${why.message}; there is no second instance that could take over`);
    try {
      const { policy: to, at: since, held } = next.catchUp();
      // Of a state amid a recovery there is no snapshot: the next follower begins before it, as this one did.
      const state = to.snapshot();
      policy = to;
      beforeRecovery = held.length > 0 ? state : undefined;
      if (state) follower = followerFrom(state, since);
      for (const decided of held) {
        compare(policy, decided);
        follower?.behind(decided);
      }
    } catch (error) {
      follower?.stop();
      throw new PolicyError(`${why.message}; nor can the second instance go on: ${(error as Error).message}`);
    }
  }

  return {
    step(frame, number) {
      const effectsFrame = policy.step(frame);
      const effects = readEffects(policy, effectsFrame);
      at = stampOf(frame).at;
      const part = partOf(frame);
      if (part) isAmid = part.last !== true;
      const decided: Decided = { frame, effects: effectsFrame, number };
      follower?.behind(decided);
      for (const heir of heirs) heir.behind(decided);
      return { frame: effectsFrame, effects, turns: policy.turns() };
    },
    rest() {
      policy.rest();
      raise();
    },
    photograph() {
      if (isAmid) return undefined;
      try {
        if (follower) return follower.photograph();
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error;
        drop(error);
        return undefined;
      }
      const state = policy.snapshot();
      return state && { at, state: Promise.resolve(state) };
    },
    snapshot: () => policy.snapshot() ?? beforeRecovery,
    takeOver,
    follow,
    become(to, next) {
      follower?.stop();
      // Who was given the state of the other policy is no heir of this one.
      heirs.clear();
      policy = to;
      follower = next;
      replaced = 0;
      isAlone = start === undefined;
    },
    attend: (heir) => {
      heirs.add(heir);
    },
    dismiss: (heir) => {
      heirs.delete(heir);
    },
    isAttended: () => heirs.size > 0,
    isAmidRecovery: () => isAmid,
    now: () => policy,
    read(question) {
      const asked = follower?.free();
      if (!asked) return question(policy);
      try {
        return question(asked);
      } catch (error) {
        if (error instanceof PolicyError) drop(error);
        throw error;
      }
    },
    lastAt: () => at,
    follower: () => follower,
    stop: () => {
      follower?.stop();
      for (const heir of heirs) heir.stop();
    },
  };
}

/** The effects in a frame that a policy wrote. Throws {@link PolicyError} when it is nonsense. */
export function readEffects({ name }: Policy, frame: Uint8Array): Effect[] {
  try {
    return decodeEffects(frame);
  } catch (error) {
    throw new PolicyError(`policy ${name}: ${(error as Error).message}`);
  }
}
