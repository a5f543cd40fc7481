import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { startPolicy } from '../host/policy/policy.ts';
import { PolicyError } from '../host/policy/policy_error.ts';
import { type Broken, type CampaignResult, runCampaign } from '../simulator/campaign.ts';
import { EVENTS, FACTS, tableOf } from '../simulator/coverage.ts';
import { SMALL_WORLDS } from '../simulator/exhaustive/small_worlds.ts';
import { missingCells } from '../simulator/reachable.ts';
import { encodeTrace } from '../simulator/trace.ts';
import { RULES, type Rule } from '../simulator/violation.ts';
import { buildFile } from './build_files.ts';
import { type ExhaustiveOptions, simulateExhaustive } from './simulate_exhaustive.ts';
import { CheckError } from './usage_error.ts';

const EXAMPLES = `Examples:
  moorage simulate
  moorage simulate --seed 4711 --runs 1
  moorage simulate --runs 100000 --policy other.wasm --json
  moorage simulate --exhaustive
  moorage simulate --exhaustive --world calls --volumes 2 --faults 2 --depth 14
`;

const HELP = `
Each seed is one world: drivers with their oddities, an agent, containers, faults. After the faults everything must come clean.
A broken rule is shrunk to a short trace, for \`moorage decide\` and, as a journal, for \`moorage replay\`.

With --exhaustive nothing is left to chance: all orders of all events of a few small worlds, and every fault at every place, breadth
first, until no new state is found or a limit is met. A broken rule is shown with the fewest moves that break it.
Worlds: ${SMALL_WORLDS.map(({ name }) => name).join(', ')}.

Exit codes: 0 no rule was broken, 1 one was, 2 usage or no policy.`;

/** Runs that have to hit every cell of the table that can be reached. */
const LONG = 20_000;
/** Missing cells that are named. */
const NAMED = 40;

interface Options extends ExhaustiveOptions {
  seed: number;
  steps: number;
  runs: number;
  complete?: boolean;
  exhaustive?: boolean;
}

/** `moorage simulate`: the policy against simulated kernels, drivers and faults. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .summary('the policy against simulated kernels, drivers, clocks and faults')
    .description(
      'Runs the policy in simulated worlds with faults and checks after every event what must always be true.',
    )
    .option('--seed <number>', 'the first seed', readNumber(0), 1)
    .option('--steps <number>', 'actions of each world, before it has to come clean', readNumber(1), 340)
    .option('--runs <number>', 'how many seeds', readNumber(1), 1000)
    .option('--policy <file>', 'the policy that decides', buildFile('policy.wasm'))
    .option(
      '--trace <file>',
      'where events that break a rule are written; beside it, as .journal, what `moorage replay` takes (default: build/simulate-<seed>.jsonl)',
    )
    .option(
      '--complete',
      `a reachable cell of the table that was not hit fails the run, as it does from ${LONG} runs on`,
    )
    .option('--json', 'one JSON object on stdout')
    .option('--exhaustive', 'all that may happen in small worlds, instead of seeds')
    .option('--world <name...>', 'exhaustive: only these worlds (default: all, one after the other)')
    .option('--containers <number>', 'exhaustive: how many at a time', readNumber(1), 2)
    .option('--volumes <number>', 'exhaustive: how many there are', readNumber(1), 1)
    .option('--faults <number>', 'exhaustive: how many things may go wrong', readNumber(0), 1)
    .option('--depth <number>', 'exhaustive: moves from the start', readNumber(1), 1000)
    .option(
      '--states <number>',
      'exhaustive: states of each world (about 1.5 KB each)',
      readNumber(1),
      200_000,
    )
    .option('--seconds <number>', 'exhaustive: processor time for each world', readNumber(1), 3600)
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', HELP)
    .action(simulate);
}

function readNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Use a whole number from ${least} on.`);
  };
}

function simulate(options: Options): void {
  const { policy, json } = options;
  if (options.exhaustive) {
    simulateExhaustive(readModule(policy), options);
    return;
  }
  const begun = performance.now();
  const result = runCampaign({ ...options, module: readModule(policy), name: policy });
  const seconds = (performance.now() - begun) / 1000;
  const { broken } = result;
  const isLong = options.complete || result.runs >= LONG;
  const traces = broken && writeTrace(broken, options);
  if (json) process.stdout.write(`${JSON.stringify(asData(result, seconds, traces))}\n`);
  else {
    process.stdout.write(table(result));
    process.stdout.write(completeness(result, isLong));
    process.stdout.write(
      `${result.runs} runs, ${result.events} events (${Math.round(result.events / result.runs)} a run), ${(result.runs / seconds).toFixed(0)} runs/s, ${(result.events / seconds).toFixed(0)} events/s\n`,
    );
    if (broken) process.stdout.write(describe(broken, traces as Traces, options));
  }
  if (broken) throw new CheckError(`seed ${broken.seed} broke a rule: ${broken.failure.invariant}`);
  const { missing, wrong } = missingCells(result.coverage);
  const [odd] = wrong;
  if (odd)
    throw new CheckError(
      `simulator/reachable.ts calls ${odd.facts} × ${odd.event} impossible, and it was hit`,
    );
  if (isLong && missing.length > 0)
    throw new CheckError(
      `${missing.length} cells that can be reached were not; run more seeds, or see simulator/reachable.ts`,
    );
}

/** How much of the table was hit, and what was not. */
function completeness({ coverage }: CampaignResult, isLong: boolean): string {
  const { missing, reachable } = missingCells(coverage);
  const head = `${reachable - missing.length} of ${reachable} reachable cells (facts, event, fault before it) hit\n`;
  if (!isLong) return head;
  const names = missing.slice(0, NAMED).map(({ facts, event, fault }) => `${facts} × ${event} × ${fault}`);
  const more = missing.length > NAMED ? [`… and ${missing.length - NAMED} more`] : [];
  return head + [...names, ...more].map((line) => `  not hit: ${line}\n`).join('');
}

