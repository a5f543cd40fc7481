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

/** Policies from a module: new ones each time. Throws PolicyError when it is no policy. */
export function policiesOf(module: Uint8Array, name: string): Policies {
  const deciding = startPolicy(module, name);
  const empty = deciding.snapshot();
  if (!empty) throw new Error(`policy ${name}: gives no snapshot of its first state`);
  return { deciding, comparing: startPolicy(module, name), empty };
}

/** Searches one world, with policies that `renew` makes anew each time. */
export function searchWorld(
  renew: () => Policies,
  world: SmallWorld,
  size: Size,
  limits: Limits,
  tell: (progress: Progress) => void = () => {},
): Report {
  const { found, ...outcome } = search(world, size, renew(), limits, tell);
  return { ...outcome, world, size, broken: found && retrace(world, size, renew, found) };
}
