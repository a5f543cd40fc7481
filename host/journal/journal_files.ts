import { existsSync, readdirSync, renameSync, truncateSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

const SEGMENT = /^(\d{6,})\.journal$/;
const SNAPSHOT = /^(\d{6,})\.snapshot$/;
/** What a host that died was still writing. */
const UNFINISHED = /^\d{6,}\.snapshot\.new$/;

/** What lies in the directory of a journal, by number. */
export interface JournalFiles {
  segments: number[];
  /** Each stands before the segment of its number. */
  snapshots: number[];
  /** Larger than any number that was ever given, set aside files included: none is used again. */
  nextNumber: number;
}

export function segmentName(number: number): string {
  return `${String(number).padStart(6, '0')}.journal`;
}

export function snapshotName(number: number): string {
  return `${String(number).padStart(6, '0')}.snapshot`;
}

/** The segment files of a journal directory, in order. */
export function segmentFiles(directory: string): string[] {
  return listJournal(directory).segments.map((number) => join(directory, segmentName(number)));
}

export function listJournal(directory: string): JournalFiles {
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const all = names.map((name) => Number.parseInt(name, 10)).filter((number) => number > 0);
  return {
    segments: numbers(names, SEGMENT),
    snapshots: numbers(names, SNAPSHOT),
    nextNumber: 1 + all.reduce((most, number) => Math.max(most, number), 0),
  };
}

/** Takes away what was never finished; it holds nothing that counts. */
export function removeUnfinished(directory: string): void {
  if (!existsSync(directory)) return;
  for (const name of readdirSync(directory)) if (UNFINISHED.test(name)) unlinkSync(join(directory, name));
}

/** Keeps a file that cannot be used under another name, where nothing takes it for good. Returns that name. */
export function setAside(file: string, size?: number): string {
  const aside = `${file}.damaged`;
  renameSync(file, aside);
  // The room that was reserved behind its end is of use to the next one.
  if (size !== undefined) truncateSync(aside, size);
  return aside;
}

function numbers(names: readonly string[], pattern: RegExp): number[] {
  return names
    .map((name) => pattern.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((left, right) => left - right);
}
