import { DEPTH_MAX, INTEGER_MAX } from '../limits.ts';
import { NO_TEXTS } from '../text.ts';
import { copyOut, readF32, readF64, readText, readU8, readU16, readU32 } from './memory.ts';
import { isUtf8 } from './utf8.ts';

/**
 * Reads MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) and trusts nothing.
 *
 * The first thing that is wrong is kept in `error` ("field: why") and ends the reading: everything after it reads as empty.
 * Counts are bounded by the bytes that are left, so a hostile length costs nothing.
 */
export class Reader {
  private at: usize = 0;
  private end: usize = 0;
  /** Empty as long as all is well. */
  error: string = '';

  /** Begins anew, with the `size` bytes at `start`. */
  open(start: usize, size: i32): Reader {
    this.at = start;
    this.end = start + size;
    this.error = '';
    return this;
  }

  get failed(): bool {
    return this.error.length > 0;
  }

  get position(): usize {
    return this.at;
  }

  /** A copy of the bytes read since `start`. */
  since(start: usize): Uint8Array {
    return this.failed ? new Uint8Array(0) : copyOut(start, i32(this.at - start));
  }

  fail(field: string, why: string): void {
    if (this.error.length == 0) this.error = field + ': ' + why;
    this.at = this.end;
  }

  /** After the last field: nothing may follow. */
  finish(): void {
    if (!this.failed && this.at != this.end) this.fail('frame', 'bytes after the end');
  }

  private take(field: string, size: i32): usize {
    if (this.failed) return 0;
    if (size < 0 || this.end - this.at < usize(size)) {
      this.fail(field, 'the frame ends too early');
      return 0;
    }
    const from = this.at;
    this.at += size;
    return from;
  }

  private lead(field: string): i32 {
    const from = this.take(field, 1);
    return from == 0 ? -1 : i32(readU8(from));
  }

  private sized(field: string, width: i32): i32 {
    const from = this.take(field, width);
    if (from == 0) return 0;
    if (width == 1) return i32(readU8(from));
    if (width == 2) return i32(readU16(from));
    const size = readU32(from);
    if (size > 0x7fffffff) {
      this.fail(field, 'too long');
      return 0;
    }
    return i32(size);
  }

  /** The first byte of the next value; 0 at the end. */
  peek(): u32 {
    return this.at < this.end ? readU8(this.at) : 0;
  }

  /** Takes a nil when one is next. */
  nil(): bool {
    if (this.at >= this.end || readU8(this.at) != 0xc0) return false;
    this.at += 1;
    return true;
  }

  bool(field: string): bool {
    const lead = this.lead(field);
    if (lead == 0xc3) return true;
    if (lead != 0xc2) this.fail(field, 'must be true or false');
    return false;
  }

  /** An integer between `least` and `most`, in whatever form it is written. */
  integer(field: string, least: f64, most: f64): f64 {
    const value = this.number(field);
    if (this.failed) return 0;
    if (!(value >= least && value <= most) || Math.floor(value) != value) {
      this.fail(field, 'must be a whole number in its range');
      return 0;
    }
    return value;
  }

  private number(field: string): f64 {
    const lead = this.lead(field);
    if (lead < 0) return 0;
    if (lead < 0x80) return f64(lead);
    if (lead >= 0xe0) return f64(lead - 256);
    const width =
      lead == 0xca ? 4 : lead == 0xcb ? 8 : lead >= 0xcc && lead <= 0xd3 ? 1 << ((lead - 0xcc) & 3) : 0;
    if (width == 0) {
      this.fail(field, 'must be a number');
      return 0;
    }
    const from = this.take(field, width);
    if (from == 0) return 0;
    return this.decodeNumber(field, lead, from);
  }

  private decodeNumber(field: string, lead: i32, from: usize): f64 {
    if (lead == 0xca) return readF32(from);
    if (lead == 0xcb) return readF64(from);
    if (lead == 0xcc) return f64(readU8(from));
    if (lead == 0xcd) return f64(readU16(from));
    if (lead == 0xce) return f64(readU32(from));
    if (lead == 0xd0) return f64((i32(readU8(from)) << 24) >> 24);
    if (lead == 0xd1) return f64((i32(readU16(from)) << 16) >> 16);
    if (lead == 0xd2) return f64(i32(readU32(from)));
    const high = lead == 0xd3 ? f64(i32(readU32(from))) : f64(readU32(from));
    const value = high * 4294967296.0 + f64(readU32(from + 4));
    if (value > INTEGER_MAX || value < -INTEGER_MAX) this.fail(field, 'too large');
    return value;
  }

  text(field: string): string {
    const lead = this.lead(field);
    if (lead < 0) return '';
    let size = 0;
    if (lead >= 0xa0 && lead <= 0xbf) size = lead & 31;
    else if (lead >= 0xd9 && lead <= 0xdb) size = this.sized(field, 1 << (lead - 0xd9));
    else this.fail(field, 'must be text');
    const from = this.take(field, size);
    if (this.failed || size == 0) return '';
    if (!isUtf8(from, size)) {
      this.fail(field, 'is not UTF-8');
      return '';
    }
    return readText(from, size);
  }

