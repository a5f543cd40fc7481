import { failure, type Outcome } from '../host/effects/outcome.ts';
import type { ObserveEffect } from '../host/frames/types.ts';
import { driverMount, mountAt } from './drivers.ts';
import { searchVolume } from './plugin.ts';
import { noteFault, type SimVolume, volumeOf, type World } from './world.ts';

/** A look at kernel and driver, put together as the host does. */
export function observe(
  world: World,
  effect: ObserveEffect,
  deadlineAt: number,
  isTroubled: boolean,
): Outcome {
  const volume = volumeOf(world, `${effect.driver}/${effect.name}`);
  if (isTroubled && world.random.chance(0.3)) {
    noteFault(world, 'timeout');
    return failure('timeout', 'timeout', 'the mount table could not be read in time');
  }
  const { answered, exists, path } = searchVolume(world, volume, deadlineAt, isTroubled);
  if (!volume.quirks.plain) volume.blind = false;
  const { root } = world.setup.config;
  const known = [path, world.mountpoints.get(volume.key)].filter((at) => at !== undefined);
  const place = known.find((at) => mountAt(volume, world.kernel, at, root));
  const shown = place === undefined ? undefined : mountAt(volume, world.kernel, place, root);
  const managed = world.kernel.mounts.flatMap(({ target, id, fs }) => {
    if (target === `${root}/${volume.key}`) return [{ mode: 'rw', mountId: id, fs }];
    return target === `${root}/.ro/${volume.key}` ? [{ mode: 'ro', mountId: id, fs }] : [];
  });
  const at = place ?? path;
  const value = {
    managed: managed.map(({ mode, mountId }) => ({ mode, mountId })),
    driver: {
      answered,
      ...(exists === undefined ? {} : { exists }),
      ...(at === undefined ? {} : { path: at }),
      ...(shown === undefined ? {} : { pathMountId: shown.id }),
    },
    pinnedBy: effect.witness
      ? pins(world, volume, shown?.fs ?? managed[0]?.fs ?? world.devs.get(volume.key))
      : [],
  };
  return { ok: true, value };
}

/** Namespaces that still have the file system: by a mount of their own, or by a copy of the driver's that shows all of it. */
function pins(world: World, volume: SimVolume, fs: { dev: string } | undefined) {
  if (!fs) return [];
  const driverId = driverMount(volume, world.kernel)?.id ?? 0;
  const found: { pid: number; container: string }[] = [];
  for (const { id, pid, own, copies, phase } of world.containers.values()) {
    if (phase !== 'running') continue;
    const hasOwn = own.some((mount) => mount.fs.dev === fs.dev && mount.key === volume.key);
    if (hasOwn || (!volume.quirks.dataDir && copies.has(driverId))) found.push({ pid, container: id });
  }
  return found;
}
