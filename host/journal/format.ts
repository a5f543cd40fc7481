import { pack, unpack } from '../frames/codec.ts';
import { crc32c } from './crc32c.ts';

/**
 * A segment of the journal; docs/journal.md says it for people. Numbers are little endian.
 *
 *   "MOORAGE1"                                            8 bytes
 *   block: header = MessagePack [format, abi, policy digest, boot id, wall time in ms, events before, installed digest]
 *   block: record
 *   block: record ...
 *
 *   block  = length u32 | CRC-32C of the length u32 | CRC-32C of the body u32 | body
 *   record = kind u8 | CRC-32C of the effects of the step before u32 | wall time in ms float64 | what the kind has
 *
 * The length has a checksum of its own, so that a changed length is told from a record that was never finished. Format 1 has
 * no kind and no events before: a record with an empty frame is its seal. In format 2 no policy gives way to another within a run.
 */
export const MAGIC = Buffer.from('MOORAGE1', 'latin1');
export const FORMAT = 3;
const FORMAT_WITHOUT_SWAPS = 2;
const FORMAT_WITHOUT_KINDS = 1;
export const BLOCK_HEAD = 12;
/** Of a record of format 1; later ones have the kind before it. */
const RECORD_HEAD = 12;
/** Why an event was set aside is cut to so many bytes. */
const REASON_MAX = 1024;
/** Length of the reason, u16. */
const REASON_HEAD = 2;
/** Largest body that a reader believes in: a frame, the longest reason, and their heads. */
export const BODY_MAX = 256 * 1024 + REASON_MAX + REASON_HEAD + RECORD_HEAD + 1;

const EVENT = 1;
const BEGIN = 2;
const SEAL = 3;
const ASIDE = 4;
const HEIR = 5;

/** Which host writes from here on. */
export interface Run {
  abi: number;
  /** SHA-256 of the policy that decides, hex. */
  policy: string;
  bootId: string;
  /** SHA-256 of the policy in the file that this host was started with; another one may decide. Formats 1 and 2 do not say. */
  installed?: string | undefined;
}

export interface SegmentHeader extends Run {
  wallMs: number;
  /** Events in all segments before this one, so that a missing or shortened one is noticed. Format 1 does not say. */
  events?: number | undefined;
  /** As read; written is always the present one. */
  format?: number | undefined;
}

/**
 * `event`: a frame. `begin`: another host goes on in this segment. `seal`: the end of a run; only its digest counts. `aside`: a frame
 * that the policy failed at; no step of it counts, and whoever steps the journal again passes over it. `heir`: the state of here is given
 * to a second policy too, which hears every event from now on, and may take over with an event `swap`.
 */
export interface JournalRecord {
  kind: 'event' | 'begin' | 'seal' | 'aside' | 'heir';
  /** CRC-32C of the effects of the step before; 0 before the first step. */
  effectsBefore: number;
  wallMs: number;
  /** Empty unless it is an event, also one that was set aside. */
  frame: Uint8Array;
  /** Why it was set aside. */
  reason: string | undefined;
  run: Run | undefined;
  /** SHA-256 of the policy that hears all from here on, hex; empty when there is none any more. */
  heir: string | undefined;
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
  const { abi, policy, bootId, wallMs, events = 0, installed = policy } = header;
  return Buffer.concat([MAGIC, block(pack([FORMAT, abi, policy, bootId, wallMs, events, installed]))]);
}

/** The header in a body; only `format` is sure when this version does not read it. Undefined when it is none at all. */
export function decodeHeader(body: Uint8Array): SegmentHeader | undefined {
  const data = unpackList(body);
  if (!data || typeof data[0] !== 'number') return undefined;
  const [format, abi, policy, bootId, wallMs, events, installed] = data as [
    number,
    number,
    string,
    string,
    number,
    number,
    string,
  ];
  return { format, abi, policy, bootId, wallMs, events, installed };
}

/** Whether this version reads segments of a format. */
export function isReadable(format: number | undefined): boolean {
  return format === FORMAT || format === FORMAT_WITHOUT_SWAPS || format === FORMAT_WITHOUT_KINDS;
}

/** A record of an event; with an empty frame, a seal. */
export function encodeRecord(effectsBefore: number, wallMs: number, frame: Uint8Array): Buffer {
  return recordOf(frame.length === 0 ? SEAL : EVENT, effectsBefore, wallMs, frame);
}

