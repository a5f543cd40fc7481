import { type Driver, type Volume, volumeOf } from './driver.ts';
import { codeOf } from './errors.ts';
import { imageFacts } from './images.ts';
import { seeMount } from './live_mount.ts';
import { dataPath } from './paths.ts';

/** A volume as `List` and `Get` show it (Docker's names). */
export interface VolumeView {
  readonly Name: string;
  /** Only while the kernel shows the mount. */
  readonly Mountpoint?: string;
  readonly CreatedAt: string;
  readonly Status?: Readonly<Record<string, unknown>>;
}

/**
 * Reading does not wait for a change that is under way on the same volume: who asks whether a slow Mount has come about
 * gets what the kernel shows at this moment.
 */
export async function viewVolume(driver: Driver, name: string): Promise<VolumeView> {
  const volume = volumeOf(driver, name);
  const { record, live } = volume;
  const mountpoint = await mountpointOf(driver, volume);
  const facts = await imageFacts(driver.paths, name).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  const Status = {
    size: record.options.size,
    allocated: facts?.allocatedBytes ?? 0,
    fs: record.options.fs,
    ids: record.ids,
    ...(live !== undefined && mountpoint !== '' ? { device: live.device } : {}),
    ...(facts === undefined ? { problem: 'its image is gone' } : {}),
  };
  return { Name: name, ...mountpointField(mountpoint), CreatedAt: record.createdAt, Status };
}

export async function listVolumes(driver: Driver): Promise<VolumeView[]> {
  const views: VolumeView[] = [];
  const names = [...driver.volumes.keys()].sort();
  for (const name of names) {
    const volume = driver.volumes.get(name);
    // Removed since the list was begun.
    if (volume === undefined) continue;
    const mountpoint = await mountpointOf(driver, volume);
    views.push({ Name: name, ...mountpointField(mountpoint), CreatedAt: volume.record.createdAt });
  }
  return views;
}

/** The directory that is handed out; empty while the volume is not mounted. */
export async function mountpointOf(driver: Driver, volume: Volume): Promise<string> {
  const { name } = volume.record;
  const seen = await seeMount(driver, name, volume.live);
  return seen === 'ours' ? dataPath(driver.paths, name) : '';
}

function mountpointField(mountpoint: string): { Mountpoint?: string } {
  return mountpoint === '' ? {} : { Mountpoint: mountpoint };
}
