import { copyIn, textSize, writeF64, writeText, writeU8, writeU16, writeU32 } from './memory.ts';
import { growOutput } from './regions.ts';

/** Writes MessagePack into the output region, which grows as needed. Integers take their shortest form, so equal values are equal bytes. */
export class Writer {
  private base: usize = 0;
  private used: i32 = 0;

  start(): void {
    this.base = growOutput(1);
    this.used = 0;
  }

  get size(): i32 {
    return this.used;
  }

  private room(size: i32): usize {
    this.base = growOutput(this.used + size);
    const at = this.base + this.used;
    this.used += size;
    return at;
  }

  nil(): void {
    writeU8(this.room(1), 0xc0);
  }

  bool(value: bool): void {
    writeU8(this.room(1), value ? 0xc3 : 0xc2);
  }

  number(value: f64): void {
    if (value >= 0 && value < 4294967296.0 && Math.floor(value) == value) return this.unsigned(u32(value));
    const at = this.room(9);
    writeU8(at, 0xcb);
    writeF64(at + 1, value);
  }

  private unsigned(value: u32): void {
    if (value < 128) {
      writeU8(this.room(1), value);
    } else if (value < 65536) {
      const at = this.room(3);
      writeU8(at, 0xcd);
      writeU16(at + 1, value);
    } else {
      const at = this.room(5);
      writeU8(at, 0xce);
      writeU32(at + 1, value);
    }
  }

  text(value: string): void {
    writeText(this.textHead(textSize(value)), value);
  }

  /** The head of a text of `size` bytes, and the place of those. */
  private textHead(size: i32): usize {
    const head = size < 32 ? 1 : size < 65536 ? 3 : 5;
    const at = this.room(head + size);
    if (head == 1) writeU8(at, 0xa0 | size);
    else {
      writeU8(at, head == 3 ? 0xda : 0xdb);
      if (head == 3) writeU16(at + 1, size);
      else writeU32(at + 1, size);
    }
    return at + head;
  }

  /** Two texts as one. */
  joined(first: string, second: string): void {
    const firstSize = textSize(first);
    const at = this.textHead(firstSize + textSize(second));
    writeText(at, first);
    writeText(at + firstSize, second);
  }

  /** An empty text becomes nil. */
  optionalText(value: string): void {
    if (value.length == 0) this.nil();
    else this.text(value);
  }

  array(count: i32): void {
    if (count < 16) {
      writeU8(this.room(1), 0x90 | count);
    } else {
      const at = this.room(5);
      writeU8(at, 0xdd);
      writeU32(at + 1, count);
    }
  }

  /** An array whose count is not known yet; {@link setCount} takes the returned place. */
  openArray(): i32 {
    const place = this.used;
    writeU8(this.room(5), 0xdd);
    return place;
  }

  /** Of so many keys, each followed by its value. */
  map(count: i32): void {
    if (count < 16) {
      writeU8(this.room(1), 0x80 | count);
    } else {
      const at = this.room(5);
      writeU8(at, 0xdf);
      writeU32(at + 1, count);
    }
  }

  setCount(place: i32, count: i32): void {
    writeU32(this.base + place + 1, count);
  }

  texts(list: string[]): void {
    this.array(list.length);
    for (let i = 0; i < list.length; i++) this.text(list[i]);
  }

  /** A flat list of keys and values, as pairs. */
  pairs(flat: string[]): void {
    this.array(flat.length >> 1);
    for (let i = 0; i < flat.length; i += 2) {
      this.array(2);
      this.text(flat[i]);
      this.text(flat[i + 1]);
    }
  }

  /** Bytes that are MessagePack already. */
  raw(bytes: Uint8Array): void {
    copyIn(this.room(bytes.length), bytes);
  }
}

/** The one writer of the module: a step writes its effects, or a snapshot is written, never both at once. */
export const out: Writer = new Writer();
