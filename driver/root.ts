import { constants } from 'node:fs';
import { chmod, type FileHandle, lstat, mkdir, open, readFile, realpath } from 'node:fs/promises';
import type { Binding } from '../host/binding.ts';
import { DriverError, failed } from './errors.ts';
import { type DriverPaths, driverPaths } from './paths.ts';

/**
 * Makes the driver's directories, mode 0700, and returns their paths without links, as the mount table shows them.
 * A root that others could rename things in is refused: they could choose where volumes are mounted.
 */
export async function prepareRoot(path: string): Promise<DriverPaths> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const paths = driverPaths(await realpath(path));
    await refuseUnsafe(paths.root);
    for (const directory of [paths.images, paths.mounts]) {
      await mkdir(directory, { recursive: true });
      await refuseUnsafe(directory);
      await chmod(directory, 0o700);
    }
    return paths;
  } catch (error) {
    throw error instanceof DriverError ? error : failed(`prepare ${path}`, error);
  }
}

async function refuseUnsafe(path: string): Promise<void> {
  const facts = await lstat(path);
  if (!facts.isDirectory()) throw new DriverError(`${path}: is not a directory; choose another --root`);
  if (facts.uid === process.geteuid?.() && (facts.mode & 0o022) === 0) return;
  throw new DriverError(
    `${path}: others can write to it; chown it to root and chmod it 0700, or choose another --root`,
  );
}

/** Keeps other daemons away from this root as long as the handle is open, and leaves the pid for their error message. */
export async function lockRoot(paths: DriverPaths, native: Pick<Binding, 'lockFile'>): Promise<FileHandle> {
  const handle = await open(paths.lock, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    if (!native.lockFile(handle.fd)) {
      const pid = (await readFile(paths.lock, 'utf8')).trim();
      throw new DriverError(
        `${paths.root}: another driver works there (pid ${pid || 'unknown'}); choose another --root`,
      );
    }
    await handle.truncate(0);
    await handle.write(`${process.pid}\n`, 0);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** An id that is new after every boot (random(4)). */
export async function readBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
