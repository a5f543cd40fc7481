import { OBJECT } from 'rt/common';
import { isLeaf, linkOld, nextOf, pointerTo, release, sizeOf } from './object';
import { Stack } from './stack';

/** What `__visit` is told while old objects are marked. */
// @ts-ignore: decorator
@inline
export const VISIT_OLD: u32 = 1;

/** Nothing is looked for until so many bytes have been added, and as many again as were in use. */
// @ts-ignore: decorator
@inline
const ADDED_MIN: usize = 512 * 1024;
/** Pieces of work after a step, and more for each object that it added: the memory then cannot grow faster than it is cleared. */
// @ts-ignore: decorator
@inline
const PIECE: u32 = 64;
// @ts-ignore: decorator
@inline
const PIECE_EACH: u32 = 8;

// @ts-ignore: decorator
@inline
const RESTING: i32 = 0;
// @ts-ignore: decorator
@inline
const MARKING: i32 = 1;
// @ts-ignore: decorator
@inline
const SWEEPING: i32 = 2;

// @ts-ignore: decorator
@lazy
let phase: i32 = RESTING;
/** The number of the present marking, above that of KEPT. */
// @ts-ignore: decorator
@lazy
let marking: u32 = 1;
// @ts-ignore: decorator
@lazy
const marked = changetype<Stack>(memory.data(offsetof<Stack>()));
// @ts-ignore: decorator
@lazy
let first: usize = 0;
/** What the sweep has still to look at. */
// @ts-ignore: decorator
@lazy
let unswept: usize = 0;
// @ts-ignore: decorator
@lazy
let bytes: usize = 0;
// @ts-ignore: decorator
@lazy
let limit: usize = ADDED_MIN;
// @ts-ignore: decorator
@lazy
let work: u32 = 0;

/** Takes a young object over. While marking it counts as in use, and so does what it refers to. */
export function adopt(object: OBJECT): void {
  linkOld(object, first);
  first = changetype<usize>(object);
  bytes += sizeOf(object);
  object.gcInfo2 = 0;
  if (phase == MARKING) mark(object);
}

/** Marks an old object as in use. */
export function mark(object: OBJECT): void {
  if (object.gcInfo2 == marking) return;
  object.gcInfo2 = marking;
  work += 1;
  if (!isLeaf(object)) marked.push(pointerTo(object));
}

/** A reference to an old object was stored: a marking that is under way must not miss it. */
// @ts-ignore: decorator
@inline
export function stored(object: OBJECT): void {
  if (phase == MARKING) mark(object);
}

/** A piece of the work on old objects; `added` became old just now. */
export function workOnOld(added: u32): void {
  if (phase == RESTING) {
    if (bytes <= limit) return;
    phase = MARKING;
    marking += 1;
    __visit_globals(VISIT_OLD);
  }
  const most = PIECE + PIECE_EACH * added;
  work = 0;
  if (phase == MARKING) markSome(most);
  else sweepSome(most);
}

function markSome(most: u32): void {
  while (work < most) {
    if (marked.isEmpty) {
      // No store to a global is told: they are looked at once more.
      __visit_globals(VISIT_OLD);
      if (marked.isEmpty) return startSweep();
    }
    work += 1;
    __visit_members(marked.pop(), VISIT_OLD);
  }
}

function startSweep(): void {
  phase = SWEEPING;
  unswept = first;
  first = 0;
}

function sweepSome(most: u32): void {
  for (let i: u32 = 0; i < most && unswept != 0; i++) {
    const object = changetype<OBJECT>(unswept);
    unswept = nextOf(object);
    if (object.gcInfo2 == marking) {
      linkOld(object, first);
      first = changetype<usize>(object);
    } else {
      bytes -= sizeOf(object);
      release(object);
    }
  }
  if (unswept != 0) return;
  phase = RESTING;
  limit = bytes * 2 + ADDED_MIN;
}
