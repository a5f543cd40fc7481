import { decodeEffects } from '../frames/effect_frame.ts';
import { encodeEvent } from '../frames/event_frame.ts';
import type { Policy } from '../policy/policy.ts';
import type { Base } from './replay.ts';
import type { Segment } from './segment_reader.ts';
import type { JournalSnapshot } from './snapshot_file.ts';
import { tenuresOf } from './tenures.ts';

/** Brings a policy to where the snapshot is; a sentence when it does not belong before these segments. Throws when the policy refuses it. */
export function takeUp(
  snapshot: JournalSnapshot,
  segments: readonly Segment[],
  policyFor: (digest: string) => Policy,
): Base | string {
  const next = segments.flatMap(({ records }) => records.slice(0, 1))[0];
  if (next && next.effectsBefore !== snapshot.effectsBefore)
    return 'what follows it in the journal is of another one';
  const follows = segments[0]?.header?.events;
  if (follows !== undefined && follows !== snapshot.events)
    return `it stands for ${snapshot.events} events, and what follows it comes after ${follows}`;
  const policy = policyFor(snapshot.policy);
  policy.restore(snapshot.state);
  if (!rouse(policy, snapshot.at)) return 'the state in it is not at rest';
  const { events, effectsBefore: lastEffects, at, learnt } = snapshot;
  return { policy, events, lastEffects, at, tenures: tenuresOf(learnt, snapshot.policy) };
}

/**
 * After a restore a policy says its wake-up once more. It does so here, at a time at which nothing is due, so that from the next
 * event on it says byte for byte what the one that was stepped says. False when it says more.
 */
export function rouse(policy: Policy, at: number): boolean {
  return decodeEffects(policy.step(encodeEvent({ type: 'tick', at }))).every(({ type }) => type === 'wake');
}
