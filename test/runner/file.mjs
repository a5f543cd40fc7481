import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { namespaceFor } from './in_namespace.mjs';
import { findLeaks, mountedBelow, takeInventory } from './leaks.mjs';
import { endProcesses, markedProcesses, marker } from './processes.mjs';
import { addUp, noCounts, readTotals } from './totals.mjs';

/** What a test has closed may take a moment to vanish: the kernel clears loop devices, processes are reaped. */
const settleMs = 5_000;
const pollMs = 50;

/** Ends the files that run now. @type {Set<() => void>} */
const stops = new Set();

/**
 * @typedef {object} Result
 * @property {import('./totals.mjs').Counts} counts  each problem is counted as one failure
 * @property {string[]} problems  what went wrong beside failed tests
 */

/**
 * @typedef {object} Options
 * @property {string} root  of the project
 * @property {number} limitMs
 * @property {boolean} mayMount  else whatever is mounted meanwhile is another's
 * @property {(text: string) => void} show  takes what the file prints
 */

/**
 * Runs one test file in a process of its own, shows its output, and looks at what it leaves behind. The file has its own
 * TMPDIR, which is removed unless something went wrong.
 *
 * @param {string} file
 * @param {Options} options
 * @returns {Promise<Result>}
 */
export async function runFile(file, { root, limitMs, mayMount, show }) {
  const folder = mkdtempSync(join(tmpdir(), 'moorage-test-'));
  const mark = marker();
  const before = takeInventory();
  const { output, end } = await runToEnd(file, { root, folder, mark, limitMs, show });

  const totals = readTotals(output);
  const problems = troubles(end, totals);
  problems.push(...(await leftBehind(before, mayMount ? [root, folder] : [], mark)));

  if (totals && totals.failed > 0 && end === 'exit code 0') {
    show('A before or after hook threw: uvu counts its tests as not passed and does not show the error.\n');
  }
  const counts = addUp(totals ?? noCounts, { passed: 0, failed: problems.length, skipped: 0 });
  if (counts.failed > 0) show(`kept for a look: ${folder}\n`);
  else removeFolder(folder);
  return { counts, problems };
}

/**
 * What is wrong with how a file ended, beside tests that failed and were counted.
 *
 * @param {string} end
 * @param {import('./totals.mjs').Counts | undefined} totals
 */
function troubles(end, totals) {
  if (!totals)
    return [`it ended with ${end} before it printed totals, so nobody knows which of its tests ran`];
  if (end === 'exit code 0' || (end === 'exit code 1' && totals.failed > 0)) return [];
  return [`it ended with ${end} after its tests`];
}

/** Ends the test files that run now, and everything they started. */
export function stopRunning() {
  for (const stop of stops) stop();
}

/**
 * @param {string} file
 * @param {Omit<Options, 'mayMount'> & { folder: string, mark: import('./processes.mjs').Mark }} options
 * @returns {Promise<{ output: string, end: string }>}  `end`: how it ended, in words
 */
async function runToEnd(file, { root, folder, mark, limitMs, show }) {
  const command = [...namespaceFor(basename(file)), process.execPath, '--enable-source-maps', file];
  const child = spawn(command[0] ?? '', command.slice(1), {
    cwd: root,
    env: { ...process.env, TMPDIR: folder, [mark.name]: mark.value },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const stop = () => {
    endProcesses(markedProcesses(mark));
    child.kill('SIGKILL');
  };
  stops.add(stop);

  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
    show(text);
  });
  child.stderr.setEncoding('utf8').on('data', show);

  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, limitMs);
  const end = await new Promise((resolve) => {
    child.on('error', (error) => resolve(String(error)));
    child.on('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  });
  clearTimeout(timer);
  await drained(child);
  stops.delete(stop);
  return { output, end: timedOut ? `its time limit of ${limitMs / 1000} s` : end };
}

/**
 * Waits for the rest of the output; not for ever, for a process left behind may hold the pipe.
 *
 * @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable>} child
 */
async function drained(child) {
  const closed = new Promise((resolve) => child.on('close', resolve));
  const rest = child.stdout.readableEnded && child.stderr.readableEnded;
  if (!rest) await Promise.race([closed, sleep(1000, undefined, { ref: false })]);
  child.stdout.destroy();
  child.stderr.destroy();
}

/**
 * Names mounts, loop devices and processes that a test file left, after they had time to vanish. Processes are ended, lest
 * they disturb the next file.
 *
 * @param {import('./leaks.mjs').Inventory} before
 * @param {string[]} folders  ours; none: only processes are looked for
 * @param {import('./processes.mjs').Mark} mark
 */
async function leftBehind(before, folders, mark) {
  const deadline = Date.now() + settleMs;
  for (;;) {
    const processes = markedProcesses(mark);
    const leaks = folders.length === 0 ? [] : findLeaks(before, takeInventory(), folders);
    if (processes.length === 0 && leaks.length === 0) return [];
    if (Date.now() >= deadline) {
      endProcesses(processes);
      return [...leaks, ...processes.map(({ pid, command }) => `it left process ${pid} behind: ${command}`)];
    }
    await sleep(pollMs);
  }
}

/** @param {string} folder */
function removeFolder(folder) {
  if (mountedBelow(folder).length === 0) rmSync(folder, { recursive: true, force: true });
}
