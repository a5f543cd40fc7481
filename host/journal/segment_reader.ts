import { readFileSync } from 'node:fs';
import { crc32c } from './crc32c.ts';
import {
  BLOCK_HEAD,
  BODY_MAX,
  decodeHeader,
  decodeRecord,
  type JournalRecord,
  MAGIC,
  RECORD_HEAD,
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
  };
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC.subarray(0, bytes.length))) {
    segment.damage = { offset: 0, why: 'it does not begin as a segment of a journal does' };
    return segment;
  }
  let offset = MAGIC.length;
  while (offset < bytes.length) {
    const body = readBlock(bytes, offset);
    if (body === 'torn') break;
    if (typeof body === 'string') {
      segment.damage = { offset, why: body };
      break;
    }
    const why = takeBody(segment, body, offset);
    if (why !== undefined) {
      segment.damage = { offset, why };
      break;
    }
    offset += BLOCK_HEAD + body.length;
    segment.wholeSize = offset;
  }
  return segment;
}

/** The body at `offset`; `torn` when the file ends within it; else why it is damaged. */
function readBlock(bytes: Buffer, offset: number): Buffer | string {
  if (bytes.length - offset < BLOCK_HEAD) return 'torn';
  const length = bytes.readUInt32LE(offset);
  if (crc32c(bytes.subarray(offset, offset + 4)) !== bytes.readUInt32LE(offset + 4))
    return 'the checksum of a length is wrong';
  if (length > BODY_MAX) return `a length of ${length} bytes, more than any record has`;
  const start = offset + BLOCK_HEAD;
  if (bytes.length - start < length) return 'torn';
  const body = bytes.subarray(start, start + length);
  return crc32c(body) === bytes.readUInt32LE(offset + 8) ? body : 'the checksum is wrong';
}

function takeBody(segment: Segment, body: Buffer, offset: number): string | undefined {
  if (segment.header === undefined) {
    segment.header = decodeHeader(body);
    return segment.header === undefined ? 'the format is not one that this version reads' : undefined;
  }
  if (body.length < RECORD_HEAD) return 'a record that is too short';
  segment.records.push(decodeRecord(body, offset));
  return undefined;
}
