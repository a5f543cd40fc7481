import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { readBlock } from './blocks.ts';
import { BLOCK_HEAD, block } from './format.ts';

/**
 * How much of a journal is surely on the disk: one block, written over after each sync.
 *
 *   body = number of the segment u32 | bytes of it float64
 *
 * It is never synced itself. What it says after a crash is true, and at most older than it could be: so it shows when an end is
 * missing that had been promised, and never takes one that had not for missing.
 */
const NAME = 'mark';
const BODY = 12;

export interface Mark {
  number: number;
  size: number;
}

export interface MarkWriter {
  /** Never throws: a mark is a second look, the journal is good without. */
  write(mark: Mark): void;
  close(): void;
}

/** The mark of a journal; undefined when it has none, a sentence when it cannot be read. */
export function readMark(directory: string): Mark | string | undefined {
  const file = join(directory, NAME);
  if (!existsSync(file)) return undefined;
  const bytes = readFileSync(file);
  if (bytes.length === 0) return undefined;
  const body = readBlock(bytes, 0, BODY);
  if (typeof body === 'string') return body === 'torn' ? 'it ends too early' : body;
  if (body.length !== BODY || bytes.length !== BLOCK_HEAD + BODY) return 'it has another length';
  return { number: body.readUInt32LE(0), size: body.readDoubleLE(4) };
}

export function openMark(directory: string): MarkWriter {
  const fd = tried(() => openSync(join(directory, NAME), isThere(directory) ? 'r+' : 'w', 0o600));
  return {
    write({ number, size }) {
      if (fd === undefined) return;
      const body = Buffer.alloc(BODY);
      body.writeUInt32LE(number, 0);
      body.writeDoubleLE(size, 4);
      tried(() => writeSync(fd, block(body), 0, BLOCK_HEAD + BODY, 0));
    },
    close: () => {
      if (fd !== undefined) closeSync(fd);
    },
  };
}

function isThere(directory: string): boolean {
  return existsSync(join(directory, NAME));
}

function tried<Result>(run: () => Result): Result | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
