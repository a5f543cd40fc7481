import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildFile } from '../build_files.ts';
import { replayTrace } from '../replay/replay_trace.ts';
import type { Rule } from '../replay/result.ts';

/** What the golden traces of a checkout say. */
export interface Golden {
  /** How many there are; 0 where there is no checkout. */
  traces: number;
  /** Those in which the two policies decide differently from one another. */
  differing: { trace: string; rules: Rule[] }[];
}

const FOLDER = '../test/traces';

/** Steps every golden trace under both policies, each held against the one that made it; what both do differently from that is passed over. */
export function compareGolden(other: string, deciding: string): Golden {
  const traces = goldenTraces(buildFile(FOLDER));
  const differing = traces
    .map((trace) => ({ trace, rules: onlyHere(rulesOf(trace, other), rulesOf(trace, deciding)) }))
    .filter(({ rules }) => rules.length > 0);
  return { traces: traces.length, differing };
}

function goldenTraces(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const versions = readdirSync(folder).filter((name) => /^\d/.test(name));
  const places = versions
    .map((version) => join(folder, version))
    .filter((place) => statSync(place).isDirectory());
  return places.flatMap((place) =>
    readdirSync(place)
      .filter((name) => name.endsWith('.journal'))
      .sort()
      .map((name) => join(place, name)),
  );
}

function rulesOf(trace: string, policy: string): Rule[] {
  return replayTrace(trace, policy).whatIf?.rules ?? [];
}

function onlyHere(rules: readonly Rule[], elsewhere: readonly Rule[]): Rule[] {
  return rules.filter(
    ({ rule, count }) => !elsewhere.some((known) => known.rule === rule && known.count === count),
  );
}
