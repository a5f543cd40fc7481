import { join } from 'node:path';
import { StartError } from '../start_error.ts';
import { type JournalFiles, segmentName } from './journal_files.ts';
import { countEvents, readSegment, type Segment } from './segment_reader.ts';

/** Segments that follow one another without a gap; only the last may end within a record. */
export interface Chain {
  segments: Segment[];
  /** Numbers of the files behind them, in the same order. */
  numbers: number[];
}

/**
 * Reads the segments from number `first` on. `eventsBefore`: how many events went before, when it is known. Returns a sentence when
 * something is missing or damaged. Throws {@link StartError} when another version wrote one of them.
 */
export function readChain(
  directory: string,
  files: JournalFiles,
  first: number,
  eventsBefore: number | undefined,
): Chain | string {
  const numbers = files.segments.filter((number) => number >= first);
  const segments: Segment[] = [];
  let events = eventsBefore;
  let expected = first;
  if (numbers.length === 0) return `${segmentName(first)} is missing`;
  for (const number of numbers) {
    if (number !== expected) return `${segmentName(expected)} is missing`;
    expected += 1;
    const segment = readOr(join(directory, segmentName(number)));
    if (typeof segment === 'string') return `${segmentName(number)} ${segment}`;
    refuseUnknown(segment);
    const isLast = number === numbers.at(-1);
    const why = whyUnusable(segment, isLast, events);
    if (why !== undefined) return `${segmentName(number)} ${why}`;
    events = (events ?? segment.header?.events ?? 0) + countEvents(segment);
    segments.push(segment);
  }
  return { segments, numbers };
}

function readOr(file: string): Segment | string {
  try {
    return readSegment(file);
  } catch (error) {
    return `cannot be read (${(error as Error).message})`;
  }
}

function refuseUnknown({ file, unknownFormat }: Segment): void {
  if (unknownFormat === undefined) return;
  throw new StartError(
    `journal ${file}: is written in format ${unknownFormat}, which this version does not read; start the version that wrote it, or move the journal away and lose what it knows`,
  );
}

function whyUnusable(
  segment: Segment,
  isLast: boolean,
  eventsBefore: number | undefined,
): string | undefined {
  const { damage, header, wholeSize, size } = segment;
  if (damage) return `is damaged at byte ${damage.offset}: ${damage.why}`;
  if (wholeSize < size && !isLast) return `is damaged at byte ${wholeSize}: it ends within a record`;
  if (!header) return isLast ? undefined : 'is damaged at byte 0: it has no header';
  if (header.events === undefined || eventsBefore === undefined || header.events === eventsBefore)
    return undefined;
  return `follows on ${header.events} events, and there are ${eventsBefore} before it: some are missing`;
}
