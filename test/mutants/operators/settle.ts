import type { Verdict } from '../judge/protocol.ts';
import type { Mutant } from './schemata.ts';

/** A fault that changes nothing that anybody could see, or only what is not promised. Found again by its texts, whatever moves. */
export interface Equivalent {
  /** Below assembly/. */
  file: string;
  within: string;
  from: string;
  to: string;
  /** Of several with the same texts; 1 when left out. */
  nth?: number;
  why: string;
}

/** A judged fault, and the entry of the list that it fits. */
export interface Settled {
  mutant: Mutant;
  verdict: Verdict;
  listed: Equivalent | undefined;
}

/** The entry for each fault, by its id; and the entries that fit none. */
export function matchListed(mutants: readonly Mutant[], list: readonly Equivalent[]) {
  const byKey = new Map(mutants.map((mutant) => [keyOf(mutant, mutant.nth), mutant.id]));
  const listed = new Map<number, Equivalent>();
  const unmatched: Equivalent[] = [];
  for (const entry of list) {
    const id = byKey.get(keyOf({ ...entry, file: `assembly/${entry.file}` }, entry.nth ?? 1));
    if (id === undefined || listed.has(id)) unmatched.push(entry);
    else listed.set(id, entry);
  }
  return { listed, unmatched };
}

/** What is wrong with a run: faults that nobody found and nobody explained, and explanations that do not hold. */
export function problemsOf(settled: readonly Settled[], unmatched: readonly Equivalent[]): string[] {
  return [
    ...unmatched.map(
      (entry) => `listed as equivalent, but there is no such fault (or it is listed twice): ${textOf(entry)}`,
    ),
    ...settled.flatMap(({ mutant, verdict, listed }) => {
      const text = textOf(mutant);
      if (listed && verdict.killedBy)
        return [`listed as equivalent, but ${verdict.killedBy} finds it (${verdict.detail}): ${text}`];
      if (listed && verdict.difference)
        return [`listed as equivalent, but random events show ${verdict.difference.what}: ${text}`];
      if (verdict.killedBy || listed) return [];
      const shown = verdict.difference ? `; random events show ${verdict.difference.what}` : '';
      return [`SURVIVED ${mutant.operator}: ${text}${shown}`];
    }),
  ];
}

/** Place and texts of a fault, to be read. */
export function textOf({ file, within, from, to, ...more }: Equivalent | Mutant): string {
  const line = 'line' in more ? `:${more.line}` : '';
  const nth = (more.nth ?? 1) > 1 ? ` (number ${more.nth})` : '';
  return `${file}${line} ${within}${nth}\n      ${from}\n      ${to || '(nothing)'}`;
}

function keyOf({ file, within, from, to }: Pick<Mutant, 'file' | 'within' | 'from' | 'to'>, nth: number) {
  return [file, within, from, to, nth].join('\n');
}