  /** Takes the next value when it is this short ASCII text: what is expected needs no copy. */
  takes(text: string): bool {
    const size = usize(text.length);
    const lead = this.peek();
    // A short text has its size in its first byte, or in the second.
    const head: usize = lead == 0xd9 ? 2 : 1;
    if (this.end - this.at < head + size) return false;
    if (lead == 0xd9 ? readU8(this.at + 1) != u32(size) : lead != (0xa0 | u32(size))) return false;
    const from = this.at + head;
    for (let i = 0; i < text.length; i++)
      if (readU8(from + usize(i)) != u32(text.charCodeAt(i))) return false;
    this.at = from + size;
    return true;
  }

  /** A text that may be nil, which reads as empty. */
  optionalText(field: string): string {
    return this.nil() ? '' : this.text(field);
  }

  /** The header of an array; every element takes at least one byte. */
  array(field: string): i32 {
    const lead = this.lead(field);
    if (lead < 0) return 0;
    let count = 0;
    if (lead >= 0x90 && lead <= 0x9f) count = lead & 15;
    else if (lead == 0xdc || lead == 0xdd) count = this.sized(field, lead == 0xdc ? 2 : 4);
    else this.fail(field, 'must be a list');
    return this.bounded(field, count);
  }

  optionalArray(field: string): i32 {
    return this.nil() ? 0 : this.array(field);
  }

  /** The header of an array of exactly `count` elements: a record. */
  record(field: string, count: i32): bool {
    if (this.array(field) != count) this.fail(field, 'has another number of fields');
    return !this.failed;
  }

  /** The header of a map; every pair takes at least two bytes. */
  map(field: string): i32 {
    const lead = this.lead(field);
    if (lead < 0) return 0;
    let count = 0;
    if (lead >= 0x80 && lead <= 0x8f) count = lead & 15;
    else if (lead == 0xde || lead == 0xdf) count = this.sized(field, lead == 0xde ? 2 : 4);
    else this.fail(field, 'must be an object');
    return this.bounded(field, count);
  }

  private bounded(field: string, count: i32): i32 {
    if (this.failed) return 0;
    if (usize(count) > this.end - this.at) {
      this.fail(field, 'promises more than the frame holds');
      return 0;
    }
    return count;
  }

  /** Pairs of texts, as one flat list: key, value, key, value. */
  pairs(field: string): string[] {
    const count = this.optionalArray(field);
    if (count == 0) return NO_TEXTS;
    const list: string[] = [];
    for (let i = 0; i < count && !this.failed; i++) {
      if (!this.record(field, 2)) break;
      list.push(this.text(field));
      list.push(this.text(field));
    }
    return list;
  }

  texts(field: string): string[] {
    const count = this.optionalArray(field);
    if (count == 0) return NO_TEXTS;
    const list: string[] = [];
    for (let i = 0; i < count && !this.failed; i++) list.push(this.text(field));
    return list;
  }

  /** Passes over one value of any kind. */
  skip(field: string, depth: i32 = 0): void {
    const lead = this.lead(field);
    if (lead < 0) return;
    if (depth > DEPTH_MAX) return this.fail(field, 'is nested too deep');
    if (lead < 0x80 || lead >= 0xe0 || lead == 0xc0 || lead == 0xc2 || lead == 0xc3) return;
    if (lead < 0x90) return this.skipMany(field, (lead & 15) * 2, depth);
    if (lead < 0xa0) return this.skipMany(field, lead & 15, depth);
    if (lead < 0xc0) return this.pass(field, lead & 31);
    if (lead == 0xdc || lead == 0xdd)
      return this.skipMany(field, this.sized(field, lead == 0xdc ? 2 : 4), depth);
    if (lead == 0xde || lead == 0xdf) {
      const pairs = this.bounded(field, this.sized(field, lead == 0xde ? 2 : 4));
      return this.skipMany(field, pairs * 2, depth);
    }
    this.skipSized(field, lead);
  }

  private skipSized(field: string, lead: i32): void {
    if (lead >= 0xc4 && lead <= 0xc6) this.pass(field, this.sized(field, 1 << (lead - 0xc4)));
    else if (lead >= 0xc7 && lead <= 0xc9) this.pass(field, this.sized(field, 1 << (lead - 0xc7)) + 1);
    else if (lead == 0xca) this.pass(field, 4);
    else if (lead == 0xcb) this.pass(field, 8);
    else if (lead >= 0xcc && lead <= 0xd3) this.pass(field, 1 << ((lead - 0xcc) & 3));
    else if (lead >= 0xd4 && lead <= 0xd8) this.pass(field, (1 << (lead - 0xd4)) + 1);
    else if (lead >= 0xd9 && lead <= 0xdb) this.pass(field, this.sized(field, 1 << (lead - 0xd9)));
    else this.fail(field, 'is no MessagePack');
  }

  private skipMany(field: string, count: i32, depth: i32): void {
    for (let i = 0; i < count && !this.failed; i++) this.skip(field, depth + 1);
  }

  private pass(field: string, size: i32): void {
    this.take(field, size);
  }
}

/** The one reader of the module: one frame or snapshot is read at a time. */
export const input: Reader = new Reader();
