/** How each state was reached first: from which one, and by which of its ways. */
export interface Paths {
  /** The next state, in the order in which they are looked at; the first has the parent -1. */
  add(parent: number, way: number): void;
  /** The ways from the start to a state. */
  to(node: number): number[];
}

const FIRST_CAPACITY = 1 << 14;

/** 6 bytes a state. */
export function createPaths(): Paths {
  let parents = new Int32Array(FIRST_CAPACITY);
  let ways = new Uint16Array(FIRST_CAPACITY);
  let size = 0;

  function grow(): void {
    const before = { parents, ways };
    parents = new Int32Array(size * 2);
    ways = new Uint16Array(size * 2);
    parents.set(before.parents);
    ways.set(before.ways);
  }

  return {
    add(parent, way) {
      if (size === parents.length) grow();
      parents[size] = parent;
      ways[size] = way;
      size += 1;
    },
    to(node) {
      const path: number[] = [];
      for (let at = node; (parents[at] as number) >= 0; at = parents[at] as number)
        path.push(ways[at] as number);
      return path.reverse();
    },
  };
}
