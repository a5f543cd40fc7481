import { closeSync, fdatasync, fsync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** A segment that is being written. Its bytes go to fixed places, so that what failed half-way is written once more. */
export interface SegmentFile {
  readonly file: string;
  readonly number: number;
  readonly fd: number;
  /** Bytes in the file. */
  size(): number;
  /** Takes bytes that the next `write` writes. */
  add(bytes: Uint8Array): void;
  /** Takes back the last bytes that were added; they must not have been written yet. */
  takeBack(): void;
  /** Throws as `write(2)` does, and then still has what was not written. */
  write(): void;
  /** Makes durable what was written; of a new file also its name. */
  sync(): Promise<void>;
  /** Gives back the room that was reserved behind its end. */
  trim(): void;
  close(): void;
}

/** Creates the file (0600); throws when it is there. */
export function createSegmentFile(file: string, number: number): SegmentFile {
  return segmentFile(file, number, openSync(file, 'wx', 0o600), 0, true);
}

/** Goes on in a file that is whole up to `size`. */
export function reopenSegmentFile(file: string, number: number, size: number): SegmentFile {
  return segmentFile(file, number, openSync(file, 'r+'), size, false);
}

function segmentFile(file: string, number: number, fd: number, from: number, isNew: boolean): SegmentFile {
  let size = from;
  let pending: Uint8Array[] = [];
  let isNamed = !isNew;
  return {
    file,
    number,
    fd,
    size: () => size,
    add: (bytes) => {
      pending.push(bytes);
    },
    takeBack() {
      if (pending.pop() === undefined) throw new Error(`journal ${file}: its last record is written already`);
    },
    write() {
      if (pending.length === 0) return;
      const bytes = pending.length === 1 ? (pending[0] as Uint8Array) : Buffer.concat(pending);
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, size + at);
      pending = [];
      size += bytes.length;
    },
    async sync() {
      await settled((done) => fdatasync(fd, done));
      if (isNamed) return;
      isNamed = true;
      await syncDirectory(dirname(file));
    },
    trim: () => ftruncateSync(fd, size),
    close: () => closeSync(fd),
  };
}

/** Makes the names in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const fd = openSync(directory, 'r');
  try {
    await settled((done) => fsync(fd, done));
  } finally {
    closeSync(fd);
  }
}

function settled(run: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => run((error) => (error ? reject(error) : resolve())));
}
