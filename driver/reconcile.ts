import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Driver, Volume } from './driver.ts';
import { messageOf } from './errors.ts';
import { imageFacts, listImages, removeLeftovers } from './images.ts';
import { startRetryMs } from './limits.ts';
import { removeMountDirectory } from './live_mount.ts';
import { findMounts, type MountFound } from './mounts_found.ts';
import { mountPath } from './paths.ts';
import type { DriverState, VolumeRecord } from './state.ts';

/**
 * Brings records, images and mounts together at the start, whatever the daemon before was doing when it ended:
 *
 * - files of an unfinished Create or Remove go; an image without a record becomes a volume (somebody put it
 *   there); a record with neither image nor mount goes (its Create was cut off, or somebody took the image);
 * - holders of an earlier boot are dropped, for nothing of theirs can be mounted;
 * - a mount with holders stays and is locked again; one without is unmounted; holders without a mount stay, and their
 *   next Mount mounts again;
 * - a mount that does not show the image of its name is reported and left alone.
 */
export async function reconcile(
  driver: Driver,
  stored: DriverState | undefined,
  bootId: string,
): Promise<void> {
  const leftovers = await removeLeftovers(driver.paths);
  if (leftovers > 0) driver.log(`removed ${leftovers} leftovers of operations that were cut off`);

  const mounts = await findMounts(driver.paths, driver.backend, await driver.native.mountTable());
  const images = new Set(await listImages(driver.paths));
  const mountedNames = new Set(mounts.filter((mount) => mount.isOurs).map((mount) => mount.name));
  const isSameBoot = stored?.bootId === bootId;
  for (const record of stored?.volumes ?? []) restoreRecord(driver, record, isSameBoot, images, mountedNames);
  for (const name of images) await adoptImage(driver, name);
  for (const mount of mounts) await settleFound(driver, mount, images.has(mount.name));
  await removeEmptyDirectories(driver, new Set(mounts.map((mount) => mount.name)));
  await driver.save();
}

function restoreRecord(
  driver: Driver,
  record: VolumeRecord,
  isSameBoot: boolean,
  images: ReadonlySet<string>,
  mountedNames: ReadonlySet<string>,
): void {
  const { name, ids } = record;
  if (!images.has(name) && !mountedNames.has(name)) {
    const isMemory = record.options.fs === 'tmpfs';
    const why = isMemory ? 'it lay in the memory of a daemon that has ended' : 'its image is gone';
    driver.log(`volume ${name}: dropped, ${why}`);
    return;
  }
  const kept = isSameBoot ? ids : [];
  if (kept.length < ids.length)
    driver.log(`volume ${name}: the machine was booted, ${ids.length} holders dropped`);
  driver.volumes.set(name, { record: { ...record, ids: kept }, live: undefined });
}

async function adoptImage(driver: Driver, name: string): Promise<void> {
  if (driver.volumes.has(name)) return;
  const { sizeBytes, createdAt } = await imageFacts(driver.paths, name);
  driver.volumes.set(name, {
    record: { name, createdAt, options: { size: sizeBytes, fs: 'ext4' }, ids: [] },
    live: undefined,
  });
  driver.log(`volume ${name}: taken over, an image without a record`);
}

async function settleFound(driver: Driver, mount: MountFound, hasImage: boolean): Promise<void> {
  const target = mountPath(driver.paths, mount.name);
  const volume = driver.volumes.get(mount.name);
  if (!mount.isOurs) {
    driver.log(`${target}: ${mount.device} is mounted there and is not a volume's image; left alone`);
    return;
  }
  const isWanted = volume !== undefined && volume.record.ids.length > 0;
  if (!isWanted && (await unmountFound(driver, mount.name, target))) {
    // What lies in memory went with its last mount.
    if (!hasImage) driver.volumes.delete(mount.name);
    return;
  }
  if (volume !== undefined) await takeOver(driver, volume, mount, hasImage);
}

/** Whether a mount that nobody has could be taken away; one that is busy stays for the next Unmount. */
async function unmountFound(driver: Driver, name: string, target: string): Promise<boolean> {
  try {
    await driver.backend.detach(name, target, startRetryMs);
  } catch (error) {
    driver.log(messageOf(error));
    return false;
  }
  driver.log(`${target}: unmounted, nobody had it`);
  await removeMountDirectory(driver, target);
  return true;
}

/** Makes a mount that was found the daemon's own. Without that it stays a stranger's, and operations on the volume say so. */
async function takeOver(driver: Driver, volume: Volume, mount: MountFound, hasImage: boolean): Promise<void> {
  try {
    const target = mountPath(driver.paths, mount.name);
    const { dev } = await stat(target);
    const lock = await driver.backend.takeOver(mount.name, target, hasImage);
    volume.live = { device: mount.device, dev, lock };
    if (!hasImage && volume.record.options.fs !== 'tmpfs')
      driver.log(`volume ${mount.name}: is mounted, but the name of its image is gone`);
  } catch (error) {
    driver.log(`volume ${mount.name}: is mounted, but could not be taken over: ${messageOf(error)}`);
  }
}

async function removeEmptyDirectories(driver: Driver, mountedNames: ReadonlySet<string>): Promise<void> {
  for (const entry of await readdir(driver.paths.mounts)) {
    if (!mountedNames.has(entry)) await removeMountDirectory(driver, join(driver.paths.mounts, entry));
  }
}
