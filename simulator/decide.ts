import { decodeEffects } from '../host/frames/effect_frame.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

/** Between two comparisons of a stepped with a restored state. */
const STEPS_BETWEEN_COMPARISONS = 16;

/** Steps the policy; now and then a second instance is given the same state, and must decide the same. */
export function decide(world: World, frame: Uint8Array): Uint8Array {
  const isCompared = (world.steps + world.setup.seed) % STEPS_BETWEEN_COMPARISONS === 0;
  const before = isCompared ? guarded(() => world.policy.snapshot()) : undefined;
  const effects = guarded(() => world.policy.step(frame));
  if (!before) return effects;
  compareRestored(world, before, frame, effects);
  world.kept = { state: before, events: world.journal.length };
  return effects;
}

function compareRestored(world: World, before: Uint8Array, frame: Uint8Array, effects: Uint8Array): void {
  guarded(() => world.other.restore(before));
  if (
    !isSame(
      before,
      guarded(() => world.other.snapshot()),
    )
  )
    throw new Violation('deterministic', 'a restored state gives another snapshot than the one it came from');
  const restored = guarded(() => world.other.step(frame));
  if (!isAlike(effects, restored))
    throw new Violation('deterministic', `restored it decides ${inWords(restored)}, not ${inWords(effects)}`);
  if (
    !isSame(
      guarded(() => world.policy.snapshot()),
      guarded(() => world.other.snapshot()),
    )
  )
    throw new Violation('deterministic', 'after one more event stepped and restored state differ');
}

/** Where the list of a frame of effects has its head: one byte with the count in it, or followed by two or four bytes of it. */
const HEAD = 2;
const ARRAY_16 = 0xdc;
const ARRAY_32 = 0xdd;

/** How a wake-up begins: a list of two, number 8. */
const WAKE = [0x92, 0x08];

/** How many effects there are, and where they begin. */
export function listOf(frame: Uint8Array): { count: number; body: number } {
  const head = frame[HEAD] as number;
  const size = head === ARRAY_32 ? 4 : head === ARRAY_16 ? 2 : 0;
  let count = size === 0 ? head - 0x90 : 0;
  for (let i = 1; i <= size; i += 1) count = count * 256 + (frame[HEAD + i] as number);
  return { count, body: HEAD + 1 + size };
}

/** The same effects; a state that was restored says its wake-up again, after all else. */
export function isAlike(effects: Uint8Array, restored: Uint8Array): boolean {
  if (isSame(effects, restored)) return true;
  const [told, again] = [listOf(effects), listOf(restored)];
  if (told.count + 1 !== again.count || told.body !== again.body) return false;
  const isWake = restored[effects.length] === WAKE[0] && restored[effects.length + 1] === WAKE[1];
  return isWake && isSame(effects.subarray(told.body), restored.subarray(told.body, effects.length));
}

/** For people. */
function inWords(effects: Uint8Array): string {
  return JSON.stringify(decodeEffects(effects));
}

function isSame(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  return left === right || (left !== undefined && right !== undefined && Buffer.compare(left, right) === 0);
}

export function guarded<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw new Violation('trap', (error as Error).message);
  }
}
