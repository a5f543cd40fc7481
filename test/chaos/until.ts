import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 15;

/** Waits until something holds, looking every few milliseconds; throws when it still does not after `limitMs`. */
export async function until(what: string, limitMs: number, holds: () => boolean): Promise<void> {
  const end = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`after ${limitMs} ms still not: ${what}`);
    await sleep(POLL_MS);
  }
}
