/**
 * Raw linear memory: the only file (beside abort.ts and regions.ts) that knows addresses. Multi-byte values are big endian, as
 * MessagePack has them. Outside of wasm portable/memory.ts takes its place.
 */

export function readU8(at: usize): u32 {
  return load<u8>(at);
}

export function readU16(at: usize): u32 {
  return bswap<u16>(load<u16>(at));
}

export function readU32(at: usize): u32 {
  return bswap<u32>(load<u32>(at));
}

export function readF32(at: usize): f64 {
  return reinterpret<f32>(bswap<u32>(load<u32>(at)));
}

export function readF64(at: usize): f64 {
  return reinterpret<f64>(bswap<u64>(load<u64>(at)));
}

export function writeU8(at: usize, value: u32): void {
  store<u8>(at, value);
}

export function writeU16(at: usize, value: u32): void {
  store<u16>(at, bswap<u16>(u16(value)));
}

export function writeU32(at: usize, value: u32): void {
  store<u32>(at, bswap<u32>(value));
}

export function writeF64(at: usize, value: f64): void {
  store<u64>(at, bswap<u64>(reinterpret<u64>(value)));
}

/** The text of `size` bytes of UTF-8 that `isUtf8` has accepted. */
export function readText(at: usize, size: i32): string {
  return String.UTF8.decodeUnsafe(at, size);
}

/** How many bytes `text` takes as UTF-8. */
export function textSize(text: string): i32 {
  return String.UTF8.byteLength(text);
}

/** Writes `text` as UTF-8; the caller has made room for {@link textSize} bytes. */
export function writeText(at: usize, text: string): void {
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, at);
}

export function copyOut(at: usize, size: i32): Uint8Array {
  const copy = new Uint8Array(size);
  memory.copy(copy.dataStart, at, size);
  return copy;
}

export function copyIn(at: usize, bytes: Uint8Array): void {
  memory.copy(at, bytes.dataStart, bytes.length);
}
