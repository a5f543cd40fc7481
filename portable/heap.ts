/**
 * A linear memory for the policy outside of wasm: numbers are addresses, as there. It grows by doubling and hands freed blocks out
 * again, which is all that assembly/wire/regions.ts needs of AssemblyScript's heap.
 */
const FIRST = 16;
const START = 1024 * 1024;

let bytes = new Uint8Array(START);
let view = new DataView(bytes.buffer);
let top = FIRST;
const sizes = new Map<number, number>();
const free = new Map<number, number>();

/** The memory as bytes; ask again after every allocation. */
export function memoryBytes(): Uint8Array {
  return bytes;
}

/** The memory as a view; ask again after every allocation. */
export function memoryView(): DataView {
  return view;
}

function alloc(size: number): number {
  for (const [at, room] of free) {
    if (room < size) continue;
    free.delete(at);
    sizes.set(at, room);
    return at;
  }
  const at = top;
  top += size;
  if (top > bytes.length) grow(top);
  sizes.set(at, size);
  return at;
}

function release(at: number): void {
  free.set(at, sizes.get(at) as number);
  sizes.delete(at);
}

function grow(needed: number): void {
  let larger = bytes.length;
  while (larger < needed) larger *= 2;
  const before = bytes;
  bytes = new Uint8Array(larger);
  bytes.set(before);
  view = new DataView(bytes.buffer);
}

/** AssemblyScript's `heap`: addresses are never 0. */
export const heap = {
  alloc,
  realloc(at: number, size: number): number {
    const from = sizes.get(at) as number;
    const to = alloc(size);
    bytes.copyWithin(to, at, at + Math.min(from, size));
    release(at);
    return to;
  },
  free: release,
};
