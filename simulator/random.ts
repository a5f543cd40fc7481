/** Choices that come from a seed and from nothing else. */
export interface Random {
  /** A whole number from 0 up to, not including, `limit`; the exhaustive search takes those up to `enough`: the others are more of the same. */
  below(limit: number, enough?: number): number;
  /** Only the exhaustive search asks whether it matters: false when not. */
  chance(probability: number, matters?: boolean): boolean;
  /** The index of one of the weights; a weight twice as large comes twice as often. */
  weighted(weights: readonly number[]): number;
  /** Throws when there is nothing to choose from. The exhaustive search takes those of `enough`: the others are more of the same. */
  pick<Item>(items: readonly Item[], enough?: readonly Item[]): Item;
}

/** mulberry32: 32 bits of state, the same numbers on every machine. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  function fraction(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }
  return {
    below: (limit) => Math.floor(fraction() * limit),
    chance: (probability) => fraction() < probability,
    weighted(weights) {
      let at = fraction() * weights.reduce((sum, weight) => sum + weight, 0);
      const index = weights.findIndex((weight) => {
        at -= weight;
        return at < 0;
      });
      return index < 0 ? weights.length - 1 : index;
    },
    pick(items) {
      if (items.length === 0) throw new RangeError('nothing to choose from');
      return items[Math.floor(fraction() * items.length)] as (typeof items)[number];
    },
  };
}

/** Another seed for each pair of numbers (the finaliser of MurmurHash3). */
export function derive(seed: number, salt: number): number {
  let mixed = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b)) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
