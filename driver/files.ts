import { open } from 'node:fs/promises';

/** Makes what was renamed, created or removed in a directory survive a power failure (fsync(2)). */
export async function syncDirectory(path: string): Promise<void> {
  await syncFile(path);
}

/** Writes back a file's content. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
