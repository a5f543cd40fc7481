/**
 * `npm run mutants:operators -- [WORD…] [--every N] [--listed] [--json]`: small faults put into every place of the policy's decisions: a condition turned
 * round, one side of && or || dropped, a boundary moved, a number one more or less, a statement left out. The tests of the policy, then the
 * simulator look for each. What neither finds must be listed in equivalent.ts with the reason. Exit code 1 when something is not, when an entry
 * of the list does not hold any more, or when too few are found. What is listed is asked by quick tests and random events only; with --listed,
 * which leaves the others out, by everything.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EQUIVALENT } from './equivalent.ts';
import { eventsLine, killedShare, rowsOf, tableOf, total } from './operators/report.ts';
import { runOperators } from './operators/run.ts';
import { problemsOf } from './operators/settle.ts';

/** Of all faults, equivalent ones included. */
const LEAST = 0.9;
/** Random ones, that show whether a fault that nobody found makes a difference at all. */
const SCENARIOS = 60;
/** Where nobody sits at a terminal, a line after so many. */
const PROGRESS = 500;

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    every: { type: 'string', default: '1' },
    runs: { type: 'string', default: '10' },
    listed: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const every = Number(values.every);
const runs = Number(values.runs);
if (!(every >= 1) || !(runs >= 1)) throw new Error('--every and --runs want whole numbers from 1 on');

const begun = performance.now();
const isWhole = words.length === 0 && every === 1 && !values.listed;
let open = 0;
const { settled, problems } = await runOperators({
  root: resolve('.'),
  folder: 'operators',
  list: EQUIVALENT,
  isChosen: ({ id, file }, isListed) =>
    (isListed || !values.listed) &&
    id % every === 0 &&
    (words.length === 0 || words.some((word) => file.includes(word))),
  runs,
  scenarios: SCENARIOS,
  thorough: values.listed,
  told: (judged, done, of) => {
    const [problem] = problemsOf([judged], []);
    if (problem) open += 1;
    const line = `${done} of ${of}, ${open} to settle`;
    if (problem) process.stderr.write(`${process.stderr.isTTY ? '\n' : ''}${problem}\n`);
    if (process.stderr.isTTY) process.stderr.write(`\r${line} `);
    else if (done % PROGRESS === 0) process.stderr.write(`${line}\n`);
  },
});
if (process.stderr.isTTY) process.stderr.write('\n');

const all = total(settled);
if (isWhole && killedShare(all) < LEAST) problems.push(`fewer than ${LEAST * 100} % of all faults are found`);
if (settled.length === 0) problems.push(`no file has ${words.join(' or ')} in its name`);
const seconds = (performance.now() - begun) / 1000;
process.stdout.write(
  values.json
    ? `${JSON.stringify(asJson())}\n`
    : `${problems.map((text) => `${text}\n`).join('')}${inWords()}\n`,
);
process.exitCode = problems.length > 0 ? 1 : 0;

function inWords(): string {
  const verdict =
    problems.length > 0 ? `${problems.length} problems, above` : 'all found, or listed with a reason';
  return `${tableOf(rowsOf(settled))}\n${eventsLine(settled)}\n${seconds.toFixed(0)} s; ${verdict}`;
}

function asJson() {
  const faults = settled.map(({ mutant, verdict, listed }) => {
    const { id: _, ...place } = mutant;
    const { killedBy = null, detail, events, difference } = verdict;
    return { ...place, killedBy, detail, events, difference, equivalent: listed?.why };
  });
  return { seconds, share: killedShare(all), files: rowsOf(settled), problems, faults };
}
