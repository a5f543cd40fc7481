import { DECIDE_CALLS } from './equivalent/decide_calls.ts';
import { DECIDE_VOLUMES } from './equivalent/decide_volumes.ts';
import { EFFECTS } from './equivalent/effects.ts';
import { EVENTS } from './equivalent/events.ts';
import { REQUESTS } from './equivalent/requests.ts';
import { STATE } from './equivalent/state.ts';
import { TEXT } from './equivalent/text.ts';
import type { Equivalent } from './operators/settle.ts';

/**
 * Faults that neither the tests nor the simulator find, each with the reason why it makes no difference. Texts, not lines, name them. A run
 * fails when an entry fits no fault any more, when a fault of the list is found after all, or when random events show a difference.
 */
export const EQUIVALENT: readonly Equivalent[] = [
  ...DECIDE_CALLS,
  ...DECIDE_VOLUMES,
  ...EFFECTS,
  ...EVENTS,
  ...REQUESTS,
  ...STATE,
  ...TEXT,
];
