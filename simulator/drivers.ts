import type { HostMount, Kernel } from './kernel.ts';
import { hurt, type SimVolume } from './world.ts';

export type Answer = { ok: true; mountpoint: string } | { ok: false; message: string };

const OURS = 'moorage';

/** The driver's mount of a volume, as the kernel shows it. */
export function driverMount(volume: SimVolume, kernel: Kernel): HostMount | undefined {
  const top = kernel.top(volume.place);
  return top?.made === 'driver' ? top : undefined;
}

/** Whether the volume can be used at its place; what are plain directories always can. */
export function isMounted(volume: SimVolume, kernel: Kernel): boolean {
  return volume.quirks.plain ? volume.fs !== undefined : driverMount(volume, kernel) !== undefined;
}

/** The driver's mount that a path lies on, unless the path lies on the agent's disk or under the managed root. */
export function mountAt(
  volume: SimVolume,
  kernel: Kernel,
  path: string,
  root: string,
): HostMount | undefined {
  return path.startsWith(`${root}/`) || volume.quirks.plain ? undefined : driverMount(volume, kernel);
}

/** One Mount call, by us or by another client. */
export function mountVolume(volume: SimVolume, kernel: Kernel, client: string): Answer {
  const { quirks } = volume;
  if (!volume.exists) {
    if (!quirks.creates) return { ok: false, message: `no volume ${volume.name}` };
    volume.exists = true;
  }
  const believes = quirks.trusting && (volume.count > 0 || volume.ids.size > 0) && volume.fs !== undefined;
  if (quirks.counts === 'ids') volume.ids.add(client);
  if (quirks.counts === 'calls') volume.count += 1;
  if (client === OURS) forgetLeftover(volume);
  if (client === OURS) volume.ours = quirks.counts === 'calls' ? volume.ours + 1 : 1;
  else volume.others = quirks.counts === 'calls' ? volume.others + 1 : 1;
  volume.attached = true;
  if (client === OURS) volume.unmountSent = false;
  const dead = driverMount(volume, kernel);
  if (dead?.fs.dead) kernel.unmount(dead);
  if (!believes && !isMounted(volume, kernel)) {
    const first = quirks.firstMount ? kernel.mounts.find(({ fs }) => fs === volume.fs) : undefined;
    if (first) return { ok: true, mountpoint: first.target };
    makeAvailable(volume, kernel);
    volume.mountedByUs = client === OURS;
  }
  if (quirks.plain && client === OURS) volume.blind = false;
  return { ok: true, mountpoint: volume.mountpoint };
}

/** A mount or unmount of ours stands for it from now on. */
function forgetLeftover(volume: SimVolume): void {
  if (volume.leftover) volume.ours = 0;
  volume.leftover = false;
}

function makeAvailable(volume: SimVolume, kernel: Kernel): void {
  const { plain, sameDev } = volume.quirks;
  if (plain) volume.fs ??= { key: volume.key, dev: '8:1', dead: false };
  else {
    if (!volume.fs || !sameDev || volume.fs.dead) volume.fs = kernel.newFileSystem(volume.key);
    kernel.mount(volume.place, volume.fs, '/', 'driver');
  }
}

/** One Unmount call. */
export function unmountVolume(volume: SimVolume, kernel: Kernel, client: string): Answer {
  const { quirks } = volume;
  const isKnown =
    quirks.counts === 'ids'
      ? volume.ids.has(client)
      : quirks.counts === 'calls'
        ? volume.count > 0 || isMounted(volume, kernel)
        : isMounted(volume, kernel);
  volume.ids.delete(client);
  volume.count = Math.max(0, volume.count - 1);
  if (client === OURS) forgetLeftover(volume);
  if (client === OURS) volume.ours = Math.max(0, volume.ours - 1);
  else volume.others = Math.max(0, volume.others - 1);
  volume.mountedByUs &&= volume.ours > 0;
  if (quirks.counts === 'ids' ? volume.ids.size === 0 : volume.count === 0) takeDown(volume, kernel);
  if (!isKnown && quirks.strict) return { ok: false, message: `volume ${volume.name} is not mounted` };
  return { ok: true, mountpoint: '' };
}

function takeDown(volume: SimVolume, kernel: Kernel): void {
  const mount = driverMount(volume, kernel);
  volume.attached = false;
  if (mount) kernel.unmount(mount);
  if (volume.quirks.plain) volume.fs = undefined;
  volume.ours = volume.others = 0;
  volume.leftover = false;
  if (!volume.quirks.everyMount) return;
  for (const other of kernel.mounts)
    if (other.fs === volume.fs && other.made === 'managed') kernel.unmount(other);
}

/** The driver's process dies and comes again. True when its mounts have stayed in the kernel, dead. */
export function restartDriver(volume: SimVolume, kernel: Kernel): boolean {
  if (!volume.quirks.forgets) return false;
  volume.count = 0;
  volume.unsure = true;
  if (volume.quirks.counts !== 'ids') return false;
  volume.ids.clear();
  volume.mountedByUs &&= volume.ours > 0;
  volume.ours = volume.others = 0;
  volume.attached = false;
  const mount = driverMount(volume, kernel);
  if (!mount && !volume.quirks.plain) return false;
  if (mount && !volume.quirks.staysDead) kernel.unmount(mount);
  if (volume.fs) volume.fs.dead = true;
  if (volume.quirks.plain) volume.fs = undefined;
  hurt(volume, false);
  return volume.quirks.staysDead;
}

/** The machine starts anew: nothing is mounted; ids that a driver wrote down are still written down. */
export function rebootDriver(volume: SimVolume): void {
  if (volume.fs) volume.fs.dead = true;
  if (volume.fs || volume.ours > 0) volume.hurts += 1;
  volume.fs = undefined;
  volume.count = 0;
  volume.ours = volume.attached && volume.ours > 0 ? 1 : 0;
  volume.leftover = volume.ours > 0;
  volume.others = 0;
  for (const id of [...volume.ids]) if (id !== OURS) volume.ids.delete(id);
  if (volume.quirks.forgets) volume.ids.clear();
  volume.pending = 0;
  volume.owesOnce = volume.unsure || volume.ours > 0;
  volume.taken ||= volume.ours > 0;
  volume.unsure ||= volume.quirks.plain;
  volume.blind = false;
}

export const ourClient = OURS;
