const POLYNOMIAL = 0x82f63b78;
/** Bytes that are taken at once. */
const STRIDE = 8;

/** Eight tables of 256: table k has what a byte does that k others follow ("slicing by 8", Kounavis and Berry 2005). */
const tables = makeTables();

function makeTables(): Int32Array {
  const made = new Int32Array(STRIDE * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    made[byte] = value;
  }
  for (let at = 256; at < made.length; at += 1) {
    const before = made[at - 256] as number;
    made[at] = (before >>> 8) ^ (made[before & 0xff] as number);
  }
  return made;
}

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4) of the bytes from `start` to before `end`, an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = -1;
  let i = start;
  for (; i + STRIDE <= end; i += STRIDE) {
    crc =
      (tables[1792 + ((crc ^ (bytes[i] as number)) & 0xff)] as number) ^
      (tables[1536 + (((crc >>> 8) ^ (bytes[i + 1] as number)) & 0xff)] as number) ^
      (tables[1280 + (((crc >>> 16) ^ (bytes[i + 2] as number)) & 0xff)] as number) ^
      (tables[1024 + ((crc >>> 24) ^ (bytes[i + 3] as number))] as number) ^
      (tables[768 + (bytes[i + 4] as number)] as number) ^
      (tables[512 + (bytes[i + 5] as number)] as number) ^
      (tables[256 + (bytes[i + 6] as number)] as number) ^
      (tables[bytes[i + 7] as number] as number);
  }
  for (; i < end; i += 1) crc = (crc >>> 8) ^ (tables[(crc ^ (bytes[i] as number)) & 0xff] as number);
  return ~crc >>> 0;
}
