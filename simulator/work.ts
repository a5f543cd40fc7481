import type { Effect, WorkEffect } from '../host/frames/types.ts';
import { doubt } from './kernel_effects.ts';
import { doubtCount, keyOfTarget, type SimVolume, volumeOf, type World } from './world.ts';

/** The policy has to take it for begun. */
export function unsettle(world: World, effect: Effect): void {
  if (effect.type === 'detach') doubt(world, effect);
  if (effect.type !== 'driver' || effect.op === 'get') return;
  const volume = volumeOf(world, keyOf(effect));
  doubtCount(world, volume);
  if (effect.op !== 'unmount') return;
  volume.unmountSent = true;
  gaveBack(volume);
}

/** An unmount of ours may have reached the driver. */
export function gaveBack(volume: SimVolume): void {
  volume.answered = 0;
  volume.owesOnce = false;
}

export function keyOf(effect: WorkEffect): string {
  if (effect.type === 'place') return `place of ${effect.id}`;
  return 'target' in effect ? keyOfTarget(effect.target) : `${effect.driver}/${effect.name}`;
}
