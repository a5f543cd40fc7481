import { driverMount } from './drivers.ts';
import type { HostMount } from './kernel.ts';
import type { SimContainer, SimVolume, World } from './world.ts';

/** Containers that were promised the volume and have not given it back. */
export function holders(world: World, key: string, readonly?: boolean): SimContainer[] {
  const found: SimContainer[] = [];
  for (const container of world.containers.values()) {
    if (container.phase !== 'ready' && container.phase !== 'running') continue;
    if (container.limited || container.anonymous) continue;
    for (const want of container.wants)
      if (want.key === key && (readonly === undefined || want.readonly === readonly)) found.push(container);
  }
  return found;
}

/**
 * The journal was lost, nothing showed the volume then, and the agent does not say what this container of before has. Only a policy that
 * kept every volume of the machine mounted for as long as it lives could be sure.
 */
export function isUnknowable(
  { forgiven }: SimVolume,
  { survivor, anonymous, voided }: SimContainer,
): boolean {
  return forgiven && survivor && (anonymous || voided);
}

/** Holders of the volume that a policy can know of. */
export function knownHolders(world: World, volume: SimVolume, readonly?: boolean): SimContainer[] {
  return holders(world, volume.key, readonly).filter((container) => !isUnknowable(volume, container));
}

/** The managed mount was bound from the mount that the driver has now. */
export function isFresh(world: World, volume: SimVolume, mount: HostMount): boolean {
  if (volume.quirks.plain) return volume.fs === mount.fs;
  return driverMount(volume, world.kernel)?.id === mount.from;
}

/** The managed mount shows the files that the driver shows now. */
export function showsIt(world: World, volume: SimVolume, mount: HostMount): boolean {
  return mount.fs === (volume.quirks.plain ? volume.fs : driverMount(volume, world.kernel)?.fs);
}
