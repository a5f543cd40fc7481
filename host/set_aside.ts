import { decodeEvent, stampOf } from './frames/event_frame.ts';
import type { Event, ReplyEffect } from './frames/types.ts';

/** The code of the alert, and of the answer to a call, when the policy failed at an event. */
export const POLICY_FAILED = 'policy-failed';

/** What follows from an event that was set aside. */
export interface Aftermath {
  /** To whoever waits for it. */
  reply: ReplyEffect | undefined;
  /** The policy hears this in its place. */
  instead: Record<string, unknown> | undefined;
}

/** An event is offered so often. */
export const TRIES_MAX = 3;

/**
 * Nobody stays unanswered for an event that the policy failed at, and nothing of what may hold a volume is forgotten. `mayTryAgain`: it
 * has not been offered in vain too often.
 */
export function aftermathOf(frame: Uint8Array, mayTryAgain: boolean): Aftermath {
  const event = readEvent(frame);
  const { call } = stampOf(frame);
  const isCleanup = event?.type === 'cleanup';
  return {
    reply: call === 0 ? undefined : isCleanup ? { type: 'reply', call, ok: true } : refusal(call),
    instead: event && mayTryAgain ? insteadOf(event) : undefined,
  };
}

/** The outcome of an effect that the policy could not hear is unknown to it: it looks for itself. Cleanups and ticks lose nothing by coming again. */
function insteadOf(event: Event): Record<string, unknown> | undefined {
  if (event.type === 'cleanup') return { type: 'cleanup', id: event.id, call: 0 };
  if (event.type === 'tick') return { type: 'tick' };
  if (event.type !== 'done') return undefined;
  const message = 'the policy failed at the outcome of this effect';
  return {
    type: 'done',
    effect: event.effect,
    ok: false,
    error: { code: POLICY_FAILED, message, kind: 'timeout' },
  };
}

function refusal(call: number): ReplyEffect {
  return {
    type: 'reply',
    call,
    ok: false,
    error: {
      code: POLICY_FAILED,
      message: 'the policy failed at this call; it is set aside, and nothing was done for it',
      hint: 'the log of the agent has an alert policy-failed with the cause; replace the policy, then try again',
    },
  };
}

function readEvent(frame: Uint8Array): Event | undefined {
  try {
    return decodeEvent(frame);
  } catch {
    return undefined;
  }
}
