/** Bytes first in, first out, outside of the garbage collector's reach; what was taken is given back chunk by chunk. */
export interface Queue {
  readonly length: number;
  /** Bytes that are kept. */
  readonly size: number;
  push(parts: readonly Uint8Array[]): void;
  /** The parts of the oldest entry, which stay what they are. */
  shift(): Buffer[];
}

const CHUNK = 1 << 20;
const HEAD = 4;

export function createQueue(): Queue {
  const chunks: { bytes: Buffer; used: number }[] = [];
  let length = 0;
  let readAt = 0;
  let size = 0;
  return {
    get length() {
      return length;
    },
    get size() {
      return size;
    },
    push(parts) {
      const needed = parts.reduce((sum, part) => sum + HEAD + part.length, HEAD);
      let last = chunks.at(-1);
      if (!last || last.used + needed > last.bytes.length) {
        last = { bytes: Buffer.allocUnsafeSlow(Math.max(CHUNK, needed)), used: 0 };
        chunks.push(last);
        size += last.bytes.length;
      }
      last.used = last.bytes.writeUInt32LE(parts.length, last.used);
      for (const part of parts) {
        last.used = last.bytes.writeUInt32LE(part.length, last.used);
        last.bytes.set(part, last.used);
        last.used += part.length;
      }
      length += 1;
    },
    shift() {
      const first = chunks[0];
      if (!first || length === 0) throw new RangeError('nothing is left');
      const parts: Buffer[] = [];
      const count = first.bytes.readUInt32LE(readAt);
      readAt += HEAD;
      for (let i = 0; i < count; i += 1) {
        const partLength = first.bytes.readUInt32LE(readAt);
        readAt += HEAD;
        parts.push(first.bytes.subarray(readAt, readAt + partLength));
        readAt += partLength;
      }
      length -= 1;
      if (readAt === first.used && (chunks.length > 1 || length === 0)) {
        chunks.shift();
        size -= first.bytes.length;
        readAt = 0;
      }
      return parts;
    },
  };
}
