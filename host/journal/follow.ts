import { createDirectory, type Learnt, learnFrame } from '../directory.ts';
import { decodeEffects } from '../frames/effect_frame.ts';
import { stampOf } from '../frames/event_frame.ts';
import type { Policy } from '../policy/policy.ts';
import { StartError } from '../start_error.ts';
import { takeUp } from './base.ts';
import { type Chain, readChain } from './chain.ts';
import { type JournalFiles, segmentName } from './journal_files.ts';
import type { Mark } from './mark_file.ts';
import { replay } from './replay.ts';
import type { Restored, StartPolicy } from './restored.ts';
import type { Segment } from './segment_reader.ts';
import { type BadSnapshot, isBad, type JournalSnapshot, readSnapshotFile } from './snapshot_file.ts';

/** Why a beginning does not lead to the end: `base` when another beginning may. */
export interface Failure {
  fault: 'base' | 'journal';
  why: string;
}

/** Where a replay may begin: before a segment, with the snapshot in that file, or with nothing. */
export interface Origin {
  segment: number;
  snapshot: string | undefined;
}

export function isFailure(end: Restored | Failure): end is Failure {
  return 'fault' in end;
}

/** From one beginning to the end of the journal. */
export function follow(
  directory: string,
  files: JournalFiles,
  mark: Mark | undefined,
  origin: Origin,
  startPolicy: StartPolicy,
): Restored | Failure {
  const snapshot =
    origin.snapshot === undefined ? undefined : readSnapshotFile(origin.snapshot, origin.segment);
  if (snapshot && isBad(snapshot)) return refuseBad(origin, snapshot);
  const chain = readChain(directory, files, origin.segment, snapshot ? undefined : 0);
  if (typeof chain === 'string') return { fault: 'journal', why: chain };
  const missing = mark && whatIsMissing(chain, mark);
  if (missing !== undefined) return { fault: 'journal', why: missing };
  try {
    return step(chain, files, snapshot, sharedBy(startPolicy));
  } catch (error) {
    // Whatever it is, it comes from what was read: without it the host can start.
    return { fault: 'base', why: (error as Error).message };
  }
}

/** What was durable and is not there any more. */
function whatIsMissing({ numbers, segments }: Chain, mark: Mark): string | undefined {
  const last = numbers.at(-1) as number;
  const { wholeSize } = segments.at(-1) as Segment;
  if (last > mark.number) return undefined;
  const name = segmentName(mark.number);
  if (last < mark.number) return `${name} was written, and is missing`;
  return wholeSize < mark.size
    ? `${name} ends at byte ${wholeSize}, and was written up to ${mark.size}`
    : undefined;
}

function refuseBad({ snapshot }: Origin, { why, unknownFormat }: BadSnapshot): Failure {
  if (unknownFormat === undefined) return { fault: 'base', why };
  throw new StartError(
    `journal snapshot ${snapshot}: ${why}, which this version does not read; start the version that wrote it, or move the snapshot away`,
  );
}

/** One instance for each digest. */
function sharedBy(startPolicy: StartPolicy): StartPolicy {
  const running = new Map<string, Policy>();
  return (digest) => {
    const policy = running.get(digest) ?? startPolicy(digest);
    running.set(digest, policy);
    return policy;
  };
}

function step(
  chain: Chain,
  files: JournalFiles,
  snapshot: JournalSnapshot | undefined,
  policyFor: StartPolicy,
): Restored | Failure {
  const keeper = createDirectory();
  const base = snapshot && takeUp(snapshot, chain.segments, policyFor);
  if (typeof base === 'string') return { fault: 'base', why: base };
  if (snapshot) keeper.remember(snapshot.learnt as Learnt);
  let at = snapshot?.at ?? 0;
  let lastCall = snapshot?.lastCall ?? 0;
  function note(frame: Uint8Array): void {
    const stamped = stampOf(frame);
    at = Math.max(at, stamped.at);
    lastCall = Math.max(lastCall, stamped.call);
  }
  const replayed = replay(chain.segments, {
    policyFor,
    base,
    stopAtDivergence: true,
    onStep(record, effects) {
      learnFrame(keeper, record.frame, decodeEffects(effects), record.wallMs);
      note(record.frame);
    },
    onAside: ({ frame }) => note(frame),
  });
  if (replayed.divergence)
    return {
      fault: 'base',
      why: `event ${replayed.divergence.event} is decided differently from what was recorded`,
    };
  return {
    state: snapshot || chain.segments.some(({ header }) => header !== undefined) ? 'whole' : 'new',
    replayed,
    directory: keeper,
    at,
    lastCall,
    last: { number: chain.numbers.at(-1) as number, segment: chain.segments.at(-1) as Segment },
    nextNumber: files.nextNumber,
    snapshots: files.snapshots,
    notes: [],
  };
}
