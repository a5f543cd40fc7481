import type { Effect, Event, WorkEffect } from '../../host/frames/types.ts';

/** One event that concerns the subject, and what the policy had done because of it. */
export interface Chapter {
  /** Number of the event in the journal, from 1; 0 for what was set aside and is no event. */
  number: number;
  /** Wall clock of its record, milliseconds since 1970; 0 when no clock made it. */
  wallMs: number;
  /** The policy's time. */
  at: number;
  event: Event | { type: 'unreadable'; why: string };
  /** It concerns everything, and not the subject above all. */
  isGeneral: boolean;
  /** Of the effects those that concern it. */
  effects: Effect[];
  /** For the end of an effect: the effect, and how long it took. */
  ended?: { effect: WorkEffect; tookMs: number } | undefined;
  /** Why the policy could not decide it. */
  setAside?: string | undefined;
}

/** All that a journal knows of a subject. */
export interface Story {
  chapters: Chapter[];
  /** Events of the journal that were read, and those before them that are pruned. */
  events: number;
  pruned: number;
  /** Containers and volumes that the journal knows, for a hint when it knows nothing of the subject. */
  known: Set<string>;
  /** What the last policy of the journal says of it now; nothing when it is older than the question. */
  now: Named[];
  /** What could not be read, or not be trusted. */
  notes: string[];
}

export type Named = Record<string, unknown>;
