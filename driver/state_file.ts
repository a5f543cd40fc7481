import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, failed } from './errors.ts';
import { syncDirectory } from './files.ts';
import { type DriverState, decodeState, encodeState } from './state.ts';

/** The stored state, or undefined when there is none yet. A damaged file is an error: only a person may give it up. */
export async function readState(path: string): Promise<DriverState | undefined> {
  try {
    return decodeState(await readFile(path, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    const next =
      'put a good copy back, or move the file away: the images stay, what is mounted is then taken for unused and unmounted';
    throw failed(`read ${path}`, error, next);
  }
}

/**
 * Makes the function that writes the state: when its promise resolves, a file that was encoded after the call is on
 * disk. Calls that come during a write share the next one.
 */
export function makeSaver(path: string, current: () => DriverState): () => Promise<void> {
  let writing: Promise<void> | undefined;
  let queued: Promise<void> | undefined;

  function begin(): Promise<void> {
    const write = replaceFile(path, encodeState(current()));
    const done = (): void => {
      if (writing === write) writing = undefined;
    };
    writing = write;
    write.then(done, done);
    return write;
  }

  async function beginAfter(before: Promise<void>): Promise<void> {
    await before.catch(() => undefined);
    queued = undefined;
    await begin();
  }

  return function save() {
    // A queued write has not encoded anything yet, so it serves this call as well.
    if (queued !== undefined) return queued;
    if (writing === undefined) return begin();
    queued = beginAfter(writing);
    return queued;
  };
}

/** Writes aside, syncs, renames, syncs the directory: after a crash there is the old text or the new one. */
async function replaceFile(path: string, text: string): Promise<void> {
  const aside = `${path}.new`;
  try {
    const handle = await open(aside, 'w', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(aside, { force: true }).catch(() => undefined);
    throw failed(`write ${path}`, error, 'nothing was promised to the caller; look at the disk');
  }
}
