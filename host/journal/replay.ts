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
  events: number;
  policy: Policy | undefined;
  /** CRC-32C of the last step's effects; 0 before the first. */
  lastEffects: number;
  divergence: Divergence | undefined;
}

export interface ReplayOptions {
  /** The policy for a segment, by the digest in its header. The same digest gives the same instance. */
  policyFor(digest: string): Policy;
  /** Called after each event. */
  onStep?(record: JournalRecord, effects: Uint8Array): void;
  /** Ends the replay at the first divergence. */
  stopAtDivergence: boolean;
}

/** Steps every record again, each segment under the policy that its header names, and compares the effects' digests. */
export function replay(segments: readonly Segment[], options: ReplayOptions): Replayed {
  const result: Replayed = { events: 0, policy: undefined, lastEffects: 0, divergence: undefined };
  let previous: { frame: Uint8Array; effects: Uint8Array } | undefined;
  for (const segment of segments) {
    if (segment.header) result.policy = hand(result.policy, options.policyFor(segment.header.policy));
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
      if (record.frame.length === 0 || !result.policy) continue;
      const effects = result.policy.step(record.frame);
      options.onStep?.(record, effects);
      result.events += 1;
      result.lastEffects = crc32c(effects);
      previous = { frame: record.frame, effects };
    }
  }
  return result;
}

/** The state goes from one policy to the next. */
function hand(from: Policy | undefined, to: Policy): Policy {
  if (!from || from === to) return to;
  const snapshot = from.snapshot();
  if (snapshot) to.restore(snapshot);
  return to;
}
