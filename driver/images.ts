import { randomUUID } from 'node:crypto';
import { type FileHandle, lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Binding } from '../host/binding.ts';
import { codeOf, DriverError, failed } from './errors.ts';
import { syncDirectory, syncFile } from './files.ts';
import { makeFileSystem } from './make_file_system.ts';
import { isVolumeName } from './names.ts';
import type { VolumeOptions } from './options.ts';
import { type DriverPaths, imagePath } from './paths.ts';

/** What a crash may leave behind. No volume's name begins with a dot. */
const asidePrefix = '.aside-';

/** An image on disk. */
export interface ImageFacts {
  readonly sizeBytes: number;
  /** What its sparse file takes on disk. */
  readonly allocatedBytes: number;
  readonly createdAt: string;
}

function asidePath(paths: DriverPaths): string {
  return join(paths.images, `${asidePrefix}${randomUUID()}`);
}

/** An image that is whole and on disk, and has no name yet. */
export interface UnnamedImage {
  /** Gives it its name. */
  publish(): Promise<void>;
  /** Removes it. */
  discard(): Promise<void>;
}

/** Makes an image aside. Leaves nothing when it fails. */
export async function makeImage(
  paths: DriverPaths,
  name: string,
  options: VolumeOptions,
): Promise<UnnamedImage> {
  const aside = asidePath(paths);
  const image = imagePath(paths, name);
  const discard = (): Promise<void> => rm(aside, { force: true });
  const explained = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      await discard().catch(() => undefined);
      throw error instanceof DriverError ? error : failed(`create ${image}`, error);
    }
  };
  await explained(async () => {
    await refuseExisting(image);
    await makeSparseFile(aside, options.size);
    await makeFileSystem(aside, `${aside}.d`, options);
    await syncFile(aside);
  });
  const publish = (): Promise<void> =>
    explained(async () => {
      await rename(aside, image);
      await syncDirectory(paths.images);
    });
  return { publish, discard };
}

/** A rename would silently replace what somebody put there. */
async function refuseExisting(image: string): Promise<void> {
  const facts = await lstat(image).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (facts === undefined) return;
  throw new DriverError(
    `create ${image}: there is a file that the driver did not make; start it anew to take it over`,
  );
}

async function makeSparseFile(path: string, sizeBytes: number): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.truncate(sizeBytes);
  } finally {
    await handle.close();
  }
}

/** An image whose name was taken away. */
export interface ImageAside {
  /** Frees the space. */
  discard(): Promise<void>;
  /** Gives the name back. */
  restore(): Promise<void>;
}

/** Takes an image's name away. One that is already gone is no error; when it fails the name is as it was. */
export async function setImageAside(paths: DriverPaths, name: string): Promise<ImageAside> {
  const image = imagePath(paths, name);
  const aside = asidePath(paths);
  const restore = (): Promise<void> => rename(aside, image);
  try {
    await rename(image, aside);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw failed(`remove ${image}`, error);
    return { discard: async () => undefined, restore: async () => undefined };
  }
  try {
    await syncDirectory(paths.images);
  } catch (error) {
    await restore();
    throw failed(`remove ${image}`, error);
  }
  return { discard: () => rm(aside, { force: true }), restore };
}

/** Removes what creations and removals that were cut off left behind. Returns how many files that were. */
export async function removeLeftovers(paths: DriverPaths): Promise<number> {
  const leftovers = (await readdir(paths.images)).filter((entry) => entry.startsWith(asidePrefix));
  for (const entry of leftovers) await rm(join(paths.images, entry), { recursive: true, force: true });
  return leftovers.length;
}

/** The names of the volumes that have an image. Other files are nobody's business. */
export async function listImages(paths: DriverPaths): Promise<string[]> {
  const entries = await readdir(paths.images, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.img'))
    .map((entry) => entry.name.slice(0, -'.img'.length))
    .filter(isVolumeName);
}

/** Facts of a volume's image; throws with code ENOENT when it is gone. */
export async function imageFacts(paths: DriverPaths, name: string): Promise<ImageFacts> {
  const facts = await lstat(imagePath(paths, name));
  return {
    sizeBytes: facts.size,
    allocatedBytes: facts.blocks * 512,
    createdAt: facts.birthtime.toISOString(),
  };
}

/**
 * Opens an image and locks it. The lock lasts until the handle is closed; it keeps other daemons that reach the same file
 * from mounting it a second time, which the kernel would allow and the file system would not survive.
 */
export async function lockImage(
  paths: DriverPaths,
  name: string,
  native: Pick<Binding, 'lockFile'>,
): Promise<FileHandle> {
  const image = imagePath(paths, name);
  const handle = await open(image, 'r+').catch((error: unknown) => {
    throw failed(`open ${image}`, error, 'put the image back, or remove the volume');
  });
  try {
    if (native.lockFile(handle.fd)) return handle;
    throw new DriverError(`lock ${image}: another process has it; who: lsof ${image}`);
  } catch (error) {
    await handle.close();
    throw error;
  }
}
