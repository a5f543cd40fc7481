import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something is so; rejects with its name, and what was seen, when it is not so in time. */
export async function patiently(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  limitMs = 60_000,
  seen: () => string = () => '',
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not in ${limitMs} ms: ${what}. ${seen()}`);
    await sleep(20);
  }
}
