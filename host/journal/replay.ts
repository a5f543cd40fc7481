import { partOf } from '../frames/event_frame.ts';
import type { Policy } from '../policy/policy.ts';
import { crc32c } from './crc32c.ts';
import type { JournalRecord } from './format.ts';
import type { Segment } from './segment_reader.ts';

/** Where a policy decided differently from what the journal recorded. */
export interface Divergence {
  /** Number of the event in the journal, from 1. */
  event: number;
  frame: Uint8Array;
  /** CRC-32C of the effects, as recorded and as decided now. */
  recorded: number;
  decided: number;
  effects: Uint8Array;
}

export interface Replayed {
  /** Events since the first of the journal, those that a base stands for included. */
  events: number;
  policy: Policy | undefined;
  /** CRC-32C of the last step's effects; 0 before the first. */
  lastEffects: number;
  divergence: Divergence | undefined;
  /** The state before a recovery whose parts are still coming in: there is none that is whole. */
  beforeRecovery: Uint8Array | undefined;
}

/** What a replay goes on from, when it does not begin with the first event. */
export interface Base {
  policy: Policy;
  events: number;
  lastEffects: number;
}

export interface ReplayOptions {
  /** The policy for a segment or a run, by the digest in its header. The same digest gives the same instance. */
  policyFor(digest: string): Policy;
  base?: Base | undefined;
  /** Called after each event, with the policy that has decided it. */
  onStep?(record: JournalRecord, effects: Uint8Array, policy: Policy): void;
  /** Called for each event that was set aside, and is not stepped. */
  onAside?(record: JournalRecord): void;
  /** Ends the replay at the first divergence. */
  stopAtDivergence: boolean;
}

/** Steps every record again, each run under the policy that it names, and compares the effects' digests. */
export function replay(segments: Iterable<Segment>, options: ReplayOptions): Replayed {
  const { base } = options;
  const result: Replayed = {
    events: base?.events ?? 0,
    policy: base?.policy,
    lastEffects: base?.lastEffects ?? 0,
    divergence: undefined,
    beforeRecovery: undefined,
  };
  let previous: { frame: Uint8Array; effects: Uint8Array } | undefined;
  for (const segment of segments) {
    if (segment.header) change(result, options.policyFor(segment.header.policy));
    for (const record of segment.records) {
      if (previous && record.effectsBefore !== result.lastEffects && !result.divergence) {
        result.divergence = {
          event: result.events,
          frame: previous.frame,
          recorded: record.effectsBefore,
          decided: result.lastEffects,
          effects: previous.effects,
        };
        if (options.stopAtDivergence) return result;
      }
      if (record.run) change(result, options.policyFor(record.run.policy));
      if (record.kind === 'aside') options.onAside?.(record);
      if (record.kind !== 'event' || !result.policy) continue;
      keepBeforeRecovery(result, record.frame);
      const effects = result.policy.step(record.frame);
      result.events += 1;
      options.onStep?.(record, effects, result.policy);
      result.lastEffects = crc32c(effects);
      previous = { frame: record.frame, effects };
    }
  }
  return result;
}

function keepBeforeRecovery(result: Replayed, frame: Uint8Array): void {
  const read = partOf(frame);
  if (!read) return;
  const { part, last } = read;
  if (last) result.beforeRecovery = undefined;
  else if (part === 0) result.beforeRecovery = result.policy?.snapshot() ?? result.beforeRecovery;
}

function change(result: Replayed, to: Policy): void {
  handOver(result, to);
  result.policy = to;
}

/**
 * The state goes from the policy that had it to the next. Of a recovery that was coming in in parts nothing goes with it: the
 * agent sends it anew, from its first part.
 */
export function handOver({ policy, beforeRecovery }: Replayed, to: Policy): void {
  if (!policy || policy === to) return;
  const snapshot = policy.snapshot() ?? beforeRecovery;
  if (snapshot) to.restore(snapshot);
}
