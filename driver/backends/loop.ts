import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DriverBinding } from '../driver.ts';
import { codeOf } from '../errors.ts';
import type { ImageMounter } from './images.ts';

/** Inode tables of a sparse image are zeros already; freed blocks go back to the disk; a damaged file system is not written to. */
const options = 'errors=remount-ro,noinit_itable,discard';

/** Images as loop devices, mounted by the kernel's ext4. */
export function loopMounter(native: DriverBinding): ImageMounter {
  return {
    name: 'loop',
    words: 'volumes are ext4 images on loop devices',
    async mount(image, target) {
      return (await native.mountImage({ image, target, fstype: 'ext4', options })).device;
    },
    detach: (_name, target, retryMs) => native.unmountImage({ target, retryMs }),
    isImage: async (image, mount) => (await backingFile(mount.source)) === image,
  };
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
