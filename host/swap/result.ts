import type { Tenure } from '../journal/tenures.ts';

/** How far a swap had come when it ended. */
export type SwapStage = 'verify' | 'keep' | 'start' | 'restore' | 'follow' | 'swap';

/** How a swap ended. After a refusal the policy of before decides as if nothing had been. */
export type SwapResult =
  | {
      ok: true;
      policy: PolicyName;
      /** The one that decided before. */
      before: PolicyName;
      /** Number of the first event that it decided: the `swap` itself. */
      since: number;
      /** Who vouched for the file. */
      by: string;
      /** Events that it heard before it decided. */
      followed: number;
      /** So often it would have decided otherwise, and was given the state anew. */
      differed: number;
      /** Milliseconds for which the host did nothing else when it took over. */
      pauseMs: number;
    }
  | {
      ok: false;
      stage: SwapStage;
      /** A sentence. */
      why: string;
    };

export interface PolicyName {
  name: string;
  version: string;
  /** SHA-256, hex. */
  digest: string;
}

/** Which policy decides, for people. */
export interface PolicyReport extends PolicyName {
  /** Of the frames that it reads. */
  schema: number;
  /** Number of the first event that it decided, from 1. */
  since: number;
  /** Events so far. */
  events: number;
  /** SHA-256 of the policy in the file that the host was started with. */
  installed: string;
  /** Of its second instance; `behind` is null while that one takes its state. */
  follower: { state: 'follows' | 'none'; behind: number | null };
  /** Events that it failed at in this run, and were set aside. */
  failures: number;
  /** A swap that is under way. */
  swapping: SwapStage | null;
  /** What decided before it, oldest first. */
  before: Tenure[];
}
