import { closeSync, fdatasync, fsyncSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32c } from './crc32c.ts';
import { encodeHeader, encodeRecord, type SegmentHeader } from './format.ts';

/** Appends to one new segment. What `append` wrote is durable when the next `sync` has resolved. */
export interface JournalWriter {
  readonly file: string;
  /** `effects` are those of the step of this very frame; their digest goes into the record after it. */
  append(frame: Uint8Array): void;
  stepped(effects: Uint8Array): void;
  sync(): Promise<void>;
  /** Ends the segment in order: the last step's digest is kept too. */
  close(): void;
}

/** Creates the segment `file` (0600) with its header, durably. `effectsBefore`: digest of the last step of the segment before. */
export function createSegment(file: string, header: SegmentHeader, effectsBefore: number): JournalWriter {
  const fd = openSync(file, 'ax', 0o600);
  writeAll(fd, encodeHeader(header));
  fsyncSync(fd);
  syncDirectory(dirname(file));
  let digest = effectsBefore;
  let pending: Buffer[] = [];

  function flush(): void {
    if (pending.length === 0) return;
    writeAll(fd, pending.length === 1 ? (pending[0] as Buffer) : Buffer.concat(pending));
    pending = [];
  }

  return {
    file,
    append: (frame) => {
      pending.push(encodeRecord(digest, Date.now(), frame));
    },
    stepped: (effects) => {
      digest = crc32c(effects);
    },
    sync: () => {
      flush();
      return new Promise((resolve, reject) => fdatasync(fd, (error) => (error ? reject(error) : resolve())));
    },
    close: () => {
      pending.push(encodeRecord(digest, Date.now(), new Uint8Array(0)));
      flush();
      fsyncSync(fd);
      closeSync(fd);
    },
  };
}

function writeAll(fd: number, bytes: Buffer): void {
  let at = 0;
  while (at < bytes.length) at += writeSync(fd, bytes, at);
}

function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
