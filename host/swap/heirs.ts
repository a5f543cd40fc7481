import type { Deciding, Hearer } from '../deciding.ts';
import { type Decided, type Follower, type Photograph, SLICE } from '../follower.ts';
import type { JournalWriter } from '../journal/journal_writer.ts';
import type { Policy } from '../policy/policy.ts';
import { PolicyError } from '../policy/policy_error.ts';
import { pause } from './pause.ts';

/** How long a policy may take to catch up. */
const FOLLOW_MS = 60_000;

/** Two instances of the policy to come: one to decide, one to follow it. Both hear all events since they were given the state. */
export interface Heirs {
  lead: Follower;
  second: Follower;
  /** Resolves when both have nearly nothing left to step; rejects when one fails, with Diverged when it decides otherwise. */
  caughtUp(): Promise<void>;
  /** Events so far. */
  heard(): number;
  /** They hear nothing more. */
  end(): void;
}

/** What of a photograph is taken in the loop's turn: from the next event on everything is kept for the heirs. */
export interface Beginning {
  photo: Photograph;
  early: Decided[];
  collector: Hearer;
}

/** To be called between two events. Undefined when there is no whole state just now. */
export function beginHeirs(
  deciding: Deciding,
  journal: JournalWriter,
  digest: string,
): Beginning | undefined {
  const photo = deciding.photograph();
  if (!photo) return undefined;
  journal.heir(digest);
  const early: Decided[] = [];
  const collector = {
    behind: (decided: Decided) => {
      early.push(decided);
    },
    stop: () => undefined,
  };
  deciding.attend(collector);
  return { photo, early, collector };
}

/** Undefined when the follower ended before it had given its state. */
export async function raiseHeirs(
  deciding: Deciding,
  { photo, early, collector }: Beginning,
  [first, other]: readonly [Policy, Policy],
): Promise<Heirs | undefined> {
  const state = await photo.state;
  // From here to the end of this function nothing else can happen: no event is missed, none is heard twice.
  deciding.dismiss(collector);
  if (!state) return undefined;
  let failure: PolicyError | undefined;
  let heard = 0;
  const counter = {
    behind: () => {
      heard += 1;
    },
    stop: () => undefined,
  };
  const all = [first, other].map((policy) =>
    deciding.follow(policy, state, photo.at, (error) => {
      failure ??= error;
    }),
  ) as [Follower, Follower];
  for (const decided of early) for (const each of [...all, counter]) each.behind(decided);
  for (const each of [...all, counter]) deciding.attend(each);
  const [lead, second] = all;
  return {
    lead,
    second,
    async caughtUp() {
      const begun = performance.now();
      while (lead.lag() > SLICE || second.lag() > SLICE) {
        if (failure) throw failure;
        if (performance.now() - begun > FOLLOW_MS)
          throw new PolicyError(
            `policy ${first.name} ${first.version} does not catch up: after ${FOLLOW_MS / 1000} s it is ${lead.lag()} events behind`,
          );
        await pause();
      }
      if (failure) throw failure;
    },
    heard: () => heard,
    end() {
      for (const each of [...all, counter]) deciding.dismiss(each);
      lead.stop();
      if (deciding.follower() !== second) second.stop();
    },
  };
}
