import { setTimeout as pause } from 'node:timers/promises';
import type { Isolator } from '../isolator.ts';

/** What can be asked of a policy for people's sake; the numbers are those of assembly/state/status.ts. */
const OVERVIEW = 0;
const COUNTS = 3;
export const LISTS = { volumes: 1, containers: 2 } as const;

/** So many entries are asked for at once, half a millisecond of work; after it others have their turn for longer than that. */
const ENTRIES = 50;
const COUNTED = 500;
const PAUSE_MS = 1;

export type Named = Record<string, unknown>;

/** The policy's state in the large; undefined when it is older than the question. */
export function readOverview(isolator: Isolator): Named | undefined {
  return isolator.read((policy) => policy.status(OVERVIEW, 0, 0)) as Named | undefined;
}

/** All volumes, or all containers, in pieces; between two of them the host does what else it has to do. */
export async function* readList(
  isolator: Isolator,
  which: keyof typeof LISTS,
): AsyncGenerator<Named[], void, undefined> {
  for (let after = 0; ; ) {
    const piece = isolator.read((policy) => policy.status(LISTS[which], after, ENTRIES)) as
      | Named[]
      | undefined;
    if (!piece) return;
    yield piece;
    if (piece.length < ENTRIES) return;
    after = piece.at(-1)?.seq as number;
    await pause(PAUSE_MS);
  }
}

/** How many volumes of each driver are in each state, by the policy's words. */
export async function readCounts(isolator: Isolator): Promise<Map<string, Map<string, number>>> {
  const drivers = new Map<string, Map<string, number>>();
  let after = 0;
  do {
    const part = isolator.read((policy) => policy.status(COUNTS, after, COUNTED));
    if (!part) break;
    const { next, drivers: some } = part as { next: number; drivers: Named[] };
    for (const counts of some) add(drivers, counts);
    after = next;
    if (after > 0) await pause(PAUSE_MS);
  } while (after > 0);
  return drivers;
}

function add(drivers: Map<string, Map<string, number>>, { driver, ...counts }: Named): void {
  const sums = drivers.get(String(driver)) ?? new Map<string, number>();
  drivers.set(String(driver), sums);
  for (const [word, count] of Object.entries(counts)) sums.set(word, (sums.get(word) ?? 0) + Number(count));
}
