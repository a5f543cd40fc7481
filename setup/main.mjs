import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readArguments, usage } from './arguments.mjs';
import { interruptible } from './command.mjs';
import { SetupError } from './failure.mjs';
import { takeLock } from './lock.mjs';
import { judgePlatform, readMachine } from './platform.mjs';
import { createReport } from './report.mjs';
import { bundles } from './steps/bundles.mjs';
import { debian } from './steps/debian.mjs';
import { libnode } from './steps/libnode.mjs';
import { native } from './steps/native.mjs';
import { npm } from './steps/npm.mjs';
import { policy } from './steps/policy.mjs';
import { tests } from './steps/tests.mjs';

/**
 * What a step gets to know.
 *
 * @typedef {object} Context
 * @property {string} root      absolute path of the checkout
 * @property {string} build     absolute path of build/
 * @property {string} log       absolute path of the log that commands write to
 * @property {import('./platform.mjs').Level} level  how much of moorage this machine can build
 * @property {(text: string) => void} note           a line for people, beside the step's own
 */

/**
 * One step. `fresh` must be cheap: it is asked on every `npm start`.
 *
 * @typedef {object} Step
 * @property {string} name
 * @property {string} does      what it does, as the line that people read while it runs
 * @property {import('./platform.mjs').Level[]} levels   machines on which it makes sense
 * @property {(context: Context) => boolean} fresh       true when there is nothing to do
 * @property {(context: Context) => Promise<void>} run   throws a SetupError with a sentence when it cannot
 */

/** In the order in which they are run: what needs no rights and no compiler comes first. */
const steps = [npm, policy, bundles, debian, libnode, native, tests];

/**
 * Runs the steps and sets the exit code: 0 all done, 1 a step failed, 2 wrong usage.
 *
 * @param {string[]} args
 */
export async function main(args) {
  const options = readArguments(
    args,
    steps.map((step) => step.name),
  );
  if (options.problem) {
    process.stderr.write(`setup: ${options.problem}\n`);
    process.exitCode = 2;
    return;
  }
  if (options.help) {
    process.stdout.write(usage(steps));
    return;
  }
  const report = createReport({ quiet: options.quiet });
  try {
    await runSteps(options, report);
  } catch (error) {
    process.exitCode = 1;
    report.failed(error instanceof SetupError ? error.message : unforeseen(error));
  }
}

/** @param {unknown} error */
function unforeseen(error) {
  return error instanceof Error ? `this should not happen: ${error.stack}` : String(error);
}

/**
 * @param {import('./arguments.mjs').Options} options
 * @param {import('./report.mjs').Report} report
 */
async function runSteps(options, report) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const build = join(root, 'build');
  const platform = judgePlatform(readMachine());
  /** @type {Context} */
  const context = { root, build, log: join(build, 'setup.log'), level: platform.level, note: report.note };
  const chosen = steps
    .filter((step) => options.only.length === 0 || options.only.includes(step.name))
    .filter((step) => step.levels.includes(platform.level));

  /** @type {(() => void) | undefined} */
  let release;
  const restore = interruptible();
  try {
    for (const step of chosen) {
      if (!options.force && step.fresh(context)) {
        report.upToDate(step.name);
        continue;
      }
      if (!release) {
        if (platform.sentence) report.note(platform.sentence);
        release = await takeLock(context);
        if (!options.force && step.fresh(context)) continue;
      }
      report.begin(step.name, step.does);
      await step.run(context);
      report.end();
    }
  } finally {
    release?.();
    restore();
  }
  report.finished();
}
