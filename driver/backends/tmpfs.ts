import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { DriverBinding } from '../driver.ts';
import { DriverError, messageOf } from '../errors.ts';
import { setImageAside } from '../images.ts';
import { unmountRetryMs } from '../limits.ts';
import { makeData } from '../make_file_system.ts';
import type { DriverPaths } from '../paths.ts';
import type { Backend } from './backend.ts';

interface Memory {
  /** The keeper's number. */
  readonly number: number;
  /** When it was mounted last. */
  usedBytes: number;
}

/** Volumes in memory, each a tmpfs of its size: the daemon keeps it while it is mounted nowhere, and it goes with the daemon. */
export function tmpfsBackend(paths: DriverPaths, native: DriverBinding): Backend {
  const kept = new Map<string, Memory>();

  async function keep(name: string, number: Promise<number>): Promise<Memory> {
    const memory = { number: await number, usedBytes: 0 };
    kept.set(name, memory);
    return memory;
  }

  async function drop(name: string): Promise<void> {
    const memory = kept.get(name);
    kept.delete(name);
    if (memory !== undefined) await native.dropMemory({ number: memory.number });
  }

  return {
    name: 'tmpfs',
    words: 'volumes lie in memory (tmpfs) and are gone with this daemon',
    fs: 'tmpfs',
    make: async () => ({ publish: async () => undefined, discard: async () => undefined }),
    async setAside(name) {
      // An image of another backend lies there perhaps.
      const image = await setImageAside(paths, name);
      return {
        discard: () => Promise.all([drop(name), image.discard()]).then(() => undefined),
        restore: image.restore,
      };
    },

    async attach(name, target, options) {
      if (options.fs !== 'tmpfs') {
        throw new DriverError(
          `volume ${name}: is an image, which this driver cannot mount here; start it with --backend loop or fuse2fs`,
        );
      }
      const before = kept.get(name);
      const source = sourceOf(name);
      const request = { source, sizeBytes: options.size, inodes: options.inodes ?? 0 };
      const { number } = before ?? (await keep(name, native.makeMemory(request)));
      try {
        await native.attachMemory({ number, target });
        if (before === undefined) await makeDataOrUndo(target, options);
        return { device: source, lock: undefined };
      } catch (error) {
        if (before === undefined) await drop(name);
        throw error;
      }
    },

    async detach(name, target, retryMs) {
      const memory = kept.get(name);
      if (memory !== undefined) memory.usedBytes = await usedBytes(target);
      await native.unmountImage({ target, retryMs });
    },

    isOurs: async (name, mount) =>
      mount.fstype === 'tmpfs' && mount.root === '/' && mount.source === sourceOf(name),

    async takeOver(name, target) {
      await keep(name, native.keepMemory({ target }));
      return undefined;
    },

    allocatedBytes: async (name, target, isMounted) =>
      isMounted ? usedBytes(target) : (kept.get(name)?.usedBytes ?? 0),
  };

  async function makeDataOrUndo(target: string, options: Parameters<typeof makeData>[1]): Promise<void> {
    try {
      await makeData(join(target, 'data'), options);
    } catch (error) {
      await native.unmountImage({ target, retryMs: unmountRetryMs }).catch((second: unknown) => {
        throw new DriverError(`${messageOf(error)}; and then: ${messageOf(second)}`);
      });
      throw error;
    }
  }
}

/** The kernel takes so many bytes of a mount's source (fsconfig(2)). */
const sourceMaxBytes = 255;

/** What the mount table shows; a daemon that comes later knows the volume by it and by its place. Names are ASCII. */
function sourceOf(name: string): string {
  return `moorage:${name}`.slice(0, sourceMaxBytes);
}

async function usedBytes(target: string): Promise<number> {
  const { blocks, bfree, bsize } = await statfs(target);
  return (blocks - bfree) * bsize;
}
