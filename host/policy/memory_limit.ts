import { readUnsigned } from './leb128.ts';
import { MEMORY_SECTION, sectionsOf } from './sections.ts';

const PAGE_BYTES = 65_536;

/**
 * How large the memory of a WebAssembly module may become, in bytes; undefined when it has no maximum, or is not exactly one (WebAssembly core
 * specification, binary format: memory section).
 */
export function memoryLimitOf(module: Uint8Array): number | undefined {
  const memories = sectionsOf(module).find(({ id }) => id === MEMORY_SECTION)?.body;
  if (!memories) return undefined;
  const count = readUnsigned(memories, 0);
  const flags = memories[count.end] ?? 0;
  if (count.value !== 1 || (flags & 1) !== 1) return undefined;
  const least = readUnsigned(memories, count.end + 1);
  return readUnsigned(memories, least.end).value * PAGE_BYTES;
}

/** Whether a WebAssembly module declares a maximum for its memory. */
export function hasMemoryLimit(module: Uint8Array): boolean {
  return memoryLimitOf(module) !== undefined;
}
