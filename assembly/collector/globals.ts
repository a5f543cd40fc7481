import { isYoung, objectAt } from './object';
import { mark, stored, VISIT_OLD, workOnOld } from './old';
import { create, keep, settleYoung, visitYoung } from './young';

/*
 * The functions that the compiler has its output call, by these names. See rt/README.md of AssemblyScript's library for what each
 * must do.
 */

// @ts-ignore: decorator
@global
export function __new(size: usize, id: i32): usize {
  return create(size, id);
}

// @ts-ignore: decorator
@global
export function __renew(pointer: usize, size: usize): usize {
  const object = objectAt(pointer);
  const larger = create(size, object.rtId);
  memory.copy(larger, pointer, min(size, usize(object.rtSize)));
  return larger;
}

/** A reference to `child` was stored in `parent`. */
// @ts-ignore: decorator
@global
export function __link(parent: usize, child: usize, _many: bool): void {
  if (child == 0) return;
  const object = objectAt(child);
  if (!isYoung(object)) stored(object);
  else if (!isYoung(objectAt(parent))) keep(object);
}

// @ts-ignore: decorator
@global
export function __visit(pointer: usize, cookie: u32): void {
  if (pointer == 0) return;
  const object = objectAt(pointer);
  if (cookie == VISIT_OLD) mark(object);
  else visitYoung(object);
}

/** The host is never given an object, so there is nothing to hold on to. */
// @ts-ignore: decorator
@global
export function __pin(pointer: usize): usize {
  assert(false, 'objects are not handed out');
  return pointer;
}

// @ts-ignore: decorator
@global
export function __unpin(_pointer: usize): void {
  assert(false, 'objects are not handed out');
}

/** To be called between two steps, never within one. */
// @ts-ignore: decorator
@global
export function __collect(): void {
  workOnOld(settleYoung());
}
