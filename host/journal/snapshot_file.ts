import { readFileSync } from 'node:fs';
import { pack, unpack } from '../frames/codec.ts';
import { readBlock } from './blocks.ts';
import { BLOCK_HEAD, block } from './format.ts';

/**
 * A snapshot of the journal: all that the events of the segments before it have led to.
 *
 *   "MOORSNP1"                                            8 bytes
 *   block: header = MessagePack [format, segment, abi, policy digest, wall time in ms, events, effects digest, at, last call]
 *   block: what the host has learnt, MessagePack
 *   block: the state of the policy, as the policy writes it
 */
const MAGIC = Buffer.from('MOORSNP1', 'latin1');
const FORMAT = 1;
const HEADER_FIELDS = 9;
/** The file has been written as a whole: its size is the only limit of a block. */
const NO_LIMIT = 0xffffffff;

export interface JournalSnapshot {
  /** Number of the segment that begins where this state is. */
  segment: number;
  abi: number;
  /** SHA-256 of the policy whose state it is, hex. */
  policy: string;
  wallMs: number;
  /** Events until here, from the first of the journal. */
  events: number;
  /** CRC-32C of the effects of the last of them. */
  effectsBefore: number;
  /** Time of the last of them. */
  at: number;
  /** The largest number of a call so far. */
  lastCall: number;
  /** What the host has learnt from the events, as its directory keeps it. */
  learnt: unknown;
  state: Uint8Array;
}

export function encodeSnapshot(snapshot: JournalSnapshot): Buffer {
  const { segment, abi, policy, wallMs, events, effectsBefore, at, lastCall, learnt, state } = snapshot;
  const header = pack([FORMAT, segment, abi, policy, wallMs, events, effectsBefore, at, lastCall]);
  return Buffer.concat([MAGIC, block(header), block(pack(learnt)), block(state)]);
}

/** Why a snapshot cannot be used. */
export interface BadSnapshot {
  why: string;
  /** Set when another version wrote it: then it is not bad, only unknown here. */
  unknownFormat?: number;
}

export function isBad(read: JournalSnapshot | BadSnapshot): read is BadSnapshot {
  return 'why' in read;
}

/** Reads a snapshot, believing nothing that its checksums do not confirm. */
export function readSnapshotFile(file: string, segment: number): JournalSnapshot | BadSnapshot {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    return { why: `it cannot be read (${(error as Error).message})` };
  }
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC))
    return { why: 'it does not begin as a snapshot of a journal does' };
  const bodies: Buffer[] = [];
  let offset = MAGIC.length;
  for (let count = 0; count < 3; count += 1) {
    const body = readBlock(bytes, offset, NO_LIMIT);
    if (typeof body === 'string')
      return { why: `byte ${offset}: ${body === 'torn' ? 'it ends too early' : body}` };
    bodies.push(body);
    offset += BLOCK_HEAD + body.length;
  }
  if (offset < bytes.length) return { why: `byte ${offset}: there is more after its end` };
  return assemble(bodies as [Buffer, Buffer, Buffer], segment);
}

function assemble(
  [head, learnt, state]: [Buffer, Buffer, Buffer],
  segment: number,
): JournalSnapshot | BadSnapshot {
  const header = unpackOr(head);
  if (!Array.isArray(header) || typeof header[0] !== 'number') return { why: 'its header is none' };
  if (header[0] !== FORMAT) return { why: `it is written in format ${header[0]}`, unknownFormat: header[0] };
  if (header.length !== HEADER_FIELDS) return { why: 'its header has another number of fields' };
  const [, number, abi, policy, wallMs, events, effectsBefore, at, lastCall] = header;
  if (number !== segment) return { why: `it is the snapshot of segment ${number}, under another name` };
  const places = unpackOr(learnt);
  if (places === undefined) return { why: 'what the host has learnt cannot be read' };
  return { segment, abi, policy, wallMs, events, effectsBefore, at, lastCall, learnt: places, state };
}

function unpackOr(bytes: Uint8Array): unknown {
  try {
    return unpack(bytes);
  } catch {
    return undefined;
  }
}
