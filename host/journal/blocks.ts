import { crc32c } from './crc32c.ts';
import { BLOCK_HEAD } from './format.ts';

/** The body of the block at `offset`; `torn` when the file ends within it; else why it is damaged. */
export function readBlock(bytes: Buffer, offset: number, bodyMax: number): Buffer | string {
  if (bytes.length - offset < BLOCK_HEAD) return 'torn';
  const length = bytes.readUInt32LE(offset);
  if (crc32c(bytes, offset, offset + 4) !== bytes.readUInt32LE(offset + 4))
    return 'the checksum of a length is wrong';
  if (length > bodyMax) return `a length of ${length} bytes, more than any record has`;
  const start = offset + BLOCK_HEAD;
  if (bytes.length - start < length) return 'torn';
  if (crc32c(bytes, start, start + length) !== bytes.readUInt32LE(offset + 8)) return 'the checksum is wrong';
  return bytes.subarray(start, start + length);
}
