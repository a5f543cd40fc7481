/** A fingerprint of 64 bits, in two halves. Of ten million states two share one by chance once in 400,000 searches. */
export interface Fingerprint {
  begin(): void;
  /** A whole number. */
  add(value: number): void;
  /** The halves are the end result now; both together are never 0. */
  end(): void;
  readonly low: number;
  readonly high: number;
}

/** Two runs of MurmurHash3's mixing with different constants. */
export function createFingerprint(): Fingerprint {
  let low = 0;
  let high = 0;

  function mix(word: number): void {
    let one = Math.imul(word, 0xcc9e2d51);
    one = Math.imul((one << 15) | (one >>> 17), 0x1b873593);
    low ^= one;
    low = (Math.imul((low << 13) | (low >>> 19), 5) + 0xe6546b64) | 0;
    let two = Math.imul(word, 0x85ebca77);
    two = Math.imul((two << 16) | (two >>> 16), 0xc2b2ae3d);
    high ^= two;
    high = (Math.imul((high << 17) | (high >>> 15), 5) + 0x561ccd1b) | 0;
  }

  return {
    begin() {
      low = 0x2545f491;
      high = 0x3c6ef372;
    },
    add(value) {
      mix(value | 0);
      if (value > 0x7fffffff || value < -0x80000000) mix(Math.floor(value / 0x100000000) ^ 0x55555555);
    },
    end() {
      low = finish(low);
      high = finish(high ^ low);
      if (low === 0 && high === 0) low = 1;
    },
    get low() {
      return low;
    },
    get high() {
      return high;
    },
  };
}

function finish(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
