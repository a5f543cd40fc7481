import type { Binding, LoopBinding } from '../host/binding.ts';
import type { Attached, Backend } from './backends/backend.ts';
import { DriverError } from './errors.ts';
import type { DriverPaths } from './paths.ts';
import type { Serial } from './serial.ts';
import type { VolumeRecord } from './state.ts';
import type { Save } from './state_file.ts';

/** What the driver needs of the native code. */
export type DriverBinding = Pick<Binding, 'lockFile' | 'mountTable'> & LoopBinding;

/** A volume's mount that this daemon made or found. */
export interface LiveMount extends Attached {
  /** `st_dev` of the mounted file system. */
  readonly dev: number;
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
  readonly backend: Backend;
  readonly volumes: Map<string, Volume>;
  /** What Create is making: written down before the image has its name, so that no image is without its options. */
  readonly planned: Set<VolumeRecord>;
  readonly serial: Serial;
  readonly defaultSizeBytes: number;
  readonly save: Save;
  /** A line for the operator. */
  readonly log: (text: string) => void;
}

/** The volume of that name; an error when there is none, for a typing error must not make a disk. */
export function volumeOf(driver: Driver, name: string): Volume {
  const volume = driver.volumes.get(name);
  if (volume === undefined) throw new DriverError(`volume ${name}: there is no such volume; create it first`);
  return volume;
}

/** Sets who holds a volume and writes it down; the holders are as before when that fails. Also on a full disk there is room to let a holder go. */
export async function recordIds(driver: Driver, volume: Volume, ids: readonly string[]): Promise<void> {
  const before = volume.record;
  volume.record = { ...before, ids };
  try {
    await driver.save(ids.length < before.ids.length ? 'giving-back' : undefined);
  } catch (error) {
    volume.record = before;
    throw error;
  }
}
