/**
 * The test runner behind `npm test`: every build/test/*.test.mjs in a process of its own, in two lanes (runner/lanes.mjs).
 * Plain JavaScript, so that it runs before and without any build step. See --help.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readArguments, usage } from './runner/arguments.mjs';
import { isFast } from './runner/fast.mjs';
import { runFile, stopRunning } from './runner/file.mjs';
import { splitLanes } from './runner/lanes.mjs';
import { addUp, closingLine, noCounts } from './runner/totals.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'build', 'test');
const suffix = '.test.mjs';

const options = readArguments(process.argv.slice(2));
if (options.problem) {
  process.stderr.write(`test: ${options.problem}\n`);
  process.exitCode = 2;
} else if (options.help) {
  process.stdout.write(usage);
} else {
  process.exitCode = await runAll(chooseFiles());
}

/** @returns {string[]} paths, in the order of their names */
function chooseFiles() {
  const all = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(suffix)) : [];
  return all
    .filter((name) => !options.fast || isFast(name))
    .filter((name) => options.filters.length === 0 || options.filters.some((part) => name.includes(part)))
    .sort()
    .map((name) => join(folder, name));
}

/**
 * @param {string[]} files
 * @returns {Promise<number>} exit code: 0 when tests ran and none failed
 */
async function runAll(files) {
  stopOnSignal();
  const { alone, beside } = splitLanes(files);
  const areBoth = alone.length > 0 && beside.length > 0;
  const lanes = await Promise.all([runLane(alone, true, areBoth), runLane(beside, false, areBoth)]);
  const counts = lanes.map((lane) => lane.counts).reduce(addUp);
  const problems = lanes.flatMap((lane) => lane.problems);
  for (const problem of problems) process.stdout.write(`FAILED ${problem}\n`);
  if (counts.passed + counts.failed === 0) process.stdout.write(`${noTests(files)}\n`);
  process.stdout.write(`${closingLine(counts, options.fast)}\n`);
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}

/**
 * Runs files one after the other.
 *
 * @param {string[]} files
 * @param {boolean} mayMount
 * @param {boolean} isShownWhole  what a file prints is shown when it has ended: another lane prints meanwhile
 * @returns {Promise<import('./runner/file.mjs').Result>} of all of them
 */
async function runLane(files, mayMount, isShownWhole) {
  let counts = noCounts;
  const problems = [];
  for (const file of files) {
    const title = `\n${basename(file, suffix)}\n`;
    let held = title;
    if (!isShownWhole) process.stdout.write(title);
    const show = (/** @type {string} */ text) => {
      if (isShownWhole) held += text;
      else process.stdout.write(text);
    };
    const result = await runFile(file, { root, limitMs: options.limitMs, mayMount, show });
    if (isShownWhole) process.stdout.write(held);
    counts = addUp(counts, result.counts);
    problems.push(...result.problems.map((problem) => `${basename(file, suffix)}: ${problem}`));
  }
  return { counts, problems };
}

/** @param {string[]} files */
function noTests(files) {
  if (files.length > 0) return 'No test ran: all were skipped; the reasons stand above.';
  const wanted = options.filters.length > 0 ? ` whose name has ${options.filters.join(' or ')}` : '';
  return `No test ran: there is no file${wanted} in ${folder}. Build them: node setup/setup.mjs --only tests`;
}

function stopOnSignal() {
  for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      stopRunning();
      process.stdout.write(`\nStopped by ${signal}.\n`);
      process.exit(1);
    });
  }
}
