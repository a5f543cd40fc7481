import type { Random } from '../random.ts';

/** Of a longer range only the ends are drawn: what lies between them leads to the same order of things. */
const RANGE_MAX = 6;

/** A source of choices that takes every way in turn: what draws from it needs not know that it is run once for each. */
export interface Choosing extends Random {
  /** Before the first run. */
  begin(): void;
  /** Before each further run: the next way. False when there is none left. */
  advance(): boolean;
  /** What was drawn in this run. */
  drawn(): number[];
  /** Before a run that draws the same again. */
  repeat(drawn: readonly number[]): void;
}

/** Depth first: the last draw changes soonest. What is run must draw the same as long as it is given the same. */
export function createChoosing(): Choosing {
  let values: number[] = [];
  let counts: number[] = [];
  let at = 0;

  function draw(count: number): number {
    if (at === values.length) {
      values.push(0);
      counts.push(count);
    }
    counts[at] = count;
    const value = values[at] as number;
    at += 1;
    return value;
  }

  return {
    below: (limit, enough = limit) => (enough <= RANGE_MAX ? draw(enough) : draw(2) * (limit - 1)),
    chance: (probability, matters = true) =>
      matters && probability > 0 && (probability >= 1 || draw(2) === 1),
    weighted(weights) {
      const possible = weights.flatMap((weight, index) => (weight > 0 ? [index] : []));
      return possible[draw(possible.length)] as number;
    },
    pick(items, enough = items) {
      if (enough.length === 0) throw new RangeError('nothing to choose from');
      return enough[draw(enough.length)] as (typeof items)[number];
    },
    begin() {
      values = [];
      counts = [];
      at = 0;
    },
    advance() {
      values.length = counts.length = at;
      while (values.length > 0 && (values.at(-1) as number) + 1 >= (counts.at(-1) as number)) {
        values.pop();
        counts.pop();
      }
      at = 0;
      if (values.length === 0) return false;
      values[values.length - 1] = (values.at(-1) as number) + 1;
      return true;
    },
    drawn: () => values.slice(0, at),
    repeat(drawn) {
      values = [...drawn];
      counts = drawn.map((value) => value + 1);
      at = 0;
    },
  };
}
