import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from '../../host/journal/crc32c.ts';
import type { Place } from './place.ts';
import { fileOf, isAlive, liveFileOf, type Promised, readLedger, type Task, type Volume } from './tasks.ts';
import { until } from './until.ts';

/** What was read back, and what of it is not as it was promised. */
export interface Verified {
  bytes: number;
  lostBytes: number;
  problems: string[];
}

/** A process that ends has no root for a moment, and is still there. */
const ENDING_MS = 3_000;

/** What a task has synced since the last look, read in its own mount namespace. */
export async function verifyLive(task: Task): Promise<Verified> {
  const { pid, promised } = readLedger(task);
  const fresh = promised.slice(task.verified);
  if (pid === undefined || task.readonly || fresh.length === 0) return none();
  const path = liveFileOf(task, pid);
  const isOverOrThere = () => !isAlive(task) || existsSync(path);
  await until('its file can be read', ENDING_MS, isOverOrThere).catch(() => undefined);
  // One that has ended meanwhile is read when its volume is unmounted.
  if (!isAlive(task)) return none();
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    return isAlive(task) ? lostAll(task, fresh, (error as Error).message) : none();
  }
  try {
    const verified = check(task, fresh, (offset, length) => readAt(file, offset, length));
    task.verified = promised.length;
    return verified;
  } finally {
    closeSync(file);
  }
}

/** All that was ever synced on a volume, read from its image while nothing is mounted: without the kernel's file system in between. */
export function verifyImage(place: Place, volume: Volume): Verified {
  const out = join(place.directory, 'read-back');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  const image = place.imageOf(volume.driver, volume.name);
  try {
    execFileSync('debugfs', ['-R', `rdump /data ${out}`, image], { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    return {
      bytes: 0,
      lostBytes: 0,
      problems: [`${image}: debugfs cannot read it: ${(error as Error).message}`],
    };
  }
  const parts = volume.writers.map((task) => {
    const { promised } = readLedger(task);
    if (promised.length === 0) return none();
    try {
      const bytes = readFileSync(join(out, 'data', fileOf(task)));
      return check(task, promised, (offset, length) => bytes.subarray(offset, offset + length));
    } catch (error) {
      return lostAll(task, promised, (error as Error).message);
    }
  });
  return add(parts);
}

/** `fsck.ext4 -n` of an image that is not mounted: a sentence when it is not clean. */
export function fsck(place: Place, volume: Volume): string | undefined {
  const image = place.imageOf(volume.driver, volume.name);
  const { status, stdout, stderr, error } = spawnSync('fsck.ext4', ['-n', '-f', image], { encoding: 'utf8' });
  if (status === 0) return undefined;
  return `fsck.ext4 -n -f ${image}: exit code ${status} ${error?.message ?? ''} ${stdout.slice(-400)} ${stderr.slice(-200)}`;
}

export function add(parts: readonly Verified[]): Verified {
  const sum = none();
  for (const { bytes, lostBytes, problems } of parts) {
    sum.bytes += bytes;
    sum.lostBytes += lostBytes;
    sum.problems.push(...problems);
  }
  return sum;
}

function none(): Verified {
  return { bytes: 0, lostBytes: 0, problems: [] };
}

function lostAll(task: Task, promised: readonly Promised[], why: string): Verified {
  const lostBytes = promised.reduce((sum, { length }) => sum + length, 0);
  return {
    bytes: 0,
    lostBytes,
    problems: [`${task.name} on ${nameOf(task)}: ${lostBytes} synced bytes cannot be read: ${why}`],
  };
}

function check(
  task: Task,
  promised: readonly Promised[],
  read: (offset: number, length: number) => Uint8Array,
): Verified {
  const sum = none();
  for (const { sequence, offset, length, crc } of promised) {
    const bytes = read(offset, length);
    if (bytes.length === length && crc32c(bytes) === crc) sum.bytes += length;
    else {
      sum.lostBytes += length;
      const why = bytes.length < length ? `only ${bytes.length} are there` : 'their checksum is another';
      sum.problems.push(
        `${task.name} on ${nameOf(task)}: record ${sequence}, ${length} synced bytes at ${offset}: ${why}`,
      );
    }
  }
  return sum;
}

function readAt(file: number, offset: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
}

export const nameOf = ({ volume }: Task): string => `${volume.driver}/${volume.name}`;
