import { Packr } from 'msgpackr/index-no-eval';
import { createCoverage } from '../coverage.ts';
import { createKernel, type SavedKernel } from '../kernel.ts';
import type { Policies, World } from '../world.ts';

/** Of a world: what never changes in it, what belongs to the one who runs it, and what only counts. */
type Borrowed =
  | 'setup'
  | 'kernel'
  | 'coverage'
  | 'policy'
  | 'other'
  | 'empty'
  | 'base'
  | 'journal'
  | 'kept'
  | 'config'
  | 'random'
  | 'lastDone';

/** What changes in a world, as plain data; file systems that are one and the same stay so. */
export interface Frozen extends Omit<World, Borrowed | 'begun'> {
  readonly kernel: SavedKernel;
}

/** A world between two events as bytes, and the state of its policy. */
export interface Point {
  readonly world: Uint8Array;
  readonly policy: Uint8Array;
}

/** Keeps identities: two names of one file system are one object again when they are read. */
const packr = new Packr({ structuredClone: true, structures: [], maxSharedStructures: 8000 } as never);

export function freeze(world: World): Uint8Array {
  const {
    setup,
    kernel,
    coverage,
    policy,
    other,
    empty,
    base,
    journal,
    kept,
    config,
    random,
    begun,
    lastDone,
    ...changing
  } = world;
  return Uint8Array.prototype.slice.call(packr.pack({ ...changing, kernel: kernel.save() }));
}

const uncounted = createCoverage();

/**
 * The world as it was. Its journal begins here: a host that starts in it goes on from `policy`, as from a snapshot. How often
 * effects began before is forgotten.
 */
export function thaw(point: Point, from: Pick<World, 'setup' | 'random'> & Policies): World {
  const { kernel, ...changing } = packr.unpack(point.world) as Frozen;
  return {
    ...changing,
    setup: from.setup,
    kernel: createKernel(kernel),
    coverage: uncounted,
    policy: from.deciding,
    other: from.comparing,
    empty: from.empty,
    base: point.policy,
    journal: [],
    kept: { state: point.policy, events: 0 },
    config: from.setup.config,
    random: from.random,
    begun: new Map(),
    lastDone: undefined,
  };
}
