import { join } from 'node:path';
import { plantAll } from './mutants/plant.ts';

/** Where it fails: the head of a function, and what stands below it from then on. */
const FAULTS = [
  [
    'an operator',
    'operator.ts',
    'export function operator(call: f64, verb: string, driver: string, name: string): void {\n',
    "assert(verb != 'fall', 'planted in operator');",
  ],
  [
    'a prepare',
    'prepare.ts',
    'export function prepare(call: f64, info: ContainerInfo): void {\n',
    "while (info.id == 'spin') state.draining = !state.draining;",
  ],
  [
    'a done',
    'done.ts',
    'function volumeDone(volume: Volume, outcome: Outcome): void {\n',
    "assert(volume.name != 'v-bad' || volume.doing != v.MOUNT || !outcome.ok, 'planted in done');",
  ],
  [
    'a cleanup',
    'ending.ts',
    'export function cleanup(call: f64, id: string): void {\n',
    "assert(id != 'stuck' && (!id.startsWith('even') || i32(call % 2) != 0), 'planted in cleanup');",
  ],
  [
    'a recovery',
    'recover.ts',
    'export function recover(call: f64, journal: string, bootId: string, recovering: Recovering): void {\n',
    "assert(recovering.containers.length == 0 || recovering.containers[0].id != 'fall', 'planted in recover');",
  ],
  [
    'a restart',
    'recover.ts',
    'export function restart(bootId: string, mounts: Mount[]): void {\n',
    "assert(!state.container('fall'), 'planted in restart');",
  ],
  [
    'a configuration',
    'configure.ts',
    'export function configure(call: f64, r: Reader): void {\n',
    "assert(state.now < 1 || !state.draining, 'planted in configure');",
  ],
  [
    'a timer',
    'step.ts',
    '      const container = state.container(timer.key);\n',
    "assert(!container || container.id != 'late', 'planted in a timer');",
  ],
] as const;

/**
 * Builds, in `place`, a policy that fails at an operator's verb `fall`, without an end at a prepare of `spin`, when volume `v-bad` was
 * mounted, at the cleanup of `stuck`, at those of `even…` with an even call, at a recovery that begins with
 * `fall`, at a restart of the host while `fall` is there, at a configuration while it drains, and when the time of `late` is over; a state with a container `unwanted` it refuses. Returns its file.
 */
export function failingPolicy(place: string): string {
  const faults = FAULTS.map(([name, file, head, statement]) => ({
    name: `fails at ${name}`,
    file: `assembly/decide/${file}`,
    from: head,
    to: `${head}  ${statement}\n`,
  }));
  const refuses = {
    name: 'refuses a state',
    file: 'assembly/state/snapshot.ts',
    from: "  container.key = r.text('container.id');\n",
    to: "  container.key = r.text('container.id');\n  if (container.key == 'unwanted') r.fail('container.id', 'planted in restore');\n",
  };
  return join(plantAll([...faults, refuses], place), 'build/policy.wasm');
}
