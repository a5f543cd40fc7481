import { constants } from 'node:fs';
import { access, open, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { DriverBinding } from '../driver.ts';
import { codeOf } from '../errors.ts';
import type { DriverPaths } from '../paths.ts';
import type { Backend, BackendName } from './backend.ts';
import { fuse2fsMounter } from './fuse2fs.ts';
import { imageBackend } from './images.ts';
import { loopMounter } from './loop.ts';
import { tmpfsBackend } from './tmpfs.ts';

export const backendNames: readonly BackendName[] = ['loop', 'fuse2fs', 'tmpfs'];

/** A backend by its name. */
export function makeBackend(name: BackendName, paths: DriverPaths, native: DriverBinding): Backend {
  if (name === 'tmpfs') return tmpfsBackend(paths, native);
  const mounter = name === 'loop' ? loopMounter(native) : fuse2fsMounter(paths, native);
  return imageBackend(paths, native, mounter);
}

/**
 * The best that this process may use, and why no better one. Root of the machine always has loop devices, or an error that says what is missing: data that
 * shall last must not land in memory because a kernel module is not loaded.
 */
export async function chooseBackend(): Promise<{ name: BackendName; why: string }> {
  if (!(await inUserNamespace())) return { name: 'loop', why: '' };
  const noLoop = 'in a user namespace the kernel mounts no images';
  const noFuse = await whyNoFuse();
  if (noFuse === '') return { name: 'fuse2fs', why: noLoop };
  return { name: 'tmpfs', why: `${noLoop}, and ${noFuse}` };
}

/** Whether user ids here are others than the machine's (user_namespaces(7)). */
async function inUserNamespace(): Promise<boolean> {
  const map = await readFile('/proc/self/uid_map', 'utf8').catch(() => '');
  return !/^\s*0\s+0\s+4294967295\s*$/.test(map);
}

/** Why fuse2fs cannot be used; empty when it can. */
async function whyNoFuse(): Promise<string> {
  const device = '/dev/fuse';
  try {
    await (await open(device, constants.O_RDWR)).close();
  } catch (error) {
    return `${device} does not open (${codeOf(error)})`;
  }
  const folders = `${process.env.PATH ?? ''}:/usr/bin:/usr/sbin:/sbin`.split(delimiter);
  for (const folder of folders) {
    const found = await access(join(folder, 'fuse2fs'), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return '';
  }
  return 'fuse2fs is not installed (package fuse2fs)';
}
