import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, failed } from './errors.ts';
import { syncDirectory } from './files.ts';
import type { DriverPaths } from './paths.ts';
import { makeReserve } from './reserve.ts';
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

/** Resolves when the records of all volumes are on disk. `giving-back`: also on a full disk, for it is the way to make room. */
export type Save = (purpose?: 'giving-back') => Promise<void>;

/**
 * Makes the function that writes the state: when its promise resolves, a file that was encoded after the call is on
 * disk. Calls that come during a write share the next one.
 */
export function makeSaver(
  { state: path, reserve: reservePath }: DriverPaths,
  current: () => DriverState,
): Save {
  const reserve = makeReserve(reservePath);
  let writing: Promise<void> | undefined;
  let queued: { written: Promise<void>; givesBack: boolean } | undefined;

  function begin(givesBack: boolean): Promise<void> {
    const write = writeState(encodeState(current()), givesBack);
    const done = (): void => {
      if (writing === write) writing = undefined;
    };
    writing = write;
    write.then(done, done);
    return write;
  }

  async function writeState(text: string, givesBack: boolean): Promise<void> {
    try {
      await replaceFile(path, text);
    } catch (error) {
      if (!givesBack || !isFull(error)) throw failed(`write ${path}`, error, NEXT);
      await reserve.release();
      await replaceFile(path, text).catch((second: unknown) => {
        throw failed(`write ${path}`, second, NEXT);
      });
    }
    await reserve.keep(text.length);
  }

  async function beginAfter(before: Promise<void>): Promise<void> {
    await before.catch(() => undefined);
    const givesBack = queued?.givesBack ?? false;
    queued = undefined;
    await begin(givesBack);
  }

  return function save(purpose) {
    const givesBack = purpose === 'giving-back';
    // A queued write has not encoded anything yet, so it serves this call as well.
    if (queued !== undefined) {
      queued.givesBack ||= givesBack;
      return queued.written;
    }
    if (writing === undefined) return begin(givesBack);
    queued = { written: beginAfter(writing), givesBack };
    return queued.written;
  };
}

const NEXT = 'nothing was promised to the caller; look at the disk';

function isFull(error: unknown): boolean {
  return codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT';
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
    throw error;
  }
}
