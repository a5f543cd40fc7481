import { pack, unpack } from '../frames/codec.ts';
import { crc32c } from './crc32c.ts';

/**
 * A segment of the journal. Numbers are little endian.
 *
 *   "MOORAGE1"                                            8 bytes
 *   block: header = MessagePack [format, abi, policy digest, boot id, wall time in ms]
 *   block: record
 *   block: record ...
 *
 *   block  = length u32 | CRC-32C of the length u32 | CRC-32C of the body u32 | body
 *   record = CRC-32C of the effects of the step before u32 | wall time in ms float64 | event frame
 *
 * The length has a checksum of its own, so that a changed length is told from a record that was never finished.
 * A record without a frame is a seal: it only carries the digest of the last step of a run that ended in order.
 */
export const MAGIC = Buffer.from('MOORAGE1', 'latin1');
export const FORMAT = 1;
export const BLOCK_HEAD = 12;
export const RECORD_HEAD = 12;
/** Largest body that a reader believes in: a frame and its head. */
export const BODY_MAX = 256 * 1024 + RECORD_HEAD;

export interface SegmentHeader {
  abi: number;
  /** SHA-256 of the policy that decided, hex. */
  policy: string;
  bootId: string;
  wallMs: number;
}

export interface JournalRecord {
  /** CRC-32C of the effects of the step before; 0 before the first step. */
  effectsBefore: number;
  wallMs: number;
  /** Empty for a seal. */
  frame: Uint8Array;
  /** Where the record begins in its segment, bytes. */
  offset: number;
}

export function block(body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(BLOCK_HEAD + body.length);
  bytes.writeUInt32LE(body.length, 0);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, 4)), 4);
  bytes.writeUInt32LE(crc32c(body), 8);
  bytes.set(body, BLOCK_HEAD);
  return bytes;
}

export function encodeHeader(header: SegmentHeader): Buffer {
  return Buffer.concat([
    MAGIC,
    block(pack([FORMAT, header.abi, header.policy, header.bootId, header.wallMs])),
  ]);
}

export function decodeHeader(body: Uint8Array): SegmentHeader | undefined {
  const data = unpack(body);
  if (!Array.isArray(data) || data[0] !== FORMAT) return undefined;
  return { abi: data[1], policy: data[2], bootId: data[3], wallMs: data[4] };
}

export function encodeRecord(effectsBefore: number, wallMs: number, frame: Uint8Array): Buffer {
  const body = Buffer.allocUnsafe(RECORD_HEAD + frame.length);
  body.writeUInt32LE(effectsBefore, 0);
  body.writeDoubleLE(wallMs, 4);
  body.set(frame, RECORD_HEAD);
  return block(body);
}

export function decodeRecord(body: Buffer, offset: number): JournalRecord {
  return {
    effectsBefore: body.readUInt32LE(0),
    wallMs: body.readDoubleLE(4),
    frame: body.subarray(RECORD_HEAD),
    offset,
  };
}
