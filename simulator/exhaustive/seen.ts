/** Fingerprints that were seen, each with the most faults that were left when it was. */
export interface Seen {
  readonly size: number;
  /** `again`: it was seen, but only with fewer faults left, so that less could follow from it. */
  add(low: number, high: number, faultsLeft: number): 'new' | 'again' | 'seen';
  /** The most faults that were left in a state that was seen. */
  faultsLeft(low: number, high: number): number;
}

const FIRST_CAPACITY = 1 << 16;
/** Above this share of used places the table grows. */
const LOAD_MAX = 0.6;

/** An open table in typed arrays: 9 bytes a place, nothing for the garbage collector. */
export function createSeen(): Seen {
  let capacity = FIRST_CAPACITY;
  let lows = new Int32Array(capacity);
  let highs = new Int32Array(capacity);
  let left = new Uint8Array(capacity);
  let size = 0;

  function placeOf(low: number, high: number): number {
    let at = (low ^ Math.imul(high, 0x9e3779b1)) & (capacity - 1);
    while ((lows[at] !== 0 || highs[at] !== 0) && (lows[at] !== low || highs[at] !== high))
      at = (at + 1) & (capacity - 1);
    return at;
  }

  function grow(): void {
    const before = { lows, highs, left, capacity };
    capacity *= 2;
    lows = new Int32Array(capacity);
    highs = new Int32Array(capacity);
    left = new Uint8Array(capacity);
    for (let i = 0; i < before.capacity; i += 1) {
      const low = before.lows[i] as number;
      const high = before.highs[i] as number;
      if (low === 0 && high === 0) continue;
      const at = placeOf(low, high);
      lows[at] = low;
      highs[at] = high;
      left[at] = before.left[i] as number;
    }
  }

  return {
    get size() {
      return size;
    },
    faultsLeft: (low, high) => left[placeOf(low, high)] as number,
    add(low, high, faultsLeft) {
      const at = placeOf(low, high);
      if (lows[at] !== 0 || highs[at] !== 0) {
        if ((left[at] as number) >= faultsLeft) return 'seen';
        left[at] = faultsLeft;
        return 'again';
      }
      lows[at] = low;
      highs[at] = high;
      left[at] = faultsLeft;
      size += 1;
      if (size > capacity * LOAD_MAX) grow();
      return 'new';
    },
  };
}
