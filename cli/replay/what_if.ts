import { decodeEffects } from '../../host/frames/effect_frame.ts';
import type { Policy } from '../../host/policy/policy.ts';
import { PolicyError } from '../../host/policy/policy_error.ts';
import { askTheSame, type Difference, differencesOf } from './differences.ts';

/** A policy that is asked what it would have decided, event by event, beside the one that did. */
export interface WhatIf {
  /** Takes over the state before the first event that is asked. Throws PolicyError when it cannot. */
  begin(state: Uint8Array): void;
  /** What it decides differently. To be called after `recorded` has decided the frame, with its effects. */
  ask(frame: Uint8Array, effects: Uint8Array, recorded: Policy): Difference[];
  /** How often it was put into the state of the recorded policy again. */
  putBack(): number;
}

/**
 * The other policy goes its own way as long as it asks the same of the world as the recorded one did: then the answers in the journal
 * are answers to both. Where it asks for something else it is put into the state of the recorded one afterwards: what follows is
 * judged for itself, and one difference does not count as a hundred.
 */
export function createWhatIf(start: () => Policy): WhatIf {
  let other = start();
  let isAstray = false;
  let wakeSaidAnew = false;
  let putBack = 0;

  function goBack(recorded: Policy): void {
    const state = recorded.snapshot();
    // There is none while a recovery is coming in: it is asked again when that is over.
    isAstray = state === undefined;
    if (!state) return;
    other.restore(state);
    putBack += 1;
    wakeSaidAnew = true;
  }

  function decide(frame: Uint8Array): Uint8Array | PolicyError {
    try {
      return other.step(frame);
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      other = start();
      return error;
    }
  }

  return {
    begin(state) {
      other.restore(state);
      wakeSaidAnew = true;
    },
    ask(frame, effects, recorded) {
      if (isAstray) {
        goBack(recorded);
        return [];
      }
      const decided = decide(frame);
      if (decided instanceof PolicyError) {
        goBack(recorded);
        const was = decodeEffects(effects);
        return [{ rule: 'trap', field: 'effects', recorded: was, now: decided.message }];
      }
      if (Buffer.compare(effects, decided) === 0) {
        wakeSaidAnew = false;
        return [];
      }
      const [was, is] = [decodeEffects(effects), decodeEffects(decided)];
      const found = differencesOf(was, is, wakeSaidAnew);
      if (found.length === 0 && !wakeSaidAnew) found.push(inBytes(effects, decided));
      wakeSaidAnew = false;
      if (!askTheSame(was, is)) goBack(recorded);
      return found;
    },
    putBack: () => putBack,
  };
}

/** The same effects, written in another way: replay compares bytes. */
function inBytes(effects: Uint8Array, decided: Uint8Array): Difference {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return { rule: 'encoding', field: 'effects', recorded: hex(effects), now: hex(decided) };
}
