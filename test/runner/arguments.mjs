import { parseArgs } from 'node:util';

export const usage = `npm test                      all tests
npm test -- policy mounts     files whose name has one of these words
npm test -- --limit 60        seconds that one file may take (600)
node test/run.mjs --fast      only files that need neither root nor the native parts

Files that mount or kill run one after the other; beside them, one after the other, those that only compute.
One line at the end: N passed, N failed, N skipped. Exit codes: 0 tests ran and none failed, 1 otherwise, 2 wrong usage.
A file that crashes, takes too long or prints no totals is a failure, and so is what it leaves behind: mounts, loop
devices, processes. Without root, tests that need no more than mounts of their own run in a user namespace, where users may make
one; what needs the machine's root is skipped, with the reason.
`;

const defaultLimitSeconds = 600;

/**
 * @typedef {object} Options
 * @property {string[]} filters
 * @property {boolean} fast
 * @property {boolean} help
 * @property {number} limitMs
 * @property {string} [problem] what is wrong with the arguments
 */

/**
 * Reads the command line of the test runner.
 *
 * @param {string[]} args
 * @returns {Options}
 */
export function readArguments(args) {
  const none = { filters: [], fast: false, help: false, limitMs: defaultLimitSeconds * 1000 };
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        fast: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        limit: { type: 'string', default: String(defaultLimitSeconds) },
      },
    });
    const seconds = Number(values.limit);
    if (!(seconds > 0)) return { ...none, problem: `--limit ${values.limit}: not a number of seconds` };
    return {
      filters: positionals,
      fast: values.fast === true,
      help: values.help === true,
      limitMs: seconds * 1000,
    };
  } catch (error) {
    return { ...none, problem: `${error instanceof Error ? error.message : error}; see --help` };
  }
}
