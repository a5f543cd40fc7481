import { BLOCK_OVERHEAD, OBJECT, OBJECT_MAXSIZE, OBJECT_OVERHEAD } from 'rt/common';
import { takeBlock } from './blocks';
import { isLeaf, isYoung, linkYoung, nextOf, objectAt, pointerTo, release } from './object';
import { adopt } from './old';
import { Stack } from './stack';

/** What `__visit` is told while young objects are looked for. */
// @ts-ignore: decorator
@inline
export const VISIT_YOUNG: u32 = 0;

/** Found in use since the step began. */
// @ts-ignore: decorator
@inline
const KEPT: u32 = 1;

// @ts-ignore: decorator
@lazy
const kept = changetype<Stack>(memory.data(offsetof<Stack>()));
// @ts-ignore: decorator
@lazy
let first: usize = 0;

/** A new object, all zero. */
export function create(size: usize, id: u32): usize {
  assert(size < OBJECT_MAXSIZE, 'an object that is too large');
  const object = changetype<OBJECT>(takeBlock(OBJECT_OVERHEAD + size) - BLOCK_OVERHEAD);
  object.rtId = id;
  object.rtSize = u32(size);
  object.gcInfo2 = 0;
  linkYoung(object, first);
  first = changetype<usize>(object);
  const pointer = pointerTo(object);
  // A text is always written as a whole by who makes it.
  if (id != idof<string>()) clear(pointer, size);
  return pointer;
}

/** Blocks are larger than `size` by enough for the last word. */
function clear(pointer: usize, size: usize): void {
  if (size > 64) return memory.fill(pointer, 0, size);
  const end = pointer + size;
  for (; pointer < end; pointer += 4) store<u32>(pointer, 0);
}

/** Something that stays refers to this young object. */
export function keep(object: OBJECT): void {
  if (object.gcInfo2 == KEPT) return;
  object.gcInfo2 = KEPT;
  if (!isLeaf(object)) kept.push(pointerTo(object));
}

// @ts-ignore: decorator
@inline
export function visitYoung(object: OBJECT): void {
  if (isYoung(object)) keep(object);
}

/** The step is over: what is in use becomes old, the rest is freed. Returns how many became old. */
export function settleYoung(): u32 {
  __visit_globals(VISIT_YOUNG);
  while (!kept.isEmpty) __visit_members(kept.pop(), VISIT_YOUNG);
  let count: u32 = 0;
  let at = first;
  first = 0;
  while (at != 0) {
    const object = changetype<OBJECT>(at);
    at = nextOf(object);
    if (object.gcInfo2 == KEPT) {
      adopt(object);
      count += 1;
    } else release(object);
  }
  return count;
}
