import { isAsItShouldBe, look, type Seen } from './look.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

/** Retries come within a second, a mount without an end settles within four; a stopped driver takes some seconds more. */
const SETTLE_MS = 25_000;

/** Waits until the kernel shows what it should, looking every few milliseconds; then, or in the end, what is still wrong counts. */
export async function settle(world: World): Promise<string[]> {
  const { place, figures } = world;
  const begun = performance.now();
  let seen: Seen | undefined;
  const isSettled = () => {
    seen = look(place, [...world.tasks.values()]);
    return isAsItShouldBe(seen);
  };
  await until('everything is as it should be', SETTLE_MS, isSettled).catch(() => undefined);
  world.settleMs.push(performance.now() - begun);
  if (!seen || isAsItShouldBe(seen)) return [];
  const { losses } = figures;
  losses.leakedMounts += seen.leakedMounts.length;
  losses.leakedLoops += seen.leakedLoops.length;
  losses.unmountedUnderTask += seen.unmounted.length;
  losses.callsUnanswered += seen.unanswered.length;
  return [
    ...seen.leakedMounts.map((target) => `leaked mount: ${target}`),
    ...seen.leakedLoops.map((loop) => `leaked loop device: ${loop}`),
    ...seen.unmounted.map((words) => `unmounted under a task: ${words}`),
    ...seen.unanswered.map((words) => `unanswered: ${words}`),
  ];
}
