import { failure, type Outcome } from '../host/effects/outcome.ts';
import { outcomeOfGet } from '../host/effects/perform_driver.ts';
import { textOf } from '../host/effects/plugin_api.ts';
import type { BindEffect, DetachEffect, DriverEffect } from '../host/frames/types.ts';
import { isMounted, mountAt } from './drivers.ts';
import { bind, detach, doubt } from './kernel_effects.ts';
import { comeTrueLater } from './late.ts';
import { observe } from './observe.ts';
import { callPlugin, searchVolume } from './plugin.ts';
import { doubtCount, noteFault, volumeOf, type Work, type World } from './world.ts';

/** Does what an effect says, or goes wrong with it, and keeps the outcome until it is told. */
export function perform(
  world: World,
  work: Work,
  isTroubled = world.faults && world.random.chance(world.setup.trouble),
): void {
  const { effect } = work;
  if (effect.type === 'driver') work.outcome = performDriver(world, work, effect, isTroubled);
  else if (effect.type === 'observe')
    work.outcome = observe(world, effect, work.begunAt + effect.deadlineMs, isTroubled);
  else if (isTroubled) work.outcome = kernelTrouble(world, work);
  else if (effect.type === 'place') work.outcome = { ok: true };
  else work.outcome = performKernel(world, effect, false);
}

function performKernel(world: World, effect: BindEffect | DetachEffect, isUnheard: boolean): Outcome {
  return effect.type === 'bind' ? bind(world, effect, isUnheard) : detach(world, effect);
}

/** It fails, or it hangs until its deadline: then it was done, is done later, or never is. */
function kernelTrouble(world: World, { effect, key, begunAt }: Work): Outcome {
  const roll = world.random.below(4);
  if (roll === 0) {
    noteFault(world, 'failed');
    return failure('failed', 'EIO', 'it went wrong here');
  }
  noteFault(world, 'timeout');
  if (effect.type === 'detach') doubt(world, effect);
  if (roll === 1 && effect.type !== 'place') performKernel(world, effect as BindEffect | DetachEffect, true);
  world.now = Math.max(world.now, begunAt + effect.deadlineMs);
  if (roll === 2 && effect.type !== 'place')
    comeTrueLater(world, effect.type, key, effect as BindEffect | DetachEffect);
  return failure('timeout', 'timeout', `no end after ${effect.deadlineMs} ms`);
}

/** The methods of the plugin protocol by operation. */
export const METHODS: Record<string, string> = { create: 'Create', mount: 'Mount', unmount: 'Unmount' };

function performDriver(world: World, work: Work, effect: DriverEffect, isTroubled: boolean): Outcome {
  const volume = volumeOf(world, work.key);
  const deadlineAt = work.begunAt + effect.deadlineMs;
  if (effect.op === 'get')
    return outcomeOfGet(effect.driver, searchVolume(world, volume, deadlineAt, isTroubled));
  // It was taken away after the look that showed it: to the policy this unmount was the driver's last, as of a driver that does not count.
  const isTaken = effect.op === 'unmount' && volume.blind && !isMounted(volume, world.kernel);
  const answer = callPlugin(world, volume, METHODS[effect.op] as string, deadlineAt, isTroubled);
  if (isTaken && volume.ours > 0) volume.unsure = true;
  if (effect.op === 'unmount' && !answer.ok) doubtCount(world, volume);
  if (!answer.ok) return answer;
  if (effect.op === 'mount') return { ok: true, value: { mountpoint: textOf(answer.body, 'Mountpoint') } };
  if (effect.op === 'create') return { ok: true, value: {} };
  const path = world.mountpoints.get(volume.key);
  return {
    ok: true,
    value: {
      stillMounted:
        path !== undefined && mountAt(volume, world.kernel, path, world.setup.config.root) !== undefined,
    },
  };
}
