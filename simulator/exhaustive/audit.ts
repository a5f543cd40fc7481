import type { Policies } from '../world.ts';
import { createExplorer, type Explorer } from './explore.ts';
import type { Point } from './frozen.ts';
import { firstPoint } from './search.ts';
import { type Size, type SmallWorld, setupOf } from './small_worlds.ts';

export interface Audit {
  readonly states: number;
  /** States that were taken for one seen before, although their bytes differ, and were followed all the same. */
  readonly compared: number;
  /** What may happen in one of two such states and not in the other: then they must not be taken for the same. */
  readonly difference: string | undefined;
}

interface Reached extends Point {
  readonly faultsLeft: number;
}

interface Known {
  readonly point: Reached;
  after: Map<string, string> | undefined;
}

/**
 * Holds the fingerprints to account: of states that are taken for the same, all that may follow has to be the same. Searches like
 * `search`, up to `states`, and compares each `every`-th pair.
 */
export function audit(
  small: SmallWorld,
  size: Size,
  policies: Policies,
  { states, every }: { states: number; every: number },
): Audit {
  const explorer = createExplorer(setupOf(small, size), small, size, policies);
  const known = new Map<string, Known>();
  const first: Reached = { ...firstPoint(small, size, policies), faultsLeft: size.faults };
  let level: Reached[] = [first];
  let pairs = 0;
  let compared = 0;
  explorer.look(first);
  known.set(print(explorer, size.faults), { point: first, after: undefined });

  function compare(one: Known, other: Reached): string | undefined {
    pairs += 1;
    if (pairs % every !== 0 || isSame(one.point, other)) return undefined;
    compared += 1;
    one.after ??= whatFollows(explorer, one.point);
    return differenceOf(one.after, whatFollows(explorer, other));
  }

  while (level.length > 0) {
    const next: Reached[] = [];
    for (const point of level) {
      if (known.size >= states) return { states: known.size, compared, difference: undefined };
      const again: { key: string; point: Reached }[] = [];
      explorer.explore(point, point.faultsLeft, (arrival) => {
        if (arrival.violation) return true;
        const key = print(explorer, arrival.faultsLeft);
        const reached = { ...arrival.freeze(), faultsLeft: arrival.faultsLeft };
        if (known.has(key)) again.push({ key, point: reached });
        else {
          known.set(key, { point: reached, after: undefined });
          next.push(reached);
        }
        return true;
      });
      for (const { key, point: other } of again) {
        const difference = compare(known.get(key) as Known, other);
        if (difference) return { states: known.size, compared, difference };
      }
    }
    level = next;
  }
  return { states: known.size, compared, difference: undefined };
}

function print({ fingerprint: { low, high } }: Explorer, faultsLeft: number): string {
  return `${low} ${high} ${faultsLeft}`;
}

function isSame(one: Point, other: Point): boolean {
  return Buffer.compare(one.world, other.world) === 0 && Buffer.compare(one.policy, other.policy) === 0;
}

/** Each state or broken rule that follows, with the move that leads there. */
function whatFollows(explorer: Explorer, point: Reached): Map<string, string> {
  const found = new Map<string, string>();
  explorer.explore(point, point.faultsLeft, (arrival) => {
    const end = arrival.violation ? arrival.violation.invariant : print(explorer, arrival.faultsLeft);
    const { move, drawn } = arrival.way();
    if (!found.has(end)) found.set(end, `${move.name} (${drawn.join(' ')})`);
    return true;
  });
  return found;
}

function differenceOf(one: Map<string, string>, other: Map<string, string>): string | undefined {
  for (const [end, move] of one) if (!other.has(end)) return `only in the first: ${move}`;
  for (const [end, move] of other) if (!one.has(end)) return `only in the second: ${move}`;
  return undefined;
}
