import { sep } from 'node:path';
import type { Mount } from '../host/binding.ts';
import type { Backend } from './backends/backend.ts';
import type { DriverPaths } from './paths.ts';

/** What the kernel has mounted directly below the directory of mounts. */
export interface MountFound {
  readonly name: string;
  readonly device: string;
  /** It shows the volume of that name. Other mounts are not the driver's and never touched. */
  readonly isOurs: boolean;
}

/** Picks the mounts of volumes out of the mount table; of several on one directory the last, which is the visible one. */
export async function findMounts(
  paths: DriverPaths,
  backend: Pick<Backend, 'isOurs'>,
  table: readonly Mount[],
): Promise<MountFound[]> {
  const prefix = paths.mounts + sep;
  const visible = new Map<string, Mount>();
  for (const mount of table) {
    if (!mount.target.startsWith(prefix)) continue;
    const name = mount.target.slice(prefix.length);
    if (!name.includes(sep)) visible.set(name, mount);
  }
  const found: MountFound[] = [];
  for (const [name, mount] of visible) {
    found.push({ name, device: mount.source, isOurs: await backend.isOurs(name, mount) });
  }
  return found;
}
