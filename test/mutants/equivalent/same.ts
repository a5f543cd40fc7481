import type { Equivalent } from '../operators/settle.ts';

type Fault = readonly [within: string, from: string, to: string, nth?: number];

/** Entries of one file that have the same reason. */
export function same(file: string, why: string, faults: readonly Fault[]): Equivalent[] {
  return faults.map(([within, from, to, nth = 1]) => ({ file, within, from, to, nth, why }));
}

/** The reason of what only a policy with a rule of its own needs. */
export const OF_VARIANTS =
  'the shipped policy remembers nothing and leaves wishes as they are; what others make of it asks host-tenants of examples/policies';
