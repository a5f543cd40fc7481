import type { Policy } from '../policy/policy.ts';
import { PolicyError } from '../policy/policy_error.ts';
import { rouse } from './base.ts';

/** A policy that was given the state at a record `heir`, and hears every event since, while another decides. */
export interface Heir {
  readonly digest: string;
  /** Hears an event and what was decided on it. */
  hear(frame: Uint8Array, effects: Uint8Array): void;
  /** The policy, when it has decided every event since in the same way, so that its state is that of the world; else undefined. */
  policy(): Policy | undefined;
}

/** `state`: of the deciding policy after its last event, at time `at`. */
export function beginHeir(digest: string, policy: Policy, state: Uint8Array, at: number): Heir {
  let isTrue = tried(() => {
    policy.restore(state);
    return rouse(policy, at);
  });
  return {
    digest,
    hear(frame, effects) {
      if (isTrue) isTrue = tried(() => Buffer.compare(policy.step(frame), effects) === 0);
    },
    policy: () => (isTrue ? policy : undefined),
  };
}

function tried(run: () => boolean): boolean {
  try {
    return run();
  } catch (error) {
    if (error instanceof PolicyError) return false;
    throw error;
  }
}
