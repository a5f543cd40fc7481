import type { FileHandle } from 'node:fs/promises';
import type { Binding, LoopBinding } from '../host/binding.ts';
import { DriverError } from './errors.ts';
import type { DriverPaths } from './paths.ts';
import type { Serial } from './serial.ts';
import type { VolumeRecord } from './state.ts';

/** What the driver needs of the native code. */
export type DriverBinding = Pick<Binding, 'lockFile' | 'mountTable'> & LoopBinding;

/** A volume's mount that this daemon made or found. */
export interface LiveMount {
  /** `/dev/loopN`. */
  readonly device: string;
  /** `st_dev` of the mounted file system. */
  readonly dev: number;
  /** Holds the lock on the image; none when the image's name was gone before this daemon began. */
  readonly lock: FileHandle | undefined;
}

/** A volume: the record that is on disk, and the mount that is in the kernel. Changed only by work run under its name in `serial`. */
export interface Volume {
  record: VolumeRecord;
  live: LiveMount | undefined;
}

/** Everything that the operations on volumes share. */
export interface Driver {
  readonly paths: DriverPaths;
  /** `st_dev` of the directory of mounts: a directory in it with another one is mounted on. */
  readonly mountsDev: number;
  readonly native: DriverBinding;
  readonly volumes: Map<string, Volume>;
  readonly serial: Serial;
  readonly defaultSizeBytes: number;
  /** Resolves when the records of all volumes are on disk. */
  readonly save: () => Promise<void>;
  /** A line for the operator. */
  readonly log: (text: string) => void;
}

/** The volume of that name; an error when there is none, for a typing error must not make a disk. */
export function volumeOf(driver: Driver, name: string): Volume {
  const volume = driver.volumes.get(name);
  if (volume === undefined) throw new DriverError(`volume ${name}: there is no such volume; create it first`);
  return volume;
}

/** Sets who holds a volume and writes it down; the holders are as before when that fails. */
export async function recordIds(driver: Driver, volume: Volume, ids: readonly string[]): Promise<void> {
  const before = volume.record;
  volume.record = { ...before, ids };
  try {
    await driver.save();
  } catch (error) {
    volume.record = before;
    throw error;
  }
}
