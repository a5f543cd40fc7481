/** Reports on swaps: states to make them of, policies with faults, and the command. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Examination, examine } from '../cli/policy/examine.ts';
import { plantAll } from './mutants/plant.ts';
import { isolate, leaveState } from './state_folder.ts';
import { ownFolder } from './trusted_files.ts';
import { prepareEvent, type World } from './world.ts';

/** Two containers run, one waits for a mount that is under way, one is gone. */
export function busy(world: World): void {
  const shared = { volume: 'v1:data', 'volume-tenant': 'guest' };
  world.prepare('c1', shared);
  isolate(world, 'c1', 11);
  world.prepare('c2', { volume: 'v1:data:ro' });
  isolate(world, 'c2', 12);
  world.prepare('c3', { volume: 'source=n1,target=d,volume-driver=nfs' });
  world.cleanup('c3');
  world.pass(60_000);
  world.send(prepareEvent('c4', { volume: 'v2:data' }));
}

/** A state directory in which that life has left its journal. */
export function stateOf(live: (world: World) => void, config = {}): string {
  const folder = ownFolder();
  leaveState(folder, live, config);
  return folder;
}

/** The report on a swap, from 25 short worlds. */
export function examined(file: string, stateDir: string, more: Partial<Examination> = {}) {
  return examine({
    file,
    stateDir,
    trust: undefined,
    seed: 1,
    steps: 100,
    runs: 25,
    secondsMax: Number.POSITIVE_INFINITY,
    onStep: () => undefined,
    ...more,
  });
}

/** What came of the simulated worlds; throws when there were none. */
export function simulationOf({ simulation }: ReturnType<typeof examined>) {
  if (typeof simulation === 'string') throw new Error(simulation);
  return simulation;
}

/** A policy with a fault in it. */
export function faulty(file: string, from: string, to: string): string {
  const place = plantAll(
    [{ name: 'a fault', file: `assembly/${file}`, from, to }],
    join(ownFolder(), 'policy'),
  );
  return join(place, 'build/policy.wasm');
}

/** When one user of a volume leaves it forgets all others. */
export function forgetful(): string {
  forgetfulFile ??= faulty('decide/release.ts', '  volume.users.splice(at, 1);\n', '  volume.users = [];\n');
  return forgetfulFile;
}
let forgetfulFile: string | undefined;

/** `moorage policy swap`. */
export function command(...args: string[]) {
  return spawnSync(process.execPath, ['build/moorage.mjs', 'policy', 'swap', ...args], { encoding: 'utf8' });
}
