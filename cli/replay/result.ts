import type { Difference } from './differences.ts';

/** Which event of a journal, in words that need no secret of it. */
export interface EventPlace {
  /** Number in the journal, from 1. */
  event: number;
  type: string;
  /** Time of the event for the policy, milliseconds. */
  at: number;
  /** Wall clock of its record, ISO 8601; absent in journals that no clock made. */
  wall?: string | undefined;
  /** Container, volume, effect or call that it is about. */
  about: string;
}

/** Where a policy decided differently from the digest that the journal recorded. */
export interface FirstDivergence extends EventPlace {
  /** Digests of the effects, CRC-32C. */
  field: 'CRC-32C of the effects';
  recorded: string;
  now: string;
  /** SHA-256 of the policy that was asked, and of the one that decided. */
  asked: string;
  decided: string;
  input: unknown;
  effects: unknown;
}

export interface FoundDifference extends EventPlace, Difference {}

export interface Rule {
  rule: string;
  count: number;
  /** The event in which it was found first, and what that is about. */
  first: number;
  about: string;
  /** Events in which it was found. */
  events: number;
}

/** What another policy would have decided. */
export interface WhatIfResult {
  policy: { name: string; version: string; digest: string };
  /** Events that it decides differently. */
  events: number;
  /** By kind of difference, the most frequent first. */
  rules: Rule[];
  /** The first few, in full. */
  first: FoundDifference[];
  putBack: number;
}

/** What the replay of one trace found; plain data, so that a worker can send it. */
export interface TraceResult {
  trace: string;
  identical: boolean;
  events: number;
  segments: number;
  tornBytes: number;
  /** Milliseconds that reading and stepping took. */
  ms: number;
  divergence?: FirstDivergence | undefined;
  whatIf?: WhatIfResult | undefined;
  /** Why it could not be replayed; then nothing else counts. */
  error?: string | undefined;
}

/** The result for a trace that could not be replayed. */
export function unreadable(trace: string, error: string): TraceResult {
  return { trace, identical: false, events: 0, segments: 0, tornBytes: 0, ms: 0, error };
}
