import { start } from '../crashes.ts';
import type { Violation } from '../violation.ts';
import { createWorld, type Policies, type World } from '../world.ts';
import { createExplorer, type Explorer } from './explore.ts';
import { freeze, type Point } from './frozen.ts';
import { createPaths, type Paths } from './paths.ts';
import { createQueue, type Queue } from './queue.ts';
import { createSeen, type Seen } from './seen.ts';
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
  readonly seen: Seen;
  readonly queue: Queue;
  readonly begun: number;
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
  const run = begin(small, size, policies);
  const { queue, seen } = run;
  let levelEnd = queue.length;
  let enough = Number.POSITIVE_INFINITY;
  let found: Found | undefined;
  let later: Found | undefined;
  let limit = limitOf(run, limits);
  for (let node = 0; queue.length > 0 && !found && limit === '' && seen.size < enough; node += 1) {
    const waiting = take(queue);
    // It has been reached once more since, with more faults left: then it stands further back in the queue.
    if (seen.faultsLeft(...waiting.print) <= waiting.faultsLeft) {
      if (!later && node % STATES_BETWEEN_PROBES === 0) {
        later = probe(run, waiting.point, node);
        if (later) enough = 2 * Math.max(seen.size, STATES_AFTER_PROBE_MIN);
      }
      found = expand(run, waiting, node, tell);
    }
    if (node + 1 === levelEnd && queue.length > 0) {
      run.depth += 1;
      levelEnd += queue.length;
    }
    limit = limitOf(run, limits);
  }
  found ??= later;
  const closed = !found && queue.length === 0;
  return { ...progressOf(run), closed, limit: found || closed ? '' : limit, probes: run.probes, found };
}

function begin(small: SmallWorld, size: Size, policies: Policies): Run {
  const run: Run = {
    explorer: createExplorer(setupOf(small, size), small, size, policies),
    paths: createPaths(),
    seen: createSeen(),
    queue: createQueue(),
    begun: cpuSeconds(),
    transitions: 0,
    depth: 0,
    probes: 0,
  };
  const first = firstPoint(small, size, policies);
  run.explorer.look(first);
  run.seen.add(run.explorer.fingerprint.low, run.explorer.fingerprint.high, size.faults);
  push(run, first, size.faults, -1, 0);
  return run;
}

function limitOf(run: Run, limits: Limits): Outcome['limit'] {
  if (run.depth >= limits.depth) return 'depth';
  if (run.seen.size >= limits.states) return 'states';
  return cpuSeconds() - run.begun > limits.seconds ? 'seconds' : '';
}

function progressOf({ seen, queue, transitions, depth, begun }: Run): Progress {
  return {
    states: seen.size,
    transitions,
    depth,
    waiting: queue.length,
    seconds: cpuSeconds() - begun,
    bytes: queue.size,
  };
}

interface Waiting {
  readonly point: Point;
  readonly faultsLeft: number;
  readonly print: readonly [low: number, high: number];
}

/** The state whose fingerprint was taken last goes to the end of the queue. */
function push(run: Run, { world, policy }: Point, faultsLeft: number, parent: number, way: number): void {
  const { low, high } = run.explorer.fingerprint;
  run.paths.add(parent, way);
  const rest = Buffer.alloc(9);
  rest.writeInt32LE(low, 0);
  rest.writeInt32LE(high, 4);
  rest.writeUInt8(faultsLeft, 8);
  run.queue.push([world, policy, rest]);
}

function take(queue: Queue): Waiting {
  const [world, policy, rest] = queue.shift() as [Uint8Array, Uint8Array, Buffer];
  return {
    point: { world, policy },
    faultsLeft: rest.readUInt8(8),
    print: [rest.readInt32LE(0), rest.readInt32LE(4)],
  };
}

/** Goes all ways from a state; the first broken rule ends it. */
function expand(
  run: Run,
  { point, faultsLeft }: Waiting,
  node: number,
  tell: (progress: Progress) => void,
): Found | undefined {
  const { explorer, seen, paths } = run;
  let found: Found | undefined;
  let way = 0;
  explorer.explore(point, faultsLeft, (arrival) => {
    const { low, high } = explorer.fingerprint;
    run.transitions += 1;
    if (run.transitions % TRANSITIONS_BETWEEN_WORDS === 0) tell(progressOf(run));
    if (arrival.violation)
      found = { violation: arrival.violation, isLater: false, path: [...paths.to(node), way] };
    else if (seen.add(low, high, arrival.faultsLeft) !== 'seen')
      push(run, arrival.freeze(), arrival.faultsLeft, node, way);
    way += 1;
    return found === undefined;
  });
  return found;
}

/** Processor time of this process: what other programs do meanwhile makes no difference. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

function probe(run: Run, point: Point, node: number): Found | undefined {
  run.probes += 1;
  const violation = run.explorer.probe(point);
  return violation && { violation, isLater: true, path: run.paths.to(node) };
}

/** The world after its first start. Nothing goes wrong by itself: each fault is a move. */
export function firstWorld(small: SmallWorld, size: Size, policies: Policies): World {
  const world = createWorld(setupOf(small, size), policies);
  world.faults = false;
  start(world);
  return world;
}

/** The same as a point to go on from. */
export function firstPoint(small: SmallWorld, size: Size, policies: Policies): Point {
  const world = firstWorld(small, size, policies);
  const policy = world.policy.snapshot();
  if (!policy) throw new Error('the policy gives no snapshot after its first recovery');
  return { world: freeze(world), policy };
}
