import { readUnsigned } from './leb128.ts';
import { MEMORY_SECTION, sectionsOf } from './sections.ts';

/** Whether a WebAssembly module declares a maximum for its memory (WebAssembly core specification, binary format: memory section). */
export function hasMemoryLimit(module: Uint8Array): boolean {
  const memories = sectionsOf(module).find(({ id }) => id === MEMORY_SECTION)?.body;
  if (!memories) return false;
  const count = readUnsigned(memories, 0);
  const flags = memories[count.end] ?? 0;
  return count.value === 1 && (flags & 1) === 1;
}
