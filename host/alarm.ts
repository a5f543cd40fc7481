import type { Clock } from './clock.ts';

/** The longest time that one timer of Node's can take. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** One alarm at a time, as the `wake` effect has it. */
export interface Alarm {
  /** Rings once when the clock shows `at`; 0 cancels. Takes the place of what was set before. */
  set(at: number): void;
}

export function createAlarm(clock: Clock, ring: () => void): Alarm {
  let timer: NodeJS.Timeout | undefined;
  function set(at: number): void {
    clearTimeout(timer);
    if (at === 0) return;
    const delay = Math.min(Math.max(at - clock.now(), 0), TIMER_MAX_MS);
    timer = setTimeout(() => (clock.now() >= at ? ring() : set(at)), delay);
    timer.unref();
  }
  return { set };
}
