import { type Driver, type Volume, volumeOf } from './driver.ts';
import { seeMount } from './live_mount.ts';
import { dataPath, mountPath } from './paths.ts';

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
  const Status = {
    ...(await spaceOf(driver, volume, mountpoint !== '')),
    fs: record.options.fs,
    ids: record.ids,
    ...(live !== undefined && mountpoint !== '' ? { device: live.device } : {}),
  };
  return { Name: name, ...mountpointField(mountpoint), CreatedAt: record.createdAt, Status };
}

/** Of each volume what there is to choose by: its size, what of that it takes on the disk, how many have it. */
export async function listVolumes(driver: Driver): Promise<VolumeView[]> {
  const views: VolumeView[] = [];
  const names = [...driver.volumes.keys()].sort();
  for (const name of names) {
    const volume = driver.volumes.get(name);
    // Removed since the list was begun.
    if (volume === undefined) continue;
    const mountpoint = await mountpointOf(driver, volume);
    const { ids, createdAt } = volume.record;
    const Status = {
      ...(await spaceOf(driver, volume, mountpoint !== '')),
      holders: ids.length,
    };
    views.push({ Name: name, ...mountpointField(mountpoint), CreatedAt: createdAt, Status });
  }
  return views;
}

interface Space {
  /** Bytes. An image is sparse: it takes what was written to it, not its size. */
  size: number;
  allocated: number;
  /** What the volume is kept with: it says whether the data outlive the daemon. */
  backend: string;
  problem?: string;
}

async function spaceOf({ paths, backend }: Driver, { record }: Volume, isMounted: boolean): Promise<Space> {
  const { size } = record.options;
  const allocated = await backend.allocatedBytes(record.name, mountPath(paths, record.name), isMounted);
  const space = { size, allocated: allocated ?? 0, backend: backend.name };
  return allocated === undefined ? { ...space, problem: 'its image is gone' } : space;
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
