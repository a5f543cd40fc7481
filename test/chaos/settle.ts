import { setTimeout as sleep } from 'node:timers/promises';
import { isAsItShouldBe, look, type Seen } from './look.ts';
import type { World } from './world.ts';

/** Retries come within a second, a mount without an end settles within four; a stopped driver takes some seconds more. */
const SETTLE_MS = 25_000;
/** A managed mount may be missing for so long, while it is replaced. */
const REPLACE_MS = 6_000;
const POLL_MS = 15;

/**
 * Waits until the kernel shows what it should, looking every few milliseconds. What is still wrong in the end counts; what must never be counts
 * at once.
 */
export async function settle(world: World): Promise<string[]> {
  const { place, settleMs } = world;
  const begun = performance.now();
  const missingSince = new Map<string, number>();
  let seen: Seen;
  for (;;) {
    const now = performance.now();
    seen = look(place, [...world.tasks.values()]);
    if (isAsItShouldBe(seen) || seen.lost.length > 0 || now - begun > SETTLE_MS) break;
    for (const known of [...missingSince.keys()])
      if (!seen.unmanaged.includes(known)) missingSince.delete(known);
    for (const words of seen.unmanaged) if (!missingSince.has(words)) missingSince.set(words, now);
    if ([...missingSince.values()].some((since) => now - since > REPLACE_MS)) break;
    await sleep(POLL_MS);
  }
  settleMs.push(performance.now() - begun);
  return count(world, seen);
}

function count({ figures: { losses } }: World, seen: Seen): string[] {
  losses.leakedMounts += seen.leakedMounts.length;
  losses.leakedLoops += seen.leakedLoops.length;
  losses.unmountedUnderTask += seen.lost.length + seen.unmanaged.length;
  losses.callsUnanswered += seen.unanswered.length;
  return [
    ...seen.lost.map((words) => `unmounted under a task: ${words}`),
    ...seen.unmanaged.map((words) => `unmounted under a task: ${words}`),
    ...seen.leakedMounts.map((target) => `leaked mount: ${target}`),
    ...seen.leakedLoops.map((loop) => `leaked loop device: ${loop}`),
    ...seen.unanswered.map((words) => `unanswered: ${words}`),
  ];
}