/** The record of a host that goes on in a segment which another one began. */
export function encodeBegin(effectsBefore: number, wallMs: number, run: Run): Buffer {
  const { abi, policy, bootId, installed = policy } = run;
  return recordOf(BEGIN, effectsBefore, wallMs, pack([abi, policy, bootId, installed]));
}

/** The record of a second policy that hears every event from here on. */
export function encodeHeir(effectsBefore: number, wallMs: number, policy: string): Buffer {
  return recordOf(HEIR, effectsBefore, wallMs, pack(policy));
}

/** The record of an event that the policy failed at. It stands in the place of the event's own record. */
export function encodeAside(
  effectsBefore: number,
  wallMs: number,
  frame: Uint8Array,
  reason: string,
): Buffer {
  const text = Buffer.from(reason).subarray(0, REASON_MAX);
  const head = Buffer.allocUnsafe(REASON_HEAD);
  head.writeUInt16LE(text.length, 0);
  return recordOf(ASIDE, effectsBefore, wallMs, Buffer.concat([head, text, frame]));
}

function recordOf(kind: number, effectsBefore: number, wallMs: number, rest: Uint8Array): Buffer {
  const body = Buffer.allocUnsafe(1 + RECORD_HEAD + rest.length);
  body.writeUInt8(kind, 0);
  body.writeUInt32LE(effectsBefore, 1);
  body.writeDoubleLE(wallMs, 5);
  body.set(rest, 1 + RECORD_HEAD);
  return block(body);
}

/** The record in a body of a segment of `format`; a sentence when it is none. */
export function decodeRecord(body: Buffer, offset: number, format = FORMAT): JournalRecord | string {
  const head = format === FORMAT_WITHOUT_KINDS ? 0 : 1;
  if (body.length < head + RECORD_HEAD) return 'a record that is too short';
  const rest = body.subarray(head + RECORD_HEAD);
  const record = {
    effectsBefore: body.readUInt32LE(head),
    wallMs: body.readDoubleLE(head + 4),
    frame: rest,
    run: undefined,
    reason: undefined,
    heir: undefined,
    offset,
  };
  if (head === 0) return { kind: rest.length === 0 ? 'seal' : 'event', ...record };
  const kind = body[0];
  if (kind === EVENT) return rest.length === 0 ? 'an event without a frame' : { kind: 'event', ...record };
  if (kind === SEAL) return rest.length === 0 ? { kind: 'seal', ...record } : 'a seal with something in it';
  if (kind === ASIDE) return decodeAside(record);
  if (kind === HEIR) return decodeHeir(record);
  if (kind !== BEGIN) return `a record of the unknown kind ${kind}`;
  const run = decodeRun(rest);
  if (!run) return 'a beginning that names no host';
  return { ...record, kind: 'begin', frame: rest.subarray(0, 0), run };
}

function decodeAside(record: Omit<JournalRecord, 'kind'>): JournalRecord | string {
  const rest = record.frame as Buffer;
  const from = rest.length < REASON_HEAD ? Number.POSITIVE_INFINITY : REASON_HEAD + rest.readUInt16LE(0);
  if (from >= rest.length) return 'an event set aside without a frame';
  const reason = rest.toString('utf8', REASON_HEAD, from);
  return { ...record, kind: 'aside', frame: rest.subarray(from), reason };
}

function decodeHeir(record: Omit<JournalRecord, 'kind'>): JournalRecord | string {
  const heir = unpackOr(record.frame);
  if (typeof heir !== 'string') return 'an heir that names no policy';
  return { ...record, kind: 'heir', frame: record.frame.subarray(0, 0), heir };
}

function decodeRun(bytes: Uint8Array): Run | undefined {
  const data = unpackList(bytes);
  if (data?.length !== 3 && data?.length !== 4) return undefined;
  const [abi, policy, bootId, installed] = data as [number, string, string, string];
  return { abi, policy, bootId, installed };
}

function unpackList(bytes: Uint8Array): unknown[] | undefined {
  const data = unpackOr(bytes);
  return Array.isArray(data) ? data : undefined;
}

function unpackOr(bytes: Uint8Array): unknown {
  try {
    return unpack(bytes);
  } catch {
    return undefined;
  }
}
