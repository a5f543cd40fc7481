import type { Golden } from './golden.ts';
import type { Migration } from './migration.ts';
import { size } from './names.ts';
import { lineOf } from './rule_words.ts';
import type { Simulation } from './simulation.ts';

/** Everything that a report on a swap says. */
export interface SwapReport {
  policy: { file: string; name: string; version: string; digest: string; by: string | null };
  deciding: { name: string; version: string; digest: string };
  journal: {
    directory: string;
    events: number;
    first: number;
    last: number;
    differing: number;
    rules: { rule: string; count: number; events: number; first: number; about: string }[];
    differences: unknown[];
  };
  golden: Golden;
  migration: Migration;
  /** Or why there was none. */
  simulation: Simulation | string;
  /** Why it is not to be swapped; absent when nothing is against it. */
  refused?: string;
}

/** The report for people. `again`: the command that does the simulation of a seed once more. */
export function reportText(report: SwapReport, again: (seed: number) => string): string {
  const { policy, deciding, journal } = report;
  return [
    `new       ${policy.name} ${policy.version}, ${policy.digest}`,
    `          ${policy.by === null ? 'who vouches for it is judged by the isolator; name --config or --key to see it here' : `by ${policy.by}`}`,
    `deciding  ${deciding.name} ${deciding.version}, ${deciding.digest}`,
    `journal   ${journal.events} events (#${journal.first} to #${journal.last}): ${differing(journal.differing)}`,
    ...journal.rules.map((rule) => `          ${lineOf(rule)}`),
    ...golden(report.golden),
    ...migration(report.migration),
    ...simulation(report.simulation, again),
    '',
  ].join('\n');
}

function differing(count: number): string {
  return count === 0 ? 'both decide the same' : `${count} decided differently`;
}

function golden({ traces, differing }: Golden): string[] {
  if (traces === 0) return ['golden    no golden traces here (they come with a checkout)'];
  const head = `golden    ${traces} traces: ${differing.length === 0 ? 'both decide the same' : `${differing.length} decided differently`}`;
  return [
    head,
    ...differing.flatMap(({ trace, rules }) => rules.map((rule) => `          ${trace}: ${lineOf(rule)}`)),
  ];
}

function migration({ from, to, problem, noWayBack }: Migration): string[] {
  if (problem !== undefined) return [`state     cannot be taken over: ${problem}`];
  if (from === 0) return ['state     a recovery is coming in: try again when it is over'];
  const back = noWayBack === undefined ? 'and back' : `but not back: ${noWayBack}`;
  return [`state     ${size(from)} taken over as ${size(to)}, ${back}`];
}

function simulation(found: Simulation | string, again: (seed: number) => string): string[] {
  if (typeof found === 'string') return [`simulated nothing: ${found}`];
  const { runs, events, seconds, containers, volumes, broken, alsoBefore } = found;
  const head = `simulated ${runs} worlds from the present one (${containers} containers, ${volumes} volumes), ${events} events in ${seconds.toFixed(1)} s`;
  const before =
    alsoBefore.length === 0
      ? []
      : [
          `          ${alsoBefore.length} of them broke a rule under the deciding policy too, and do not count (seeds ${alsoBefore.join(', ')})`,
        ];
  if (!broken) return [`${head}: no rule broken`, ...before];
  return [
    head,
    ...before,
    `          seed ${broken.seed} broke a rule: ${broken.rule} (${broken.means})`,
    `          ${broken.message}`,
    `          again: ${again(broken.seed)}`,
  ];
}
