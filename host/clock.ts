/** Whole milliseconds that never go back: the last time of the journal, and monotonic time since. */
export interface Clock {
  now(): number;
}

/** `startAt`: the last `at` that was journaled. */
export function createClock(startAt: number): Clock {
  const begun = performance.now();
  return { now: () => startAt + Math.floor(performance.now() - begun) };
}
