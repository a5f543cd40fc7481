import { existsSync, readdirSync, renameSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { readSegment, type Segment } from './segment_reader.ts';

const NAME = /^(\d{6})\.journal$/;

export type JournalState = 'whole' | 'new' | 'damaged';

export interface OpenedJournal {
  state: JournalState;
  /** Segments in order, each whole. */
  segments: Segment[];
  /** Number of the next segment. */
  nextNumber: number;
  /** What was found and done about it, in sentences for the log. */
  notes: string[];
}

export function segmentName(number: number): string {
  return `${String(number).padStart(6, '0')}.journal`;
}

/** The segment files of a journal directory, in order. */
export function segmentFiles(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => NAME.test(name))
    .sort()
    .map((name) => join(directory, name));
}

/**
 * Reads a journal before it is continued. A record cut off at the end of the last segment is removed. A journal that is
 * damaged anywhere else is set aside, file by file, under the ending `.damaged`, and reads as empty.
 */
export function openJournal(directory: string): OpenedJournal {
  const files = segmentFiles(directory);
  const segments = files.map(readSegment);
  const nextNumber = 1 + Math.max(0, ...allNumbers(directory));
  const notes: string[] = [];
  const broken = segments.find(
    (segment, index) => segment.damage || (isTorn(segment) && index < segments.length - 1),
  );
  if (broken) {
    const { offset, why } = broken.damage ?? { offset: broken.wholeSize, why: 'it ends within a record' };
    notes.push(
      `journal ${broken.file}: damaged at byte ${offset}: ${why}; set aside as *.damaged, starting from what the kernel and the agent know`,
    );
    for (const file of files) renameSync(file, `${file}.damaged`);
    return { state: 'damaged', segments: [], nextNumber, notes };
  }
  const last = segments.at(-1);
  if (last && isTorn(last)) {
    notes.push(
      `journal ${last.file}: cut off ${last.size - last.wholeSize} bytes of a record that was never finished`,
    );
    truncateSync(last.file, last.wholeSize);
  }
  const whole = segments.filter((segment) => segment.header !== undefined);
  return { state: whole.length === 0 ? 'new' : 'whole', segments: whole, nextNumber, notes };
}

function isTorn(segment: Segment): boolean {
  return segment.wholeSize < segment.size;
}

/** Numbers that were ever given, damaged segments included: none is used again. */
function allNumbers(directory: string): number[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .map((name) => Number.parseInt(name, 10))
    .filter((number) => number > 0);
}
