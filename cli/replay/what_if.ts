import { decodeEffects } from '../../host/frames/effect_frame.ts';
import type { Policy } from '../../host/policy/policy.ts';
import { PolicyError } from '../../host/policy/policy_error.ts';
import { askTheSame, type Difference, differencesOf } from './differences.ts';

/** The other policy does not take the state of the recorded one: what follows is not asked. */
const STATE_REFUSED = 'state: refused';

/** A policy that is asked what it would have decided, event by event, beside the one that did. */
export interface WhatIf {
  /** Takes over the state of the recorded policy before the first event that is asked. */
  begin(recorded: Policy): void;
  /** What it decides differently. To be called after `recorded` has decided the frame, with its effects. */
  ask(frame: Uint8Array, effects: Uint8Array, recorded: Policy): Difference[];
  /** How often it was put into the state of the recorded policy again. */
  putBack(): number;
}

/**
 * The other policy goes its own way as long as it asks the same of the world as the recorded one did: then the answers in the journal
 * are answers to both. Where it asks for something else it is put into the state of the recorded one afterwards: what follows is
 * judged for itself, and one difference does not count as a hundred. Where it does not take that state it is asked again when
 * another policy has decided.
 */
export function createWhatIf(start: () => Policy): WhatIf {
  let other = start();
  let isAstray = false;
  let wakeSaidAnew = false;
  let putBack = 0;
  /** Digest of the recorded policy whose state it did not take. */
  let refusedOf: string | undefined;

  /** True when it has the state of the recorded one. There is none while a recovery is coming in. Throws PolicyError when it does not take it. */
  function takeState(recorded: Policy): boolean {
    isAstray = true;
    const state = recorded.snapshot();
    if (!state) return false;
    other.restore(state);
    isAstray = false;
    wakeSaidAnew = true;
    return true;
  }

  function goBack(recorded: Policy): Difference[] {
    try {
      if (takeState(recorded)) putBack += 1;
      return [];
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      other = start();
      refusedOf = recorded.digest;
      return [{ rule: STATE_REFUSED, field: 'state', recorded: recorded.digest, now: error.message }];
    }
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
    begin(recorded) {
      try {
        takeState(recorded);
      } catch (error) {
        // It is told with the first event, after which the state is offered again.
        if (!(error instanceof PolicyError)) throw error;
        other = start();
      }
    },
    ask(frame, effects, recorded) {
      if (isAstray) return recorded.digest === refusedOf ? [] : goBack(recorded);
      const decided = decide(frame);
      if (decided instanceof PolicyError) {
        const was = decodeEffects(effects);
        const trap = { rule: 'trap', field: 'effects', recorded: was, now: decided.message };
        return [trap, ...goBack(recorded)];
      }
      if (Buffer.compare(effects, decided) === 0) {
        wakeSaidAnew = false;
        return [];
      }
      const [was, is] = [decodeEffects(effects), decodeEffects(decided)];
      const found = differencesOf(was, is, wakeSaidAnew);
      if (found.length === 0 && !wakeSaidAnew) found.push(inBytes(effects, decided));
      wakeSaidAnew = false;
      return askTheSame(was, is) ? found : [...found, ...goBack(recorded)];
    },
    putBack: () => putBack,
  };
}

/** The same effects, written in another way: replay compares bytes. */
function inBytes(effects: Uint8Array, decided: Uint8Array): Difference {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return { rule: 'encoding', field: 'effects', recorded: hex(effects), now: hex(decided) };
}
