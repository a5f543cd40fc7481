const MEMORY_SECTION = 5;
const FIRST_SECTION = 8;

/** Whether a WebAssembly module declares a maximum for its memory (WebAssembly core specification, binary format: memory section). */
export function hasMemoryLimit(module: Uint8Array): boolean {
  let at = FIRST_SECTION;
  while (at < module.length) {
    const id = module[at] as number;
    const size = readUnsigned(module, at + 1);
    if (id === MEMORY_SECTION) {
      const count = readUnsigned(module, size.end);
      const flags = module[count.end] ?? 0;
      return count.value === 1 && (flags & 1) === 1;
    }
    at = size.end + size.value;
  }
  return false;
}

/** LEB128, as all counts in a module are written. */
function readUnsigned(bytes: Uint8Array, at: number): { value: number; end: number } {
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
