import { type Coverage, EVENTS, FACTS, FAULTS } from './coverage.ts';

/** A kind of cell that a long run need not hit. What is not given is any. */
interface Excuse {
  readonly facts?: RegExp;
  readonly events?: readonly string[];
  readonly faults?: readonly string[];
  readonly why: string;
}

export interface Cell {
  readonly facts: string;
  readonly event: string;
  readonly fault: string;
}

export const EXCUSES: readonly Excuse[] = [];

function excuses(excuse: Excuse, { facts, event, fault }: Cell): boolean {
  if (excuse.facts && !excuse.facts.test(facts)) return false;
  if (excuse.events && !excuse.events.includes(event)) return false;
  return !excuse.faults || excuse.faults.includes(fault);
}

/** The first reason for which a cell need not be hit; undefined when it has to be. */
export function excuseOf(cell: Cell): string | undefined {
  return EXCUSES.find((excuse) => excuses(excuse, cell))?.why;
}

/** Cells that can be reached and were not, and how many can be. */
export function missingCells(coverage: Coverage): { missing: Cell[]; reachable: number } {
  const missing: Cell[] = [];
  let reachable = 0;
  let at = -1;
  for (const facts of FACTS)
    for (const event of EVENTS)
      for (const fault of FAULTS) {
        at += 1;
        const cell = { facts, event, fault };
        if (excuseOf(cell) !== undefined) continue;
        reachable += 1;
        if (coverage.cells[at] === 0) missing.push(cell);
      }
  return { missing, reachable };
}
