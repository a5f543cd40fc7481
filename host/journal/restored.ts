import type { DirectoryKeeper } from '../directory.ts';
import type { Policy } from '../policy/policy.ts';
import type { Replayed } from './replay.ts';
import type { Segment } from './segment_reader.ts';

export type JournalState = 'whole' | 'new' | 'damaged';

/** Something that a person should know of: what, where, why, what was done. */
export interface JournalNote {
  level: 'warn' | 'error';
  /** Of the alert; a note without one is only for the log. */
  code: 'journal-damaged' | 'snapshot-bad' | undefined;
  message: string;
}

/** Where a journal ends, and what it has led to. */
export interface Restored {
  state: JournalState;
  replayed: Replayed;
  directory: DirectoryKeeper;
  /** Time of the last event, and the largest number of a call. */
  at: number;
  lastCall: number;
  /** The segment in which the journal ends; undefined when there is none. */
  last: { number: number; segment: Segment } | undefined;
  nextNumber: number;
  /** Segments of the snapshots that may still be used, in order. */
  snapshots: number[];
  notes: JournalNote[];
}

/** A fresh instance of the policy with that digest; throws when there is none. */
export type StartPolicy = (digest: string) => Policy;
