import { isMounted, ourClient, unmountVolume } from './drivers.ts';
import type { HostMount } from './kernel.ts';
import { isFresh, knownHolders } from './truth.ts';
import { Violation } from './violation.ts';
import { keyOfTarget, type SimVolume, volumeOf, type World } from './world.ts';

/** An unmount of ours, on time or late: it must not take the volume from under a holder. */
export function unmount(world: World, volume: SimVolume, isLate = false): ReturnType<typeof unmountVolume> {
  const was = isMounted(volume, world.kernel);
  const answer = unmountVolume(volume, world.kernel, ourClient);
  if (was && !isMounted(volume, world.kernel)) checkTakenDown(world, volume, isLate);
  return answer;
}

/** The driver has taken the volume down because of us. */
function checkTakenDown(world: World, volume: SimVolume, isLate: boolean): void {
  const held = knownHolders(world, volume);
  const what = isLate ? 'an unmount that had timed out' : 'an unmount';
  if (held.length > 0)
    throw new Violation('held', `${what} took ${volume.key} from under its holder ${held[0]?.id}`);
}

/** A managed mount is about to go. */
export function checkDetached(world: World, mount: HostMount): void {
  if (mount.made !== 'managed')
    throw new Violation('foreign', `detach of ${mount.target}, which is not ours`);
  const key = keyOfTarget(mount.target);
  const volume = volumeOf(world, key);
  // What a lost journal knew of a plain directory nothing shows: it is mounted and bound anew.
  if (volume.quirks.plain && volume.forgiven) return;
  // A stack, as after a record was taken away, is taken down as a whole.
  if (world.kernel.mounts.some(({ target, id }) => target === mount.target && id !== mount.id)) return;
  if (volume.blind || mount.doubtful || !isFresh(world, volume, mount)) return;
  const held = knownHolders(world, volume, mount.target.startsWith(`${world.setup.config.root}/.ro/`));
  if (held.length > 0)
    throw new Violation('held', `detach of ${mount.target}, which is good, and ${held[0]?.id} holds it`);
}
