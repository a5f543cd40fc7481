import type { Deciding } from '../deciding.ts';
import { Diverged } from '../follower.ts';
import type { Effect } from '../frames/types.ts';
import type { JournalWriter } from '../journal/journal_writer.ts';
import type { Policy } from '../policy/policy.ts';
import { PolicyError } from '../policy/policy_error.ts';
import type { Changeover } from './changeover.ts';
import { type Beginning, beginHeirs, type Heirs, raiseHeirs } from './heirs.ts';
import { pause } from './pause.ts';
import type { PolicyName, SwapResult, SwapStage } from './result.ts';

/** A policy that may decide. */
export interface Verified {
  bytes: Uint8Array;
  /** SHA-256, hex. */
  digest: string;
  /** Who vouches for it. */
  by: string;
}

export interface SwapperParts {
  deciding: Deciding;
  journal: JournalWriter;
  change: Changeover;
  /** Throws {@link PolicyError} when the policy in the file may not decide. */
  verify(file: string): Verified;
  /** Keeps it, so that the journal can be stepped again; rejects with {@link PolicyError}. */
  keep(verified: Verified, file: string): Promise<void>;
  /** A fresh instance of what was kept. */
  start(digest: string): Policy;
  /** Runs the work between two events, in the loop's turn; its effects begin when they are durable. */
  inTurn(work: () => Effect[]): Promise<void>;
  /** Why nothing can be done any more. */
  isClosed(): boolean;
}

export interface Swapper {
  /** Brings the policy in `file` to decide. Never rejects for a reason of the file's. */
  swap(file: string): Promise<SwapResult>;
  stage(): SwapStage | undefined;
}

/** The state is given anew so often to a policy that decides otherwise; then it is handed over at once. */
const FOLLOWS_MAX = 3;
/** How long a recovery that is coming in, or a follower that has no state yet, is waited for. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 20;

/** Why a swap ended that no policy is to blame for. */
class Refused extends Error {}

interface Heard {
  followed: number;
  differed: number;
}

export function createSwapper(parts: SwapperParts): Swapper {
  const { deciding, journal, change, inTurn } = parts;
  let stage: SwapStage | undefined;

  async function swap(file: string): Promise<SwapResult> {
    if (stage) return refusal('verify', `another swap is under way (${stage}); wait until it has ended`);
    stage = 'verify';
    const heard: Heard = { followed: 0, differed: 0 };
    try {
      checkOpen();
      const verified = parts.verify(file);
      const { digest, by } = verified;
      checkRoom();
      const before = deciding.now();
      if (digest === before.digest)
        throw new Refused(`policy ${file}: it is the one that decides already (${digest.slice(0, 12)})`);
      stage = 'keep';
      await pause();
      await parts.keep(verified, file);
      stage = 'start';
      await pause();
      const lead = parts.start(digest);
      await pause();
      const pauseMs = await takeOver([lead, parts.start(digest)], heard);
      const { since } = change.tenures().at(-1) as { since: number };
      return { ok: true, policy: nameOf(lead), before: nameOf(before), since, by, ...heard, pauseMs };
    } catch (error) {
      if (!(error instanceof PolicyError || error instanceof Refused)) throw error;
      return refusal(stage, error.message);
    } finally {
      // A journal with an heir in it goes on in one segment, and a replay would step it for nothing.
      await inTurn(endHeir).catch(() => undefined);
      stage = undefined;
    }
  }

  function endHeir(): Effect[] {
    journal.noHeir();
    return [];
  }

  /** Returns the milliseconds in which nothing else went on. */
  async function takeOver(pair: readonly [Policy, Policy], heard: Heard): Promise<number> {
    const before = deciding.now().digest;
    for (let tries = 0; tries < FOLLOWS_MAX && deciding.follower(); tries += 1) {
      stage = 'restore';
      const heirs = await giveState(pair);
      try {
        stage = 'follow';
        await heirs.caughtUp();
        stage = 'swap';
        return await commit(before, () => change.toFollowed(heirs.lead, heirs.second));
      } catch (error) {
        if (!(error instanceof Diverged)) throw error;
        heard.differed += 1;
      } finally {
        heard.followed += heirs.heard();
        heirs.end();
      }
    }
    stage = 'swap';
    await patiently(() => !deciding.isAmidRecovery(), 'a recovery is coming in');
    return await commit(before, () => change.toPolicy(...pair));
  }

  /** The policies get the state of here, in pieces, and hear all that comes after it. */
  async function giveState([lead, second]: readonly [Policy, Policy]): Promise<Heirs> {
    let heirs: Heirs | undefined;
    await patiently(async () => {
      let begun: Beginning | undefined;
      await inTurn(() => {
        checkOpen();
        begun = beginHeirs(deciding, journal, lead.digest);
        return [];
      });
      if (begun) heirs = await raiseHeirs(deciding, begun, [lead, second]);
      return heirs !== undefined;
    }, 'there is no whole state to give: a recovery is coming in');
    return heirs as Heirs;
  }

  async function patiently(isDone: () => boolean | Promise<boolean>, why: string): Promise<void> {
    const begun = performance.now();
    for (;;) {
      checkOpen();
      if (await isDone()) return;
      if (performance.now() - begun > PATIENCE_MS)
        throw new Refused(`${why}, for ${PATIENCE_MS / 1000} s already; try again when it has ended`);
      await new Promise((next) => setTimeout(next, LOOK_MS));
    }
  }

  async function commit(before: string, work: () => Effect[]): Promise<number> {
    let ms = 0;
    await inTurn(() => {
      checkOpen();
      checkRoom();
      if (deciding.now().digest !== before)
        throw new Refused(
          'the policy that decided has failed meanwhile, and another took its place; look at that first',
        );
      if (deciding.isAmidRecovery()) throw new Diverged('a recovery is coming in');
      const begun = performance.now();
      const effects = work();
      ms = performance.now() - begun;
      return effects;
    });
    return ms;
  }

  function checkOpen(): void {
    if (parts.isClosed()) throw new Refused('the host is ending');
  }

  function checkRoom(): void {
    const why = journal.full();
    if (why !== undefined)
      throw new Refused(
        `the journal has no room (${why}); make room on the file system of the state directory`,
      );
  }

  return { swap, stage: () => stage };
}

function refusal(stage: SwapStage, why: string): SwapResult {
  return { ok: false, stage, why };
}

function nameOf({ name, version, digest }: PolicyName): PolicyName {
  return { name, version, digest };
}
