import { BLOCK, BLOCK_OVERHEAD } from 'rt/common';

/*
 * Memory for objects. Nearly all are small, live for one step, and are followed by others of the same size: a block that becomes free
 * is kept in a list of its size, and the next object of that size takes it. Larger ones come from the heap of AssemblyScript's library (rt/tlsf.ts) and go
 * back to it.
 */

/** Sizes are told apart in units of so many bytes, as a power of two; the library's heap counts in the same. */
// @ts-ignore: decorator
@inline
const UNIT_BITS: usize = 4;
/** Sizes below so many units have a list. */
// @ts-ignore: decorator
@inline
const LISTS: usize = 32;

// @ts-ignore: decorator
@lazy
const lists: usize = memory.data(32 * 4);

/** A block with room for `size` bytes, which are not zero. */
export function takeBlock(size: usize): usize {
  const units = (size + BLOCK_OVERHEAD + 15) >> UNIT_BITS;
  if (units >= LISTS) return __alloc(size);
  const list = lists + (units << alignof<usize>());
  const block = load<usize>(list);
  if (block == 0) return __alloc(size);
  store<usize>(list, load<usize>(block));
  return block;
}

export function giveBlock(block: usize): void {
  const size = changetype<BLOCK>(block - BLOCK_OVERHEAD).mmInfo & ~3;
  const units = (size + BLOCK_OVERHEAD) >> UNIT_BITS;
  if (units >= LISTS) return __free(block);
  const list = lists + (units << alignof<usize>());
  store<usize>(block, load<usize>(list));
  store<usize>(list, block);
}
