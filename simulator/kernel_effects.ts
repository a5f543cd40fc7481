import { failure, type Outcome } from '../host/effects/outcome.ts';
import type { BindEffect, DetachEffect } from '../host/frames/types.ts';
import { driverMount } from './drivers.ts';
import { checkDetached } from './takedown.ts';
import type { World } from './world.ts';

/**
 * A bind, as the native code does it: of a mount of its own that is alive, or of a plain directory where that is allowed.
 * `isUnheard`: nobody will be told how it ends.
 */
export function bind(world: World, effect: BindEffect, isUnheard: boolean): Outcome {
  const { source, target } = effect;
  if (source.startsWith(`${world.setup.config.root}/`))
    return failure('refused', 'under-root', `${source} is a managed mount`);
  const volume = [...world.volumes.values()].find(({ mountpoint }) => mountpoint === source);
  if (!volume) return failure('failed', 'ENOENT', `open the driver's mountpoint ${source}`);
  const from = driverMount(volume, world.kernel);
  if (!from && !(volume.quirks.plain && effect.plain))
    return failure('refused', 'not-mounted', `${source} is no mount of its own`);
  const fs = from?.fs ?? volume.fs ?? { key: volume.key, dev: '8:1', dead: false };
  if (fs.dead) return failure('failed', 'ENOTCONN', `open the driver's mountpoint ${source}`);
  const mount = world.kernel.mount(target, fs, volume.quirks.dataDir ? '/data' : '/', 'managed', from?.id);
  mount.doubtful = isUnheard;
  return {
    ok: true,
    value: { mountId: mount.id, sourceMountId: from?.id ?? 1, fstype: 'ext4', dev: fs.dev },
  };
}

/** A lazy unmount of one very mount. */
export function detach(world: World, effect: DetachEffect): Outcome {
  const top = world.kernel.top(effect.target);
  if (!top) return { ok: true };
  if (top.id !== effect.mountId)
    return failure('refused', 'other-mount', `mount ${top.id} is there, not ${effect.mountId}`);
  checkDetached(world, top);
  world.kernel.unmount(top);
  return { ok: true };
}

/** Nobody will be told how this detach ends. */
export function doubt(world: World, { target, mountId }: DetachEffect): void {
  const mount = world.kernel.top(target);
  if (mount?.id === mountId) mount.doubtful = true;
}
