import { readFileSync } from 'node:fs';
import { readBlock } from './blocks.ts';
import {
  BLOCK_HEAD,
  BODY_MAX,
  decodeHeader,
  decodeRecord,
  isReadable,
  type JournalRecord,
  MAGIC,
  type SegmentHeader,
} from './format.ts';

/** A segment that cannot be trusted from some byte on. */
export interface Damage {
  offset: number;
  why: string;
}

export interface Segment {
  file: string;
  header: SegmentHeader | undefined;
  records: JournalRecord[];
  /** Bytes up to the end of the last whole record. */
  wholeSize: number;
  size: number;
  /** Absent when the segment is whole up to, at most, one record that was cut off at its end (`wholeSize < size`). */
  damage: Damage | undefined;
  /** The format in its header, when this version does not read it. Then it has damage as well. */
  unknownFormat: number | undefined;
}

/** Reads one segment, believing nothing that its checksums do not confirm. Throws only when the file cannot be read. */
export function readSegment(file: string): Segment {
  const bytes = readFileSync(file);
  const segment: Segment = {
    file,
    header: undefined,
    records: [],
    wholeSize: 0,
    size: bytes.length,
    damage: undefined,
    unknownFormat: undefined,
  };
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC.subarray(0, bytes.length))) {
    segment.damage = { offset: 0, why: 'it does not begin as a segment of a journal does' };
    return segment;
  }
  let offset = MAGIC.length;
  while (offset < bytes.length) {
    const body = readBlock(bytes, offset, BODY_MAX);
    if (body === 'torn') break;
    const why = typeof body === 'string' ? body : takeBody(segment, body, offset);
    if (why !== undefined) {
      segment.damage = { offset, why };
      break;
    }
    offset += BLOCK_HEAD + body.length;
    segment.wholeSize = offset;
  }
  return segment;
}

/** The number of events in a segment. */
export function countEvents(segment: Segment): number {
  return segment.records.reduce((sum, { kind }) => sum + (kind === 'event' ? 1 : 0), 0);
}

function takeBody(segment: Segment, body: Buffer, offset: number): string | undefined {
  if (segment.header !== undefined) {
    const record = decodeRecord(body, offset, segment.header.format);
    if (typeof record === 'string') return record;
    segment.records.push(record);
    return undefined;
  }
  const header = decodeHeader(body);
  if (!header) return 'its header is none';
  if (!isReadable(header.format)) {
    segment.unknownFormat = header.format;
    return `it is written in format ${header.format}, which this version does not read`;
  }
  segment.header = header;
  return undefined;
}
