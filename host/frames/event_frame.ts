import { pack, unpack } from './codec.ts';
import { EVENTS, type Kind, SCHEMA, UNREADABLE } from './schema.ts';
import { fieldsFromFrame, fieldsToFrame, UnknownField } from './shapes.ts';
import type { Event } from './types.ts';

/**
 * An event frame: one short list, [schema, type, at, fields...]. `at`, and `call` where there is one, are always float64,
 * so that they stand at fixed places:
 *
 *   0 list header | 1 schema | 2 type | 3 0xcb | 4..11 at | 12 0xcb | 13..20 call | fields
 */
const TYPE = 2;
const AT = 4;
const CALL = 13;
const FLOAT64 = 0xcb;
/** Schema, type and time come before. */
const FIRST_FIELD = 3;
/** Fields of every event, which stand in front of its own. */
const HEADER = ['type', 'at'];
/** Packs as a float64; the number is written over it. */
const PLACE = 0.1;

const byType = new Map(EVENTS.map((kind) => [kind.type, kind]));
const byNumber = new Map(EVENTS.map((kind) => [kind.number, kind]));

function hasCall(kind: Kind): boolean {
  return kind.fields[0]?.name === 'call';
}

/** Writes time and call number into a frame, in place. `call` is left alone where the event has none. */
export function stamp(frame: Uint8Array, at: number, call?: number): void {
  writeFloat64(frame, AT, at);
  if (call !== undefined) writeFloat64(frame, CALL, call);
}

/** A view for each frame would cost more than all else that is done here. */
const eight = new Uint8Array(8);
const number = new DataView(eight.buffer);

function writeFloat64(frame: Uint8Array, offset: number, value: number): void {
  if (offset + 8 > frame.length)
    throw new RangeError(`a frame of ${frame.length} bytes has no number at ${offset}`);
  number.setFloat64(0, value);
  for (let i = 0; i < 8; i += 1) frame[offset + i] = eight[i] as number;
}

const RECOVER = 2;

/** Which part of a recovery a frame is, and whether it is the last; undefined when it is no `recover`. */
export function partOf(frame: Uint8Array): { part: unknown; last: unknown } | undefined {
  if (frame[TYPE] !== RECOVER) return undefined;
  try {
    return decodeEvent(frame) as unknown as { part: unknown; last: unknown };
  } catch {
    return { part: undefined, last: false };
  }
}

const SWAP = 12;

/** The digest of the policy that decides from a `swap` on; undefined when the frame is none. */
export function swapOf(frame: Uint8Array): string | undefined {
  if (frame[TYPE] !== SWAP) return undefined;
  try {
    return (decodeEvent(frame) as Event & { type: 'swap' }).digest;
  } catch {
    return undefined;
  }
}

/** The name of the event in a frame, for people. */
export function nameOf(frame: Uint8Array): string {
  return byNumber.get(frame[TYPE] as number)?.type ?? 'unreadable';
}

/** Time and call number of a frame; 0 for what it does not have. */
export function stampOf(frame: Uint8Array): { at: number; call: number } {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const read = (offset: number) =>
    frame.length >= offset + 8 && frame[offset - 1] === FLOAT64 ? view.getFloat64(offset) : 0;
  const kind = byNumber.get(frame[TYPE] as number);
  return { at: read(AT), call: kind && hasCall(kind) ? read(CALL) : 0 };
}

/** The number of the event in a frame that a caller handed in, or 0 when it is none that a caller may send and be answered. */
export function typeOf(frame: Uint8Array): number {
  const isHeader = frame.length >= CALL - 1 && frame[1] === SCHEMA && frame[AT - 1] === FLOAT64;
  const kind = isHeader ? byNumber.get(frame[TYPE] as number) : undefined;
  if (!kind || !hasCall(kind) || frame.length < CALL + 8 || frame[CALL - 1] !== FLOAT64) return 0;
  return kind.number;
}

/** The frame of an event in people's form. What cannot be encoded becomes an `unreadable` event, which the policy answers. */
export function encodeEvent(event: Record<string, unknown>): Uint8Array {
  const kind = byType.get(String(event.type));
  if (!kind) return encodeUnreadable(event, `type: unknown event "${String(event.type)}"`);
  try {
    return assemble(kind, event.at, fieldsToFrame(kind.fields, event, begun(kind, event.at), HEADER));
  } catch (error) {
    if (error instanceof UnknownField) return encodeUnreadable(event, error.message);
    throw error;
  }
}

function encodeUnreadable(event: Record<string, unknown>, why: string): Uint8Array {
  const call = typeof event.call === 'number' ? event.call : -1;
  return assemble(UNREADABLE, event.at, [...begun(UNREADABLE, event.at), call, why]);
}

/** What stands before the fields. */
function begun({ number }: Kind, at: unknown): unknown[] {
  return [SCHEMA, number, typeof at === 'number' ? PLACE : (at ?? null)];
}

function assemble(kind: Kind, at: unknown, list: unknown[]): Uint8Array {
  const call = hasCall(kind) ? list[FIRST_FIELD] : undefined;
  if (typeof call === 'number') list[FIRST_FIELD] = PLACE;
  const frame = pack(list);
  if (typeof at === 'number') stamp(frame, at, typeof call === 'number' ? call : undefined);
  return frame;
}

/** The event in a frame, in people's form. Throws when it is none. */
export function decodeEvent(frame: Uint8Array): Event {
  const data = unpack(frame);
  if (!Array.isArray(data) || data[0] !== SCHEMA) throw new Error(`not an event frame of schema ${SCHEMA}`);
  const kind = byNumber.get(data[1]);
  if (!kind) throw new Error(`unknown event number ${data[1]}`);
  return fieldsFromFrame(kind.fields, data, FIRST_FIELD, { type: kind.type, at: data[2] }) as Event;
}
