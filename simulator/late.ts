import type { BindEffect, DetachEffect } from '../host/frames/types.ts';
import { driverMount, mountVolume, ourClient } from './drivers.ts';
import type { Kernel } from './kernel.ts';
import { bind, detach } from './kernel_effects.ts';
import { unmount } from './takedown.ts';
import { doubtCount, type Late, noteFault, type SimVolume, volumeOf, type World } from './world.ts';

/** What nobody waits for any more happens within `settleMs` of its end. */
export function comeTrueLater(
  world: World,
  op: string,
  key: string,
  effect?: BindEffect | DetachEffect,
): void {
  const settleMs = world.setup.config.settleMs as number;
  const volume = volumeOf(world, key);
  if (!effect) doubtCount(world, volume);
  if (op === 'Mount') volume.pending += 1;
  const dueAt = world.now + world.random.below(settleMs);
  world.late.push({ dueAt, op, key, effect });
}

/** Operations whose time has come, after they were given up. */
export function runLate(world: World): void {
  if (world.late.length === 0) return;
  for (;;) {
    const index = world.late.findIndex(({ dueAt }) => dueAt <= world.now);
    if (index < 0) return;
    const [late] = world.late.splice(index, 1) as [Late];
    noteFault(world, late.effect ? 'late-kernel' : 'late');
    comeTrue(world, late);
  }
}

/** One that takes the place of a dead mount is news: what was looked at before then is gone. */
function mountLate(volume: SimVolume, kernel: Kernel): void {
  const before = driverMount(volume, kernel)?.id;
  mountVolume(volume, kernel, ourClient);
  if (before !== undefined && driverMount(volume, kernel)?.id !== before) volume.blind = true;
}

function comeTrue(world: World, late: Late): void {
  const { op, key, effect } = late;
  const volume = volumeOf(world, key);
  if (op === 'Mount') {
    volume.pending -= 1;
    mountLate(volume, world.kernel);
  } else if (op === 'Unmount') unmount(world, volume, true);
  else if (op === 'Create') volume.exists = true;
  else if (effect?.type === 'bind') bind(world, effect, true);
  else if (effect?.type === 'detach') detach(world, effect);
}
