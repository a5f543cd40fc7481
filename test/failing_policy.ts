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
] as const;

/**
 * Builds, in `place`, a policy that fails at an operator's verb `fall`, without an end at a prepare of `spin`, when volume `v-bad` was
 * mounted, at the cleanup of `stuck`, at those of `even…` with an even call, and at a recovery that begins with `fall`. Returns its file.
 */
export function failingPolicy(place: string): string {
  const faults = FAULTS.map(([name, file, head, statement]) => ({
    name: `fails at ${name}`,
    file: `assembly/decide/${file}`,
    from: head,
    to: `${head}  ${statement}\n`,
  }));
  return join(plantAll(faults, place), 'build/policy.wasm');
}
