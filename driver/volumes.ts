import { type Driver, recordIds, type Volume, volumeOf } from './driver.ts';
import { DriverError, messageOf } from './errors.ts';
import { idsPerVolumeMax } from './limits.ts';
import { attachVolume, detachVolume, settleMount } from './live_mount.ts';
import { differingOption, type VolumeOptions, withDefaults } from './options.ts';
import { dataPath } from './paths.ts';

/**
 * The four operations that change a volume. Those on one volume follow one another; volumes do not wait for each other.
 *
 * A crash between any two steps is repaired by reconcile(): an image is whole and on record as soon as it has its name; a holder is written
 * down before its mount is made, so a mount that somebody saw and uses has its holder; and a holder is struck out before the mount goes, so one
 * that nobody holds may go.
 */

/** Makes a volume. One that is there already is fine as long as it has every option that was asked for. */
export function createVolume(driver: Driver, name: string, asked: Partial<VolumeOptions>): Promise<void> {
  return driver.serial.run(name, async () => {
    const present = driver.volumes.get(name);
    if (present !== undefined) return refuseOtherOptions(present, asked);

    const options = withDefaults(asked, driver.defaultSizeBytes, driver.backend.fs);
    const image = await driver.backend.make(name, options);
    const record = { name, createdAt: new Date().toISOString(), options, ids: [] };
    driver.planned.add(record);
    try {
      await driver.save();
      await image.publish();
      driver.volumes.set(name, { record, live: undefined });
    } catch (error) {
      await image.discard().catch((second: unknown) => driver.log(messageOf(second)));
      throw error;
    } finally {
      driver.planned.delete(record);
    }
  });
}

/** Removes a volume and what it holds. Refused while somebody has it, or it is still mounted. */
export function removeVolume(driver: Driver, name: string): Promise<void> {
  return driver.serial.run(name, async () => {
    const volume = volumeOf(driver, name);
    const { ids } = volume.record;
    if (ids.length > 0) {
      throw new DriverError(`volume ${name}: is in use by ${shownIds(ids)}; unmount it there first`);
    }
    if (await settleMount(driver, volume)) {
      throw new DriverError(
        `volume ${name}: is still mounted although nobody has it; call Unmount once more`,
      );
    }
    const aside = await driver.backend.setAside(name);
    driver.volumes.delete(name);
    try {
      await driver.save('giving-back');
    } catch (error) {
      driver.volumes.set(name, volume);
      await aside.restore();
      throw error;
    }
    await aside.discard().catch((error: unknown) => {
      driver.log(`volume ${name}: removed, its space comes free at the next start: ${messageOf(error)}`);
    });
  });
}

/**
 * Mounts the volume for `id`, or adds `id` to those that have it mounted; the same id again changes nothing. Returns the
 * directory that is handed out.
 */
export function mountVolume(driver: Driver, name: string, id: string): Promise<string> {
  return driver.serial.run(name, async () => {
    const volume = volumeOf(driver, name);
    const { ids } = volume.record;
    const isHeld = ids.includes(id);
    if (!isHeld && ids.length >= idsPerVolumeMax) {
      throw new DriverError(`volume ${name}: has ${ids.length} holders, more are not possible`);
    }
    const wasMounted = await settleMount(driver, volume);
    if (!isHeld) await recordIds(driver, volume, [...ids, id]);
    if (!wasMounted) await attachOrUndo(driver, volume, ids);
    return dataPath(driver.paths, name);
  });
}

/**
 * Ends the use by `id`; the last one unmounts. An id that does not have the volume changes nothing and is no error, save
 * that a mount which nobody has (left over when it was busy) is taken away.
 */
export function unmountVolume(driver: Driver, name: string, id: string): Promise<void> {
  return driver.serial.run(name, async () => {
    const volume = volumeOf(driver, name);
    const { ids } = volume.record;
    const left = ids.filter((other) => other !== id);
    if (left.length > 0) {
      if (left.length < ids.length) await recordIds(driver, volume, left);
      return;
    }
    await endLastUse(driver, volume);
  });
}

/** Ends all uses of all volumes. Returns what could not be unmounted, one sentence each. */
export async function unmountAll(driver: Driver): Promise<string[]> {
  const problems: string[] = [];
  const all = [...driver.volumes].map(([name, volume]) =>
    driver.serial
      .run(name, () => endLastUse(driver, volume))
      .catch((error: unknown) => problems.push(messageOf(error))),
  );
  await Promise.all(all);
  return problems;
}

function refuseOtherOptions(volume: Volume, asked: Partial<VolumeOptions>): void {
  const differs = differingOption(asked, volume.record.options);
  if (differs === undefined) return;
  const { name } = volume.record;
  throw new DriverError(
    `volume ${name}: exists with other options: ${differs.name} is ${differs.present}, asked was ${differs.asked}`,
  );
}

/** A holder whose mount could not be made is struck out again. */
async function attachOrUndo(driver: Driver, volume: Volume, idsBefore: readonly string[]): Promise<void> {
  try {
    await attachVolume(driver, volume);
  } catch (error) {
    if (volume.record.ids.length > idsBefore.length)
      await recordIds(driver, volume, idsBefore).catch((second: unknown) => driver.log(messageOf(second)));
    throw error;
  }
}

/** Strikes out all holders, then unmounts. A caller whose unmount failed still has the volume. */
async function endLastUse(driver: Driver, volume: Volume): Promise<void> {
  const { ids } = volume.record;
  const isMounted = await settleMount(driver, volume);
  if (ids.length > 0) await recordIds(driver, volume, []);
  try {
    if (isMounted) await detachVolume(driver, volume);
  } catch (error) {
    if (ids.length > 0) {
      await recordIds(driver, volume, ids).catch((second: unknown) => driver.log(messageOf(second)));
    }
    throw error;
  }
}

function shownIds(ids: readonly string[]): string {
  const shown = ids.slice(0, 3).join(', ');
  return ids.length > 3 ? `${shown} and ${ids.length - 3} more` : shown;
}
