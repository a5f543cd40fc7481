import { partOf, stampOf, swapOf } from '../frames/event_frame.ts';
import type { Policy } from '../policy/policy.ts';
import { PolicyError } from '../policy/policy_error.ts';
import { crc32c } from './crc32c.ts';
import type { JournalRecord, Run } from './format.ts';
import { beginHeir, type Heir } from './heir.ts';
import type { Segment } from './segment_reader.ts';
import type { Tenure } from './tenures.ts';

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
  /** Time of the last event that was decided; 0 before the first. */
  at: number;
  /** The policy has taken the state of another one, and says its wake-up once more with its next answer. */
  owesWake: boolean;
  /** The policies that have decided, in their order; the last one still does. */
  tenures: Tenure[];
  /** The policy in the file that the last host was started with. */
  installed: string | undefined;
}

/** What a replay goes on from, when it does not begin with the first event. */
export interface Base {
  policy: Policy;
  events: number;
  lastEffects: number;
  /** Time of the last of them. */
  at: number;
  tenures: Tenure[];
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

/**
 * Steps every record again, each under the policy that decided it, and compares the effects' digests. An event `swap` is the first that its
 * policy decides; it takes the state over, or goes on in its own when it has followed as heir and decided the same.
 */
export function replay(segments: Iterable<Segment>, options: ReplayOptions): Replayed {
  const result = beginning(options.base);
  const { policyFor } = options;
  let heir: Heir | undefined;
  let previous: { frame: Uint8Array; effects: Uint8Array } | undefined;

  function begin(run: Run): void {
    heir = undefined;
    result.installed = run.installed ?? run.policy;
    change(result, policyFor(run.policy), run.policy);
  }

  for (const segment of segments) {
    if (segment.header) begin(segment.header);
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
      if (record.run) begin(record.run);
      if (record.heir !== undefined) heir = heirOf(result, record.heir, policyFor);
      if (record.kind === 'aside') options.onAside?.(record);
      if (record.kind !== 'event' || !result.policy) continue;
      const { frame } = record;
      const to = swapOf(frame);
      if (to !== undefined) {
        succeed(result, to, heir, policyFor);
        heir = undefined;
      }
      keepBeforeRecovery(result, frame);
      const effects = result.policy.step(frame);
      result.events += 1;
      result.owesWake = false;
      result.at = Math.max(result.at, stampOf(frame).at);
      heir?.hear(frame, effects);
      options.onStep?.(record, effects, result.policy);
      result.lastEffects = crc32c(effects);
      previous = { frame, effects };
    }
  }
  return result;
}

function beginning(base: Base | undefined): Replayed {
  return {
    events: base?.events ?? 0,
    policy: base?.policy,
    lastEffects: base?.lastEffects ?? 0,
    divergence: undefined,
    beforeRecovery: undefined,
    at: base?.at ?? 0,
    owesWake: false,
    tenures: [...(base?.tenures ?? [])],
    installed: undefined,
  };
}

function heirOf(
  { policy, at }: Replayed,
  digest: string,
  policyFor: ReplayOptions['policyFor'],
): Heir | undefined {
  // An empty one: there is no heir any more.
  const state = digest === '' ? undefined : policy?.snapshot();
  const heir = state && tryPolicy(digest, policyFor);
  return heir && beginHeir(digest, heir, state, at);
}

/** An heir that never decided need not be in the archive any more. */
function tryPolicy(digest: string, policyFor: ReplayOptions['policyFor']): Policy | undefined {
  try {
    return policyFor(digest);
  } catch (error) {
    if (error instanceof PolicyError) return undefined;
    throw error;
  }
}

/** The policy of that digest decides from here on. */
function succeed(
  result: Replayed,
  digest: string,
  heir: Heir | undefined,
  policyFor: ReplayOptions['policyFor'],
): void {
  const followed = heir?.digest === digest ? heir.policy() : undefined;
  if (followed) {
    result.policy = followed;
    note(result, digest);
  } else change(result, policyFor(digest), digest);
}

function keepBeforeRecovery(result: Replayed, frame: Uint8Array): void {
  const read = partOf(frame);
  if (!read) return;
  const { part, last } = read;
  if (last) result.beforeRecovery = undefined;
  else if (part === 0) result.beforeRecovery = result.policy?.snapshot() ?? result.beforeRecovery;
}

function change(result: Replayed, to: Policy, digest: string): void {
  handOver(result, to);
  result.policy = to;
  note(result, digest);
}

function note({ tenures, events }: Replayed, digest: string): void {
  if (tenures.at(-1)?.digest !== digest) tenures.push({ digest, since: events + 1 });
}

/**
 * The state goes from the policy that had it to the next. Of a recovery that was coming in in parts nothing goes with it: the
 * agent sends it anew, from its first part.
 */
export function handOver(replayed: Replayed, to: Policy): void {
  const { policy, beforeRecovery } = replayed;
  if (!policy || policy === to) return;
  const snapshot = policy.snapshot() ?? beforeRecovery;
  if (!snapshot) return;
  to.restore(snapshot);
  replayed.owesWake = true;
}
