import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { SetupError } from './failure.mjs';

/** Lines of a failed command's output that are shown. */
const shownLines = 40;

/** @type {import('node:child_process').ChildProcess | undefined} */
let running;
/** @type {NodeJS.Signals | undefined} */
let interruptedBy;

/**
 * Runs one command to its end with its output in the log. Its stdin is empty.
 *
 * @param {{ log: string }} context
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, failure: string, called?: string }} options  `failure`: what people lack when it fails, as the
 *   beginning of a sentence; `called`: the command that matters when others only lead to it
 * @returns {Promise<void>} rejects with a SetupError that ends in the last lines of the output
 */
export async function run(context, command, args, { cwd, failure, called = basename(command) }) {
  appendFileSync(context.log, `\n$ ${[command, ...args].join(' ')}\n`);
  const begin = statSync(context.log).size;
  const log = openSync(context.log, 'a');
  try {
    const end = await new Promise((resolve, reject) => {
      running = spawn(command, args, { cwd, stdio: ['ignore', log, log] });
      running.on('error', reject);
      running.on('close', (code, signal) => resolve(code ?? signal));
    });
    if (interruptedBy) throw new SetupError(`${failure}: interrupted by ${interruptedBy}`);
    if (end === 0) return;
    const why = typeof end === 'number' ? `ended with exit code ${end}` : `was ended by ${end}`;
    throw new SetupError(
      `${failure}: ${called} ${why}. Its last lines, the whole is in ${context.log}:\n${tail(context.log, begin)}`,
    );
  } catch (error) {
    if (error instanceof SetupError) throw error;
    const reason = isMissing(error) ? 'it is not installed or not on PATH' : String(error);
    throw new SetupError(`${failure}: ${command} cannot be started: ${reason}`);
  } finally {
    running = undefined;
    closeSync(log);
  }
}

/**
 * From here on SIGINT, SIGTERM and SIGHUP end the command that runs, and with it the set-up, instead of leaving it behind.
 * A second signal ends the set-up at once.
 *
 * @returns {() => void} undoes it
 */
export function interruptible() {
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  /** @param {NodeJS.Signals} signal */
  const onSignal = (signal) => {
    if (interruptedBy || !running) process.exit(1);
    interruptedBy = signal;
    running.kill(signal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

/**
 * @param {string} file
 * @param {number} begin
 */
function tail(file, begin) {
  const text = readFileSync(file).subarray(begin).toString('utf8').trimEnd();
  return text
    .split('\n')
    .slice(-shownLines)
    .map((line) => `  | ${line}`)
    .join('\n');
}

/**
 * The kernel says EACCES for a command that is nowhere when a folder on PATH is closed to this user.
 *
 * @param {unknown} error
 */
function isMissing(error) {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES');
}
