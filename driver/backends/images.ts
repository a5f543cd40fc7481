import type { FileHandle } from 'node:fs/promises';
import type { Mount } from '../../host/binding.ts';
import type { DriverBinding } from '../driver.ts';
import { codeOf, DriverError } from '../errors.ts';
import { imageFacts, lockImage, makeImage, setImageAside } from '../images.ts';
import { type DriverPaths, imagePath } from '../paths.ts';
import type { Backend } from './backend.ts';

/** How an image is mounted. */
export interface ImageMounter extends Pick<Backend, 'name' | 'words' | 'detach'> {
  /** Resolves with the device that the mount shows. Leaves nothing when it fails. */
  mount(image: string, target: string): Promise<string>;
  isImage(image: string, mount: Mount): Promise<boolean>;
}

/** Volumes as sparse files with ext4 in them, one at a time mounted by one daemon. */
export function imageBackend(
  paths: DriverPaths,
  native: Pick<DriverBinding, 'lockFile'>,
  mounter: ImageMounter,
): Backend {
  const { name: backendName, words, detach } = mounter;
  const lock = (name: string): Promise<FileHandle> => lockImage(paths, name, native);
  return {
    name: backendName,
    words,
    fs: 'ext4',
    detach,
    make: (name, options) => makeImage(paths, name, options),
    setAside: (name) => setImageAside(paths, name),
    async attach(name, target, options) {
      if (options.fs !== 'ext4') {
        throw new DriverError(`volume ${name}: lies in memory and is no image; remove it and create it anew`);
      }
      const held = await lock(name);
      try {
        return { device: await mounter.mount(imagePath(paths, name), target), lock: held };
      } catch (error) {
        await held.close();
        throw error;
      }
    },
    isOurs: async (name, mount) => mount.root === '/' && mounter.isImage(imagePath(paths, name), mount),
    takeOver: async (name, _target, isNamed) => (isNamed ? lock(name) : undefined),
    async allocatedBytes(name) {
      try {
        return (await imageFacts(paths, name)).allocatedBytes;
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      }
    },
  };
}
