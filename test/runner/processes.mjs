import { readdirSync, readFileSync } from 'node:fs';

/**
 * An environment variable that everything started by one test file inherits, also what left its session and parents.
 *
 * @typedef {object} Mark
 * @property {string} name
 * @property {string} value
 */

/**
 * @typedef {object} Marked
 * @property {number} pid
 * @property {string} command
 */

let count = 0;

/** @returns {Mark} one that no other run has */
export function marker() {
  count += 1;
  return { name: 'MOORAGE_TEST_RUN', value: `${process.pid}-${Date.now()}-${count}` };
}

/**
 * Processes that carry the mark and are not merely waiting to be reaped.
 *
 * @param {Mark} mark
 * @returns {Marked[]}
 */
export function markedProcesses({ name, value }) {
  const words = `${name}=${value}`;
  return readPids()
    .filter((pid) => readText(`/proc/${pid}/environ`).split('\0').includes(words))
    .map((pid) => ({ pid, command: readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }));
}

/**
 * Ends processes that were found by their mark, at once.
 *
 * @param {Marked[]} processes
 */
export function endProcesses(processes) {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself in the meantime.
    }
  }
}

function readPids() {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** @param {string} path */
function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
