/** A simulated machine in the middle of its life, and what becomes of it after a crash with its journal or without. */
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

/** Of a life. */
const ACTIONS_MAX = 180;

/** Lives until `events` are in the journal. Undefined when the seed's life lost its journal on the way or is too short. */
export function liveUntil(seed: number, events: number, policies: Policies): World | undefined {
  const setup = createSetup(seed);
  const world = createWorld(setup, policies, createCoverage());
  start(world);
  for (const action of planOf(setup, ACTIONS_MAX)) {
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

/** The agent dies, and its journal is whole or damaged. Recovers, lets everything come to rest, cleans up. Returns the rule that broke, if one did. */
export function dieWith(world: World, journal: 'whole' | 'damaged'): Violation | undefined {
  try {
    surviving(world, () => crashAgent(world, journal));
    settle(world);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return error;
  }
  return undefined;
}
