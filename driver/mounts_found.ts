import { readFile } from 'node:fs/promises';
import { basename, sep } from 'node:path';
import type { Mount } from '../host/binding.ts';
import { codeOf } from './errors.ts';
import { type DriverPaths, imagePath } from './paths.ts';

/** What the kernel has mounted directly below the directory of mounts. */
export interface MountFound {
  readonly name: string;
  readonly device: string;
  /** It shows the image of that name. Other mounts are not the driver's and never touched. */
  readonly isOurs: boolean;
}

/** Picks the mounts of volumes out of the mount table; of several on one directory the last, which is the visible one. */
export async function findMounts(paths: DriverPaths, table: readonly Mount[]): Promise<MountFound[]> {
  const prefix = paths.mounts + sep;
  const visible = new Map<string, Mount>();
  for (const mount of table) {
    if (!mount.target.startsWith(prefix)) continue;
    const name = mount.target.slice(prefix.length);
    if (!name.includes(sep)) visible.set(name, mount);
  }
  const found: MountFound[] = [];
  for (const [name, mount] of visible) {
    const isOurs = mount.root === '/' && (await backingFile(mount.source)) === imagePath(paths, name);
    found.push({ name, device: mount.source, isOurs });
  }
  return found;
}

/** The file that a loop device shows, also when its name is gone; empty for any other device. */
async function backingFile(device: string): Promise<string> {
  if (!/^\/dev\/loop[0-9]+$/.test(device)) return '';
  try {
    const text = await readFile(`/sys/block/${basename(device)}/loop/backing_file`, 'utf8');
    return text.replace(/\n$/, '').replace(/ \(deleted\)$/, '');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}