function readModule(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new PolicyError(
      `policy ${file}: cannot be read (${(error as Error).message}); build it with: npm run build`,
    );
  }
}

/** The files of one trace: events as lines, and the same as a segment of a journal. */
interface Traces {
  readonly events: string;
  readonly journal: string;
}

function writeTrace({ seed, failure, shrunk }: Broken, { trace, policy }: Options): Traces {
  const file = trace ?? join(buildFile('.'), `simulate-${seed}.jsonl`);
  const journal = `${file.replace(/\.jsonl$/, '')}.journal`;
  const events = shrunk?.failure.trace ?? failure.trace;
  writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  writeFileSync(journal, encodeTrace(events, startPolicy(readModule(policy), policy)));
  return { events: relative(process.cwd(), file), journal: relative(process.cwd(), journal) };
}

function describe({ seed, failure, shrunk }: Broken, traces: Traces, { steps, policy }: Options): string {
  const least = shrunk?.failure ?? failure;
  const other = policy === buildFile('policy.wasm') ? '' : ` --policy ${policy}`;
  return [
    `seed ${seed}, event ${failure.step}: ${failure.invariant} (${RULES[failure.invariant as Rule]})`,
    `  ${failure.message}`,
    `again    moorage simulate --seed ${seed} --steps ${steps} --runs 1${other}`,
    `shrunk   to ${least.trace.length} events: ${least.message}`,
    `         ${shrunk?.actions.map(({ name }) => name).join(' ') ?? ''}`,
    `trace    moorage decide${other} < ${traces.events}`,
    `journal  moorage replay${other} ${traces.journal}`,
    '',
  ].join('\n');
}

/** Hits per facts × event, with the number of different faults before it. */
function table({ coverage }: CampaignResult): string {
  const cells = tableOf(coverage);
  const width = Math.max(...FACTS.map(({ length }) => length));
  const head = `${'facts'.padEnd(width)} ${EVENTS.map((event) => event.padStart(9)).join(' ')}\n`;
  const rows = FACTS.map((facts) => {
    const row = cells.filter((cell) => cell.facts === facts);
    const hits = row.map((cell) =>
      (cell.hits === 0 ? '.' : `${short(cell.hits)}/${cell.faults}`).padStart(9),
    );
    return `${facts.padEnd(width)} ${hits.join(' ')}\n`;
  });
  return `${head}${rows.join('')}hits/faults: how often, and after how many different faults\n`;
}

function short(count: number): string {
  if (count < 10_000) return String(count);
  return count < 10_000_000 ? `${Math.floor(count / 1000)}k` : `${Math.floor(count / 1_000_000)}M`;
}

function asData(
  { runs, events, coverage, broken }: CampaignResult,
  seconds: number,
  traces: Traces | undefined,
) {
  return {
    runs,
    events,
    seconds,
    averageEvents: Math.round(events / runs),
    coverage: tableOf(coverage),
    missing: missingCells(coverage).missing,
    ...(broken && {
      broken: {
        seed: broken.seed,
        step: broken.failure.step,
        invariant: broken.failure.invariant,
        message: broken.failure.message,
        events: broken.shrunk?.failure.trace.length ?? broken.failure.trace.length,
        trace: traces?.events,
        journal: traces?.journal,
      },
    }),
  };
}
