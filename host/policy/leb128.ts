/** A number and the offset behind it. */
export interface Read {
  value: number;
  end: number;
}

/** An unsigned LEB128 number of up to 32 bits, as all counts and indices in a WebAssembly module are written. */
export function readUnsigned(bytes: Uint8Array, at: number): Read {
  let value = 0;
  let factor = 1;
  for (let end = at; end < bytes.length; end += 1) {
    const byte = bytes[end] as number;
    value += (byte & 127) * factor;
    if (byte < 128) return { value, end: end + 1 };
    factor *= 128;
  }
  return { value, end: bytes.length };
}

/** The offset behind a LEB128 number of any size and sign. */
export function skipNumber(bytes: Uint8Array, at: number): number {
  let end = at;
  while (end < bytes.length && (bytes[end] as number) >= 128) end += 1;
  return end + 1;
}

/** The bytes of an unsigned LEB128 number. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}

/** The bytes of a number of 32 bits that is not negative, as a signed LEB128 number. */
export function signed(value: number): number[] {
  const bytes = unsigned(value);
  const last = bytes.at(-1) as number;
  // The sign is the highest bit of the last seven: a nought more keeps it positive.
  return last < 64 ? bytes : [...bytes.slice(0, -1), last + 128, 0];
}
