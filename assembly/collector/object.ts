import { BLOCK_OVERHEAD, OBJECT, TOTAL_OVERHEAD } from 'rt/common';
import { giveBlock } from './blocks';

/**
 * An object as the collector sees it: the header that AssemblyScript puts before each one (rt/common.ts of its library), with the two
 * words that are left to a collector:
 *
 *   gcInfo    the next object of the same list; the lowest bit says that this one is young
 *   gcInfo2   the number of the last marking that found it in use; 0 for none
 *
 * Constants of the module have a header as well, but are in no list: they are old from the start and never freed.
 */
// @ts-ignore: decorator
@inline
const YOUNG: u32 = 1;

// @ts-ignore: decorator
@inline
export function objectAt(pointer: usize): OBJECT {
  return changetype<OBJECT>(pointer - TOTAL_OVERHEAD);
}

// @ts-ignore: decorator
@inline
export function pointerTo(object: OBJECT): usize {
  return changetype<usize>(object) + TOTAL_OVERHEAD;
}

// @ts-ignore: decorator
@inline
export function isYoung(object: OBJECT): bool {
  return (object.gcInfo & YOUNG) != 0;
}

/** The next of its list; 0 at the end. */
// @ts-ignore: decorator
@inline
export function nextOf(object: OBJECT): usize {
  return object.gcInfo & ~YOUNG;
}

/** Puts it before `next` in a list of young objects. */
// @ts-ignore: decorator
@inline
export function linkYoung(object: OBJECT, next: usize): void {
  object.gcInfo = u32(next) | YOUNG;
}

/** Puts it before `next` in a list of old objects. */
// @ts-ignore: decorator
@inline
export function linkOld(object: OBJECT, next: usize): void {
  object.gcInfo = u32(next);
}

/** Texts and buffers refer to nothing. */
// @ts-ignore: decorator
@inline
export function isLeaf(object: OBJECT): bool {
  return object.rtId <= idof<string>();
}

/** Bytes that it takes, its header included. */
// @ts-ignore: decorator
@inline
export function sizeOf(object: OBJECT): usize {
  return BLOCK_OVERHEAD + (object.mmInfo & ~3);
}

export function release(object: OBJECT): void {
  giveBlock(changetype<usize>(object) + BLOCK_OVERHEAD);
}
