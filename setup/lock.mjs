import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 200;

/**
 * Waits until no other set-up works in this checkout and keeps others out. A lock whose process is gone is taken over.
 * Also begins a new log, which belongs to whoever has the lock.
 *
 * @param {{ build: string, log: string, note: (text: string) => void }} context
 * @returns {Promise<() => void>} gives the lock back; it is given back at the end of the process in any case
 */
export async function takeLock({ build, log, note }) {
  const path = join(build, 'setup.lock');
  let told = false;
  while (!tryLock(path)) {
    const owner = readOwner(path);
    if (!owner || !isAlive(owner)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!told) note(`waiting for another set-up of this checkout (process ${owner.pid}, lock ${path})`);
    told = true;
    await sleep(pollMs);
  }
  writeFileSync(log, '');
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  return () => {
    process.off('exit', release);
    release();
  };
}

/**
 * The lock appears with its owner in it, so nobody ever reads an empty one.
 *
 * @param {string} path
 */
function tryLock(path) {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, `${process.pid} ${startOf(process.pid)}\n`);
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

/**
 * @param {string} path
 * @returns {{ pid: number, start: string } | undefined}
 */
function readOwner(path) {
  try {
    const [pid, start = ''] = readFileSync(path, 'utf8').trim().split(' ');
    return pid ? { pid: Number(pid), start } : undefined;
  } catch {
    return undefined;
  }
}

/** @param {{ pid: number, start: string }} owner */
function isAlive({ pid, start }) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return startOf(pid) === start;
}

/**
 * When a process was started, so that a pid used again is not taken for the old one: field 22 of proc(5) stat.
 *
 * @param {number} pid
 */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
