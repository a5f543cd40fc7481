import type { Violation } from '../violation.ts';
import type { Policies } from '../world.ts';
import { createExplorer, endAll, repeating, runMove, type Way } from './explore.ts';
import type { Point } from './frozen.ts';
import { type Found, firstPoint, firstWorld } from './search.ts';
import { type Size, type SmallWorld, setupOf } from './small_worlds.ts';

/** A broken rule with the way that leads there. */
export interface Trace {
  readonly invariant: string;
  readonly message: string;
  /** What happened, in words. */
  readonly moves: readonly string[];
  /** The events since the journal began, as the policy had them. */
  readonly events: readonly Record<string, unknown>[];
}

/**
 * Goes the way of a search once more, without snapshots: from the first start, stepping one policy from the first event on, with a
 * journal. Throws when that does not break the same rule: then stepped and restored policies decide differently.
 */
export function retrace(small: SmallWorld, size: Size, renew: () => Policies, found: Found): Trace {
  const ways = waysOf(small, size, renew(), found.path);
  const world = firstWorld(small, size, renew());
  let violation: Violation | undefined;
  for (const { move, drawn } of ways) {
    world.random = repeating(drawn);
    violation = runMove(world, move);
    if (violation) break;
  }
  if (!violation && found.isLater) {
    world.begun.clear();
    violation = endAll(world);
  }
  const moves = ways.map(({ move }) => move.name);
  if (violation?.invariant !== found.violation.invariant) {
    const seen = violation ? `breaks ${violation.invariant}` : 'breaks nothing';
    throw new Error(
      `world ${small.name}: ${found.violation.invariant} was broken from a snapshot (${found.violation.message}), and the same way ` +
        `stepped from the start ${seen}: the policy's snapshot is not its whole state; the way: ${moves.join(', ')}`,
    );
  }
  return {
    invariant: violation.invariant,
    message: violation.message,
    moves: found.isLater ? [...moves, 'then all ends, without faults'] : moves,
    events: world.journal.map(({ event }) => event),
  };
}

/** The numbers of a path as moves with their draws. */
function waysOf(small: SmallWorld, size: Size, policies: Policies, path: readonly number[]): Way[] {
  const explorer = createExplorer(setupOf(small, size), small, size, policies);
  const ways: Way[] = [];
  let point: Point = firstPoint(small, size, policies);
  let faultsLeft = size.faults;
  for (const number of path) {
    let count = 0;
    explorer.explore(point, faultsLeft, (arrival) => {
      count += 1;
      if (count <= number) return true;
      ways.push(arrival.way());
      if (!arrival.violation) point = arrival.freeze();
      faultsLeft = arrival.faultsLeft;
      return false;
    });
  }
  return ways;
}
