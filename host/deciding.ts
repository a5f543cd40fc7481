import { compare, createFollower, type Decided, type Follower } from './follower.ts';
import { decodeEffects } from './frames/effect_frame.ts';
import { stampOf } from './frames/event_frame.ts';
import type { Effect } from './frames/types.ts';
import type { Policy } from './policy/policy.ts';
import { PolicyError } from './policy/policy_error.ts';

export interface DecidingParts {
  policy: Policy;
  /** A fresh instance of the same policy; without it nothing follows, and a policy that fails ends the host. */
  startFollower: (() => Policy) | undefined;
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

/** The policy that decides, and the follower that takes its place when it fails. */
export interface Deciding {
  /** Throws {@link PolicyError} when the policy fails at this event, or answers nonsense: then `takeOver` comes next. */
  step(frame: Uint8Array, number: number): Decision;
  /** When the effects of a step are under way: clears up, and makes a follower where there is none. */
  rest(): void;
  /** The whole state; undefined while there is none that is whole. */
  snapshot(): Uint8Array | undefined;
  /** The deciding instance is dropped for `why`; the follower decides from now on. Throws when there is none that can. */
  takeOver(why: PolicyError): void;
  /** Asks an instance without changing its state: the follower where there is one, so that the deciding one has no pause. */
  read<Result>(question: (policy: Policy) => Result): Result;
  /** Events that the follower has still to step; undefined without one. */
  lag(): number | undefined;
  /** Nothing is followed any more. */
  stop(): void;
}

/** A follower that decided differently is replaced so many times. */
const REPLACED_MAX = 3;

export function createDeciding(parts: DecidingParts): Deciding {
  const { startFollower } = parts;
  let { policy } = parts;
  let follower: Follower | undefined;
  let replaced = 0;
  let isAlone = startFollower === undefined;
  let at = 0;

  function raise(start: () => Policy): void {
    const state = policy.snapshot();
    if (state) follower = followerFrom(start, state, at);
  }

  /** Undefined when there can be none just now. */
  function followerFrom(start: () => Policy, state: Uint8Array, since: number): Follower | undefined {
    try {
      const made = createFollower(start(), state, since, (error) => drop(made, error));
      return made;
    } catch (error) {
      isAlone = true;
      parts.onAlone(`no second instance of policy ${policy.name}: ${(error as Error).message}`);
      return undefined;
    }
  }

  function drop(which: Follower | undefined, error: PolicyError): void {
    if (which !== follower) return;
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
      if (state && startFollower && !isAlone) follower = followerFrom(startFollower, state, since);
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
      const decided: Decided = { frame, effects: effectsFrame, number };
      follower?.behind(decided);
      return { frame: effectsFrame, effects, turns: policy.turns() };
    },
    rest() {
      policy.rest();
      if (!follower && startFollower && !isAlone) raise(startFollower);
    },
    snapshot: () => policy.snapshot(),
    takeOver,
    read(question) {
      const asked = follower;
      if (asked?.policy.digest !== policy.digest) return question(policy);
      try {
        return question(asked.policy);
      } catch (error) {
        asked.stop();
        if (error instanceof PolicyError) drop(asked, error);
        throw error;
      }
    },
    lag: () => follower?.lag(),
    stop: () => follower?.stop(),
  };
}

function readEffects({ name }: Policy, frame: Uint8Array): Effect[] {
  try {
    return decodeEffects(frame);
  } catch (error) {
    throw new PolicyError(`policy ${name}: ${(error as Error).message}`);
  }
}
