import type { Equivalent } from '../operators/settle.ts';

type Fault = readonly [within: string, from: string, to: string, nth?: number];

/** Entries of one file that have the same reason. */
export function same(file: string, why: string, faults: readonly Fault[]): Equivalent[] {
  return faults.map(([within, from, to, nth = 1]) => ({ file, within, from, to, nth, why }));
}
