import { statSync, truncateSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createDirectory } from '../directory.ts';
import { follow, isFailure, type Origin } from './follow.ts';
import {
  type JournalFiles,
  listJournal,
  removeUnfinished,
  segmentName,
  setAside,
  snapshotName,
} from './journal_files.ts';
import { type Mark, readMark } from './mark_file.ts';
import type { JournalNote, JournalState, Restored, StartPolicy } from './restored.ts';

/**
 * Reads a journal before it is continued: the newest snapshot that is good, and the records after it. A snapshot that is not is set
 * aside, and the one before it taken. A record cut off at the very end is removed. A journal that is damaged is set aside as a
 * whole, file by file, under the ending `.damaged`, and reads as empty. Throws {@link StartError} only for what another version wrote.
 */
export function restoreJournal(directory: string, startPolicy: StartPolicy): Restored {
  removeUnfinished(directory);
  const files = listJournal(directory);
  const notes: JournalNote[] = [];
  const mark = markOf(directory, notes);
  let why = 'its segments are gone';
  for (const origin of originsOf(directory, files)) {
    const end = follow(directory, files, mark, origin, startPolicy);
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
  const isEmpty = files.segments.length + files.snapshots.length === 0;
  if (isEmpty && !mark && !notes.some(({ code }) => code)) return nothing('new', files, notes);
  return damaged(directory, after(files, mark), why, notes);
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

/** No number is used again, also when the file that had it is gone. */
function after(files: JournalFiles, mark: Mark | undefined): JournalFiles {
  return { ...files, nextNumber: Math.max(files.nextNumber, (mark?.number ?? 0) + 1) };
}

function markOf(directory: string, notes: JournalNote[]): Mark | undefined {
  const mark = readMark(directory);
  if (typeof mark !== 'string') return mark;
  const message = `journal ${directory}: its mark is passed over: ${mark}; whether its end is missing cannot be told`;
  notes.push({ level: 'warn', code: undefined, message });
  return undefined;
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
    setAside(file, statSync(file).size);
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
      at: 0,
      owesWake: false,
      tenures: [],
      installed: undefined,
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
