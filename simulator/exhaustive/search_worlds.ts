import { startPolicy } from '../../host/policy/policy.ts';
import type { Policies } from '../world.ts';
import { retrace, type Trace } from './retrace.ts';
import { type Limits, type Outcome, type Progress, search } from './search.ts';
import type { Size, SmallWorld } from './small_worlds.ts';

export interface Report extends Omit<Outcome, 'found'> {
  readonly world: SmallWorld;
  readonly size: Size;
  /** The fewest moves that break a rule. */
  readonly broken: Trace | undefined;
}

/** Searches one world. Throws PolicyError when the module is no policy. */
export function searchWorld(
  module: Uint8Array,
  name: string,
  world: SmallWorld,
  size: Size,
  limits: Limits,
  tell: (progress: Progress) => void = () => {},
): Report {
  const renew = (): Policies => {
    const deciding = startPolicy(module, name);
    const empty = deciding.snapshot();
    if (!empty) throw new Error(`policy ${name}: gives no snapshot of its first state`);
    return { deciding, comparing: startPolicy(module, name), empty };
  };
  const { found, ...outcome } = search(world, size, renew(), limits, tell);
  return { ...outcome, world, size, broken: found && retrace(world, size, renew, found) };
}
