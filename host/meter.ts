import type { Outcome } from './effects/outcome.ts';
import type { WorkEffect } from './frames/types.ts';

/** What the loop tells of itself, to be counted. Called for each event and effect: cheap, and never throwing. */
export interface Meter {
  /** An event of this type was decided: milliseconds, and turns of loops, that the policy took. */
  decided(type: string, ms: number, turns: number): void;
  /** An effect ended after so many milliseconds. */
  performed(effect: WorkEffect, outcome: Outcome, ms: number): void;
}
