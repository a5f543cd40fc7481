import type { Settled } from './settle.ts';

/** Counts for one file, or for all. */
export interface Row {
  file: string;
  mutants: number;
  byTests: number;
  bySimulator: number;
  equivalent: number;
  survived: number;
}

/** One row a file, and one for all. */
export function rowsOf(settled: readonly Settled[]): Row[] {
  const files = [...new Set(settled.map(({ mutant }) => mutant.file))].sort();
  return [
    ...files.map((file) =>
      count(
        file,
        settled.filter(({ mutant }) => mutant.file === file),
      ),
    ),
    total(settled),
  ];
}

export function total(settled: readonly Settled[]): Row {
  return count('all', settled);
}

/** From 0 to 1, of all faults, those listed as equivalent included. */
export function killedShare({ mutants, byTests, bySimulator }: Row): number {
  return mutants === 0 ? 0 : (byTests + bySimulator) / mutants;
}

export function tableOf(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ file }) => file.length));
  const head = `${'file'.padEnd(width)}  faults  by tests  by simulator  equivalent  survived  killed`;
  const lines = rows.map((row) =>
    [
      row.file.padEnd(width),
      String(row.mutants).padStart(8),
      String(row.byTests).padStart(10),
      String(row.bySimulator).padStart(14),
      String(row.equivalent).padStart(12),
      String(row.survived).padStart(10),
      `${(killedShare(row) * 100).toFixed(1)} %`.padStart(9),
    ].join(''),
  );
  return [head, ...lines].join('\n');
}

/** How many events the killed ones took, in words. */
export function eventsLine(settled: readonly Settled[]): string {
  const events = settled
    .flatMap(({ verdict }) => (verdict.killedBy ? [verdict.events] : []))
    .sort((a, b) => a - b);
  const at = (share: number) => events[Math.floor((events.length - 1) * share)] ?? 0;
  return `events until found: median ${at(0.5)}, nine of ten within ${at(0.9)}, most ${at(1)}`;
}

function count(file: string, settled: readonly Settled[]): Row {
  const many = (is: (one: Settled) => boolean) => settled.filter(is).length;
  return {
    file,
    mutants: settled.length,
    byTests: many(({ verdict }) => verdict.killedBy === 'test'),
    bySimulator: many(({ verdict }) => verdict.killedBy === 'simulator'),
    equivalent: many(({ verdict, listed }) => !verdict.killedBy && listed !== undefined),
    survived: many(({ verdict, listed }) => !verdict.killedBy && listed === undefined),
  };
}
