/** So many failures in a row, and another policy is wanted. */
export const FAILURES_MAX = 3;
/** Failures are in a row when the first and the last of them have fewer events between them, and less time. */
export const ROW_EVENTS = 64;
export const ROW_MS = 600_000;
/** A policy that was swapped in goes back at its first failure within so many events. */
export const PROBATION_EVENTS = 1000;

/** Counts the events that the deciding policy failed at. */
export interface Failures {
  /** It failed after so many events, at a time in milliseconds. True when it should not go on deciding. */
  failed(events: number, ms: number): boolean;
  /** Another policy decides from here on. `isOnProbation`: somebody has just put it there. */
  changed(events: number, isOnProbation: boolean): void;
  /** All so far. */
  total(): number;
}

export function createFailures(): Failures {
  let row: { events: number; ms: number }[] = [];
  let probationEnd = 0;
  let total = 0;
  return {
    failed(events, ms) {
      total += 1;
      row.push({ events, ms });
      // An event that is set aside has no number: failures count as events here.
      row = row.filter(
        (each, index) =>
          events - each.events + (row.length - 1 - index) < ROW_EVENTS && ms - each.ms < ROW_MS,
      );
      return row.length >= FAILURES_MAX || events < probationEnd;
    },
    changed(events, isOnProbation) {
      row = [];
      probationEnd = isOnProbation ? events + PROBATION_EVENTS : 0;
    },
    total: () => total,
  };
}
