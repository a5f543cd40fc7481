import { lstat, mkdir, rmdir, stat } from 'node:fs/promises';
import type { Driver, LiveMount, Volume } from './driver.ts';
import { codeOf, DriverError, failed, isExplained, messageOf } from './errors.ts';
import { unmountRetryMs } from './limits.ts';
import { dataPath, mountPath } from './paths.ts';

/** What the kernel shows where a volume is mounted. */
export type MountSeen = 'none' | 'ours' | 'other';

/** Asks the kernel; `other` is a mount that this daemon does not know. */
export async function seeMount(
  driver: Driver,
  name: string,
  live: LiveMount | undefined,
): Promise<MountSeen> {
  try {
    const { dev } = await stat(mountPath(driver.paths, name));
    if (dev === driver.mountsDev) return 'none';
    return dev === live?.dev ? 'ours' : 'other';
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'none';
    throw error;
  }
}

/**
 * Brings `volume.live` in line with the kernel, which may have lost the mount by somebody's umount(8). Returns whether the
 * volume is mounted; refuses to go on when something else is.
 */
export async function settleMount(driver: Driver, volume: Volume): Promise<boolean> {
  const { name } = volume.record;
  const seen = await seeMount(driver, name, volume.live);
  if (seen === 'other') {
    const path = mountPath(driver.paths, name);
    throw new DriverError(
      `volume ${name}: something that this driver did not mount is on ${path}; umount it first`,
    );
  }
  if (seen === 'none' && volume.live !== undefined) {
    driver.log(`volume ${name}: its mount was taken away by somebody else`);
    await forgetMount(volume);
  }
  return seen === 'ours';
}

/** Mounts the volume and makes sure of its data directory. Leaves nothing when it fails. */
export async function attachVolume(driver: Driver, volume: Volume): Promise<void> {
  const { name, options } = volume.record;
  const target = mountPath(driver.paths, name);
  try {
    await makeDirectory(target, 0o700);
    const attached = await driver.backend.attach(name, target, options);
    try {
      await ensureData(dataPath(driver.paths, name));
      volume.live = { ...attached, dev: (await stat(target)).dev };
    } catch (error) {
      await driver.backend
        .detach(name, target, unmountRetryMs)
        .catch((second: unknown) => driver.log(messageOf(second)));
      await attached.lock?.close();
      throw error;
    }
  } catch (error) {
    await removeMountDirectory(driver, target);
    throw isExplained(error) ? error : failed(`mount volume ${name}`, error);
  }
}

/** Unmounts the volume, its lock with it. When it fails, the volume is mounted as before. */
export async function detachVolume(driver: Driver, volume: Volume): Promise<void> {
  const { name } = volume.record;
  const target = mountPath(driver.paths, name);
  await driver.backend.detach(name, target, unmountRetryMs);
  await forgetMount(volume);
  await removeMountDirectory(driver, target);
}

/** Removes the empty directory of a volume that is not mounted; that it stays would do no harm. */
export async function removeMountDirectory(driver: Driver, path: string): Promise<void> {
  await rmdir(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') driver.log(`rmdir ${path}: ${messageOf(error)}`);
  });
}

async function forgetMount(volume: Volume): Promise<void> {
  const lock = volume.live?.lock;
  volume.live = undefined;
  await lock?.close();
}

/** An image from elsewhere may lack the directory, or have a link there that would hand out the machine's own files. */
async function ensureData(path: string): Promise<void> {
  await makeDirectory(path, 0o755);
  if ((await lstat(path)).isDirectory()) return;
  throw new DriverError(`${path}: is not a directory; repair the volume, then mount it again`);
}

/** One that is there is fine. */
async function makeDirectory(path: string, mode: number): Promise<void> {
  await mkdir(path, { mode }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
}
