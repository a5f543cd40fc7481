import { parseArgs } from 'node:util';

/**
 * @typedef {object} Options
 * @property {string[]} only    steps to run; empty: all
 * @property {boolean} force    run them even when nothing changed
 * @property {boolean} quiet    say nothing about steps that have nothing to do
 * @property {boolean} help
 * @property {string} [problem] what is wrong with the arguments
 */

/**
 * Reads the command line.
 *
 * @param {string[]} args
 * @param {string[]} stepNames
 * @returns {Options}
 */
export function readArguments(args, stepNames) {
  const none = { only: [], force: false, quiet: false, help: false };
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        only: { type: 'string', multiple: true },
        force: { type: 'boolean', default: false },
        quiet: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    return {
      ...none,
      problem: `${error instanceof Error ? error.message : error}; see setup/setup.mjs --help`,
    };
  }
  const only = (values.only ?? []).flatMap((list) => list.split(',')).filter((name) => name !== '');
  const unknown = only.find((name) => !stepNames.includes(name));
  const problem = unknown === undefined ? {} : { problem: unknownStep(unknown, stepNames) };
  return {
    only,
    force: values.force === true,
    quiet: values.quiet === true,
    help: values.help === true,
    ...problem,
  };
}

/**
 * @param {string} name
 * @param {string[]} stepNames
 */
function unknownStep(name, stepNames) {
  return `--only ${name}: there is no such step; the steps are ${stepNames.join(', ')}`;
}

/**
 * The text of --help.
 *
 * @param {{ name: string, does: string }[]} steps
 */
export function usage(steps) {
  return `node setup/setup.mjs                     everything that is not up to date
node setup/setup.mjs --only policy       one step
node setup/setup.mjs --only policy,tests --force

Options
  --only STEP[,STEP…]  run these steps and no others
  --force              run them even when nothing changed
  --quiet              say nothing about steps that have nothing to do
  --help               this text

Steps
${steps.map(({ name, does }) => `  ${name.padEnd(9)} ${does}`).join('\n')}

Words go to stderr, what the commands print to build/setup.log. CC and CXX choose the compilers.
Exit codes: 0 done, 1 a step failed, 2 wrong usage.
`;
}
