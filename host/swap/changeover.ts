import { type Deciding, readEffects } from '../deciding.ts';
import { Diverged, type Follower } from '../follower.ts';
import { encodeEvent } from '../frames/event_frame.ts';
import type { Effect } from '../frames/types.ts';
import type { JournalWriter } from '../journal/journal_writer.ts';
import type { Tenure } from '../journal/tenures.ts';
import type { Policy } from '../policy/policy.ts';
import { PolicyError } from '../policy/policy_error.ts';

export interface ChangeoverParts {
  deciding: Deciding;
  journal: JournalWriter;
  /** A fresh instance of the policy with that digest, out of the archive. */
  start: ((digest: string) => Policy) | undefined;
  /** The policies that have decided so far. */
  tenures: readonly Tenure[];
  /** Time for an event that is decided now. */
  now(): number;
  /** Another policy decides. `isByHand`: a person put it there. */
  onChange(isByHand: boolean): void;
}

/** Puts another policy in the place of the one that decides, between two events, with an event `swap` that the other one decides. */
export interface Changeover {
  /**
   * `lead` and `second` have heard everything since they were given the state: the one decides, the other follows it. Throws {@link Diverged} when they would not have decided the
   * same, {@link PolicyError} when they fail; then nothing has changed.
   */
  toFollowed(lead: Follower, second: Follower): Effect[];
  /** The whole state is handed over at once. Throws {@link PolicyError} when the policy does not take it, or fails; then nothing has changed. */
  toPolicy(policy: Policy, second: Policy): Effect[];
  /**
   * To the one that decided last before this one and has not failed in this run. Undefined when there is none that can; `refused` hears why of each
   * that could not.
   */
  back(refused: (digest: string, why: string) => void): Effect[] | undefined;
  tenures(): readonly Tenure[];
}

export function createChangeover({ deciding, journal, start, now, ...parts }: ChangeoverParts): Changeover {
  const tenures: Tenure[] = [...parts.tenures];
  const failed = new Set<string>();

  /** Nothing is journaled before the other policy has decided the event. */
  function decideSwap(policy: Policy, second: Follower, isByHand: boolean): Effect[] {
    const frame = encodeEvent({ type: 'swap', at: now(), digest: policy.digest });
    const effectsFrame = policy.step(frame);
    const effects = readEffects(policy, effectsFrame);
    journal.append(frame);
    journal.stepped(effectsFrame);
    journal.decidedBy(policy.digest);
    const number = journal.counts().events;
    second.behind({ frame, effects: effectsFrame, number });
    deciding.become(policy, second);
    tenures.push({ digest: policy.digest, since: number });
    if (isByHand) failed.delete(policy.digest);
    parts.onChange(isByHand);
    return effects;
  }

  function handOver(policy: Policy, second: Policy, isByHand: boolean): Effect[] {
    const state = deciding.snapshot();
    if (!state) throw new PolicyError('there is no whole state amid a recovery');
    policy.restore(state);
    journal.noHeir();
    return decideSwap(policy, deciding.follow(second, state, undefined), isByHand);
  }

  return {
    toPolicy: (policy, second) => handOver(policy, second, true),
    toFollowed(lead, second) {
      const { policy, held } = lead.catchUp();
      second.check();
      if (held.length > 0) throw new Diverged('a recovery is coming in');
      return decideSwap(policy, second, true);
    },
    back(refused) {
      failed.add(deciding.now().digest);
      const candidates = new Set(tenures.map(({ digest }) => digest).reverse());
      for (const digest of candidates) {
        if (failed.has(digest) || !start) continue;
        try {
          return handOver(start(digest), start(digest), false);
        } catch (error) {
          if (!(error instanceof PolicyError)) throw error;
          failed.add(digest);
          refused(digest, error.message);
        }
      }
      return undefined;
    },
    tenures: () => tenures,
  };
}
