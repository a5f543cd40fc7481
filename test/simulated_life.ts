/** A simulated machine in the middle of its life, and what becomes of it when its journal ends earlier than it should. */
import { ACTIONS } from '../simulator/actions.ts';
import { createCoverage } from '../simulator/coverage.ts';
import { comeBack, crashAgent, start } from '../simulator/crashes.ts';
import { HostDied } from '../simulator/host.ts';
import { runLate } from '../simulator/late.ts';
import { createRandom } from '../simulator/random.ts';
import { planOf, settle, wake } from '../simulator/scenario.ts';
import { createSetup } from '../simulator/setup.ts';
import { Violation } from '../simulator/violation.ts';
import { createWorld, type Policies, type World } from '../simulator/world.ts';

/** Lives until `events` are in the journal. Undefined when the seed's life lost its journal on the way or is too short. */
export function liveUntil(seed: number, events: number, policies: Policies): World | undefined {
  const setup = createSetup(seed);
  const world = createWorld(setup, policies, createCoverage());
  start(world);
  for (const action of planOf(setup, events * 2)) {
    world.random = createRandom(action.seed);
    surviving(world, () => {
      runLate(world);
      ACTIONS[action.name]?.(world);
      wake(world);
    });
    if (world.journal.length >= events && world.dying === '') return world;
  }
  return undefined;
}

/** As the simulator does it: a host that dies is started again until it lives. */
function surviving(world: World, run: () => void): void {
  for (let next = run; ; next = () => comeBack(world)) {
    try {
      next();
      return;
    } catch (error) {
      if (!(error instanceof HostDied)) throw error;
    }
  }
}

/** How many containers run now. */
export function running(world: World): number {
  return [...world.containers.values()].filter(({ phase }) => phase === 'running').length;
}

/**
 * After `events` a container was known whose id another one got later, when it had been cleaned up. No agent gives an id twice; the simulated
 * one does, and a journal that ends between the two tells of the wrong one.
 */
export function tellsOfNamesakes(world: World, events: number): boolean {
  const known = new Set<string>();
  const cleaned = new Set<string>();
  for (const [index, { event }] of world.journal.entries()) {
    const id = event.type === 'prepare' ? (event.container as { id: string }).id : String(event.id);
    if (index < events && event.type === 'prepare') known.add(id);
    if (index < events && event.type === 'cleanup') known.delete(id);
    if (index >= events && event.type === 'cleanup' && known.has(id)) cleaned.add(id);
    if (index >= events && event.type === 'prepare' && cleaned.has(id)) return true;
  }
  return false;
}

/**
 * The machine was started anew after `events`. A journal that ends before says so as well, and no process outlives that: what still runs is
 * then taken for gone.
 */
export function endsBeforeReboot(world: World, events: number): boolean {
  const boots = world.journal
    .slice(0, events)
    .flatMap(({ event }) => ('bootId' in event ? [event.bootId] : []));
  return boots.length > 0 && boots.at(-1) !== `b${world.bootId}`;
}

/**
 * The agent dies, and its journal says only the first `events` of what happened; `damaged`: nothing. Recovers, lets everything come to
 * rest, cleans up. Returns the rule that broke, if one did. Of a journal that is shorter than it was only what no record can excuse
 * is asked: that no volume is taken from under a container that has it.
 */
export function dieWith(world: World, events: number | 'damaged'): Violation | undefined {
  const isWhole = events === world.journal.length;
  try {
    if (events !== 'damaged' && !isWhole) forget(world, events);
    surviving(world, () => crashAgent(world, events === 'damaged' ? 'damaged' : 'whole'));
    settle(world);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    if (events === 'damaged' || isWhole || isWrongUnmount(error)) return error;
  }
  return undefined;
}

/** The journal ends earlier: what the drivers count for us nobody can know any more. */
function forget(world: World, events: number): void {
  world.journal.length = events;
  world.kept = { state: world.base, events: 0 };
  for (const volume of world.volumes.values()) {
    volume.unsure = true;
    volume.forgiven = true;
  }
}

function isWrongUnmount({ invariant, message }: Violation): boolean {
  return (invariant === 'held' || invariant === 'witness') && message.includes('unmount');
}
