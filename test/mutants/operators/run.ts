import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeBundles } from './bundle.ts';
import type { Mutant } from './schemata.ts';
import { type Equivalent, matchListed, problemsOf, type Settled } from './settle.ts';
import { FOLDERS } from './sources.ts';
import { judgeAll } from './watch.ts';

export interface RunOptions {
  /** The checkout. */
  root: string;
  /** Below build/, for the bundles; taken away at the end. */
  folder: string;
  list: readonly Equivalent[];
  /** Which faults are tried; all when left out. */
  isChosen?(mutant: Mutant, isListed: boolean): boolean;
  /** Scenarios of the simulator, and random ones, for what the tests do not find. */
  runs: number;
  scenarios: number;
  /** The listed ones are asked by all tests and the simulator too, not by quick tests and random events alone. */
  thorough?: boolean;
  /** Names of files whose tests are not asked. */
  leftOut?: RegExp;
  /** Hears of each fault that is judged. */
  told?(judged: Settled, done: number, of: number): void;
}

export interface RunResult {
  settled: Settled[];
  /** Sentences; empty when every fault was found or is listed, and every entry of the list holds. */
  problems: string[];
}

/** Tries operator faults of the policy's decisions, each against the tests that reach it, then the simulator. */
export async function runOperators(options: RunOptions): Promise<RunResult> {
  const { root, list, runs, scenarios, isChosen = () => true, thorough = false, leftOut, told } = options;
  const folder = join(root, 'build', options.folder);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { mutants, policy, reaching, judge } = await makeBundles(root, folder, FOLDERS, leftOut);
  const { listed, unmatched } = matchListed(mutants, list);
  const chosen = mutants.filter((mutant) => isChosen(mutant, listed.has(mutant.id)));
  const settled: Settled[] = [];
  const ids = chosen.map(({ id }) => id);
  const brief = thorough ? [] : ids.filter((id) => listed.has(id));
  await judgeAll(judge, { folder, policy, reaching, runs, scenarios, brief }, ids, (verdict) => {
    const mutant = mutants[verdict.id - 1] as Mutant;
    const judged = { mutant, verdict, listed: listed.get(verdict.id) };
    settled.push(judged);
    told?.(judged, settled.length, ids.length);
  });
  rmSync(folder, { recursive: true, force: true });
  return { settled, problems: problemsOf(settled, unmatched) };
}
