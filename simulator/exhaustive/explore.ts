import type { Policy } from '../../host/policy/policy.ts';
import { checkClean } from '../checks.ts';
import { runLate } from '../late.ts';
import { tellDone } from '../outcomes.ts';
import { perform } from '../perform.ts';
import { settle } from '../scenario.ts';
import type { Setup } from '../setup.ts';
import { Violation } from '../violation.ts';
import type { Policies, Work, World } from '../world.ts';
import { type Choosing, createChoosing } from './choosing.ts';
import { createFingerprint, type Fingerprint } from './fingerprint.ts';
import { freeze, type Point, thaw } from './frozen.ts';
import { createLabels } from './labels.ts';
import { type Move, movesOf } from './moves.ts';
import type { Size, SmallWorld } from './small_worlds.ts';
import { addWorld } from './world_normal.ts';

/** What is wanted of two volumes takes fewer effects than these. */
const ENDED_AT_ONCE_MAX = 40;

/** One way that leads from a state: a move, and what it drew. */
export interface Way {
  readonly move: Move;
  readonly drawn: readonly number[];
}

/** What came of one way: a state, or a rule that was broken. */
export interface Arrival {
  readonly faultsLeft: number;
  readonly way: () => Way;
  readonly violation: Violation | undefined;
  /** The state; its fingerprint is {@link Explorer.fingerprint} until the next one is taken. */
  freeze(): Point;
}

export interface Explorer {
  readonly fingerprint: Fingerprint;
  /** All ways that lead from a state, one after the other, until `visit` says that it is enough. */
  explore(point: Point, faultsLeft: number, visit: (arrival: Arrival) => boolean): void;
  /** Goes on without faults until all is at rest, and holds it against the rules; what is broken, if anything. */
  probe(point: Point): Violation | undefined;
  /** Takes the fingerprint of a state. */
  look(point: Point): void;
}

/** Gives the state to the policy only when it is asked to decide: what a driver or the kernel does needs no policy. */
function lazy(inner: Policy): Policy & { later(snapshot: Uint8Array): void } {
  let waiting: Uint8Array | undefined;
  function load(): void {
    if (waiting) inner.restore(waiting);
    waiting = undefined;
  }
  return {
    ...inner,
    later(snapshot) {
      waiting = snapshot;
    },
    step(frame) {
      load();
      return inner.step(frame);
    },
    snapshot: () => waiting ?? inner.snapshot(),
    restore(snapshot) {
      waiting = undefined;
      inner.restore(snapshot);
    },
  };
}

export function createExplorer(setup: Setup, small: SmallWorld, size: Size, policies: Policies): Explorer {
  const random = createChoosing();
  const deciding = lazy(policies.deciding);
  const fingerprint = createFingerprint();
  const labels = createLabels(fingerprint);
  const context = { setup, random, deciding, comparing: policies.comparing, empty: policies.empty };

  function open(point: Point): World {
    deciding.later(point.policy);
    return thaw(point, context);
  }

  function take(world: World, snapshot: Uint8Array): void {
    fingerprint.begin();
    addWorld(labels, world, snapshot);
    fingerprint.end();
  }

  function arrive(point: Point, move: Move, faultsLeft: number): Arrival {
    const world = open(point);
    const violation = runMove(world, move);
    const snapshot = violation ? point.policy : deciding.snapshot();
    if (!snapshot) throw new Error(`${move.name}: ends in the middle of a recovery`);
    if (!violation) take(world, snapshot);
    const drawn = random.drawn();
    return {
      faultsLeft: faultsLeft - (move.isFault ? 1 : 0),
      way: () => ({ move, drawn }),
      violation,
      freeze: () => ({ world: freeze(world), policy: snapshot }),
    };
  }

  return {
    fingerprint,
    explore(point, faultsLeft, visit) {
      for (const move of movesOf(open(point), small, size, faultsLeft > 0)) {
        random.begin();
        do {
          if (!visit(arrive(point, move, faultsLeft))) return;
        } while (random.advance());
      }
    },
    probe(point) {
      const world = open(point);
      return endAll(world);
    },
    look(point) {
      take(open(point), point.policy);
    },
  };
}

/** Does what a move says and checks what must be true after it; what is broken, if anything. */
export function runMove(world: World, move: Move): Violation | undefined {
  return guarded(() => {
    runLate(world);
    move.run(world);
    runLate(world);
    if (isAtRest(world)) checkClean(world);
  });
}

/**
 * No more faults: what is under way ends at once, which must not begin more and more of it; then all containers end, and nothing may
 * be left. What is broken, if anything.
 */
export function endAll(world: World): Violation | undefined {
  return guarded(() => {
    for (let ended = 0; world.work.length > 0; ended += 1) {
      const work = world.work[0] as Work;
      if (ended > ENDED_AT_ONCE_MAX)
        throw new Violation(
          'calm',
          `${ended} effects one after the other, the last on ${work.key}, and no pause`,
        );
      if (!work.outcome) perform(world, work, false);
      tellDone(world, work);
    }
    settle(world);
  });
}

/** Nobody is left, and nothing will come by itself. */
function isAtRest({ containers, work, late, wakeAt, untold }: World): boolean {
  return (
    containers.size === 0 && work.length === 0 && late.length === 0 && wakeAt === 0 && untold.length === 0
  );
}

function guarded(run: () => void): Violation | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof Violation) return error;
    throw error;
  }
}

/** Draws what was drawn before. */
export function repeating(drawn: readonly number[]): Choosing {
  const random = createChoosing();
  random.repeat(drawn);
  return random;
}
