import { start } from '../crashes.ts';
import type { Violation } from '../violation.ts';
import { createWorld, type Policies } from '../world.ts';
import { createExplorer, type Explorer } from './explore.ts';
import { freeze, type Point } from './frozen.ts';
import { createPaths, type Paths } from './paths.ts';
import { createQueue } from './queue.ts';
import { createSeen } from './seen.ts';
import { type Size, type SmallWorld, setupOf } from './small_worlds.ts';

export interface Limits {
  /** Moves from the start. */
  readonly depth: number;
  readonly states: number;
  /** Of processor time. */
  readonly seconds: number;
}

export interface Progress {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly waiting: number;
  readonly seconds: number;
  /** Bytes of the states that wait. */
  readonly bytes: number;
}

export interface Found {
  readonly violation: Violation;
  /** Broken only later, without further faults: how the world was settled stands at the end of the trace. */
  readonly isLater: boolean;
  /** Numbers of the ways from the start. */
  readonly path: readonly number[];
}

export interface Outcome extends Progress {
  /** Every state that can be reached was reached. */
  readonly closed: boolean;
  /** What ended the search before that. */
  readonly limit: 'depth' | 'states' | 'seconds' | '';
  /** States from which the rest without faults was tried as well. */
  readonly probes: number;
  readonly found: Found | undefined;
}

/** From one state in so many the world is settled: nothing may stay mounted, and it has to come to rest. */
const STATES_BETWEEN_PROBES = 64;
/** What only shows at the end of a probe shows at once a few moves later: so many states, or twice as many as there are, are tried. */
const STATES_AFTER_PROBE_MIN = 1000;
const TRANSITIONS_BETWEEN_WORDS = 4096;

interface Run {
  readonly explorer: Explorer;
  readonly paths: Paths;
  transitions: number;
  depth: number;
  probes: number;
}

/**
 * Breadth first over all that may happen in a small world, from its first start: so the first broken rule that is found is one with
 * the fewest moves. `tell` is called now and then.
 */
export function search(
  small: SmallWorld,
  size: Size,
  policies: Policies,
  limits: Limits,
  tell: (progress: Progress) => void,
): Outcome {
  const setup = setupOf(small, size);
  const explorer = createExplorer(setup, small, size, policies);
  const run: Run = { explorer, paths: createPaths(), transitions: 0, depth: 0, probes: 0 };
  const seen = createSeen();
  const queue = createQueue();
  const begun = cpuSeconds();
  let levelEnd = 0;
  let found: Found | undefined;
  let later: Found | undefined;
  let enough = Number.POSITIVE_INFINITY;
  let limit: Outcome['limit'] = '';

  function progress(): Progress {
    return {
      states: seen.size,
      transitions: run.transitions,
      depth: run.depth,
      waiting: queue.length,
      seconds: cpuSeconds() - begun,
      bytes: queue.size,
    };
  }

  function push({ world, policy }: Point, faultsLeft: number, parent: number, way: number): void {
    const { low, high } = explorer.fingerprint;
    run.paths.add(parent, way);
    queue.push([world, policy, Uint8Array.of(faultsLeft), new Uint8Array(Int32Array.of(low, high).buffer)]);
  }

  const first = firstPoint(small, size, policies);
  explorer.look(first);
  seen.add(explorer.fingerprint.low, explorer.fingerprint.high, size.faults);
  push(first, size.faults, -1, 0);
  levelEnd = 1;

  for (let node = 0; queue.length > 0 && !found && limit === '' && seen.size < enough; node += 1) {
    if (node === levelEnd) {
      run.depth += 1;
      levelEnd = node + queue.length;
    }
    if (run.depth >= limits.depth) {
      limit = 'depth';
      break;
    }
    const [world, policy, left, print] = queue.shift() as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const point = { world, policy };
    const faultsLeft = left[0] as number;
    const [low, high] = halves(print);
    // It has been reached once more since, with more faults left: then it stands further back in the queue.
    if (seen.faultsLeft(low, high) > faultsLeft) continue;
    if (!later && node % STATES_BETWEEN_PROBES === 0) {
      later = probe(run, point, node);
      if (later) enough = 2 * Math.max(seen.size, STATES_AFTER_PROBE_MIN);
    }
    let way = 0;
    explorer.explore(point, faultsLeft, (arrival) => {
      run.transitions += 1;
      if (run.transitions % TRANSITIONS_BETWEEN_WORDS === 0) tell(progress());
      if (arrival.violation)
        found = { violation: arrival.violation, isLater: false, path: [...run.paths.to(node), way] };
      else {
        const { low, high } = explorer.fingerprint;
        if (seen.add(low, high, arrival.faultsLeft) !== 'seen')
          push(arrival.freeze(), arrival.faultsLeft, node, way);
      }
      way += 1;
      return found === undefined;
    });
    if (seen.size >= limits.states) limit = 'states';
    if (node % 16 === 0 && cpuSeconds() - begun > limits.seconds) limit = 'seconds';
  }
  found ??= later;
  const closed = !found && queue.length === 0;
  return { ...progress(), closed, limit: found || closed ? '' : limit, probes: run.probes, found };
}

/** Processor time of this process: what other programs do meanwhile makes no difference. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

function halves(print: Uint8Array): [number, number] {
  const view = new DataView(print.buffer, print.byteOffset, print.byteLength);
  return [view.getInt32(0, true), view.getInt32(4, true)];
}

function probe(run: Run, point: Point, node: number): Found | undefined {
  run.probes += 1;
  const violation = run.explorer.probe(point);
  return violation && { violation, isLater: true, path: run.paths.to(node) };
}

/** The world after its first start. */
export function firstPoint(small: SmallWorld, size: Size, policies: Policies): Point {
  const world = createWorld(setupOf(small, size), policies);
  start(world);
  const policy = world.policy.snapshot();
  if (!policy) throw new Error('the policy gives no snapshot after its first recovery');
  return { world: freeze(world), policy };
}
