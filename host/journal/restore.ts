import { truncateSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createDirectory, type DirectoryKeeper, type Learnt, learnFrame } from '../directory.ts';
import { decodeEffects } from '../frames/effect_frame.ts';
import { stampOf } from '../frames/event_frame.ts';
import type { Policy } from '../policy/policy.ts';
import { StartError } from '../start_error.ts';
import { takeUp } from './base.ts';
import { type Chain, readChain } from './chain.ts';
import { type JournalFiles, listJournal, segmentName, setAside, snapshotName } from './journal_files.ts';
import { type Replayed, replay } from './replay.ts';
import { readSegment, type Segment } from './segment_reader.ts';
import { type BadSnapshot, isBad, type JournalSnapshot, readSnapshotFile } from './snapshot_file.ts';

export type JournalState = 'whole' | 'new' | 'damaged';

/** Something that a person should know of: what, where, why, what was done. */
export interface JournalNote {
  level: 'warn' | 'error';
  /** Of the alert; a note without one is only for the log. */
  code: 'journal-damaged' | 'snapshot-bad' | undefined;
  message: string;
}

/** Where a journal ends, and what it has led to. */
export interface Restored {
  state: JournalState;
  replayed: Replayed;
  directory: DirectoryKeeper;
  /** Time of the last event, and the largest number of a call. */
  at: number;
  lastCall: number;
  /** The segment in which the journal ends; undefined when there is none. */
  last: { number: number; segment: Segment } | undefined;
  nextNumber: number;
  /** Segments of the snapshots that may still be used, in order. */
  snapshots: number[];
  notes: JournalNote[];
}

/** A fresh instance of the policy with that digest; throws when there is none. */
export type StartPolicy = (digest: string) => Policy;

/** Why a beginning does not lead to the end: `base` when another beginning may. */
interface Failure {
  fault: 'base' | 'journal';
  why: string;
}

interface Origin {
  segment: number;
  snapshot: string | undefined;
}

/**
 * Reads a journal before it is continued: the newest snapshot that is good, and the records after it. A snapshot that is not is set
 * aside, and the one before it taken. A record cut off at the very end is removed. A journal that is damaged is set aside as a
 * whole, file by file, under the ending `.damaged`, and reads as empty. Throws {@link StartError} only for what another version wrote.
 */
export function restoreJournal(directory: string, startPolicy: StartPolicy): Restored {
  const files = listJournal(directory);
  const notes: JournalNote[] = [];
  let why = '';
  for (const origin of originsOf(directory, files)) {
    const end = follow(directory, files, origin, startPolicy);
    if (!isFailure(end)) return settleTail({ ...end, notes: [...notes, ...end.notes] });
    why = end.why;
    if (end.fault === 'journal' || !origin.snapshot) break;
    const aside = setAside(origin.snapshot);
    files.snapshots = files.snapshots.filter((number) => number !== origin.segment);
    notes.push({
      level: 'error',
      code: 'snapshot-bad',
      message: `journal snapshot ${origin.snapshot}: ${end.why}; set aside as ${basename(aside)}, starting from the one before it`,
    });
  }
  if (files.segments.length + files.snapshots.length === 0 && notes.length === 0)
    return nothing('new', files, []);
  return damaged(directory, files, why, notes);
}

/** Where a replay may begin, best first. */
function originsOf(directory: string, files: JournalFiles): Origin[] {
  const origins: Origin[] = [...files.snapshots]
    .reverse()
    .map((segment) => ({ segment, snapshot: join(directory, snapshotName(segment)) }));
  const [first] = files.segments;
  if (first !== undefined) origins.push({ segment: first, snapshot: undefined });
  return origins;
}

function isFailure(end: Restored | Failure): end is Failure {
  return 'fault' in end;
}

/** From one beginning to the end of the journal. */
function follow(
  directory: string,
  files: JournalFiles,
  origin: Origin,
  startPolicy: StartPolicy,
): Restored | Failure {
  const snapshot =
    origin.snapshot === undefined ? undefined : readSnapshotFile(origin.snapshot, origin.segment);
  if (snapshot && isBad(snapshot)) return refuseBad(origin, snapshot);
  const chain = readChain(directory, files, origin.segment, snapshot ? undefined : 0);
  if (typeof chain === 'string') return { fault: 'journal', why: chain };
  try {
    return step(chain, files, snapshot, sharedBy(startPolicy));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'PolicyError') throw error;
    return { fault: 'base', why: error.message };
  }
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
  const replayed = replay(chain.segments, {
    policyFor,
    base,
    stopAtDivergence: true,
    onStep(record, effects) {
      learnFrame(keeper, record.frame, decodeEffects(effects));
      const stamped = stampOf(record.frame);
      at = Math.max(at, stamped.at);
      lastCall = Math.max(lastCall, stamped.call);
    },
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

/** Cuts off what was never finished. */
function settleTail(restored: Restored): Restored {
  const { last, notes } = restored;
  if (!last) return restored;
  const { file, header, size, wholeSize } = last.segment;
  if (size > wholeSize) {
    notes.push({
      level: 'warn',
      code: undefined,
      message: `journal ${file}: cut off ${size - wholeSize} bytes of a record that was never finished`,
    });
  }
  if (header) {
    if (size > wholeSize) truncateSync(file, wholeSize);
    return restored;
  }
  // Not even its header was finished: as if it had never been begun.
  unlinkSync(file);
  return { ...restored, last: undefined, nextNumber: last.number };
}

function damaged(directory: string, files: JournalFiles, why: string, notes: JournalNote[]): Restored {
  for (const number of files.segments) {
    const file = join(directory, segmentName(number));
    setAside(file, readSegment(file).size);
  }
  for (const number of files.snapshots) setAside(join(directory, snapshotName(number)));
  const message = `journal ${directory}: ${why}; all of it is set aside as *.damaged, starting from what the kernel and the agent know`;
  return nothing('damaged', files, [...notes, { level: 'error', code: 'journal-damaged', message }]);
}

function nothing(state: JournalState, files: JournalFiles, notes: JournalNote[]): Restored {
  return {
    state,
    replayed: {
      events: 0,
      policy: undefined,
      lastEffects: 0,
      divergence: undefined,
      beforeRecovery: undefined,
    },
    directory: createDirectory(),
    at: 0,
    lastCall: 0,
    last: undefined,
    nextNumber: files.nextNumber,
    snapshots: [],
    notes,
  };
}
