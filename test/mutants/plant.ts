import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Mutant } from './list.ts';

const ASC = resolve('node_modules/assemblyscript/bin/asc.js');
const LIMIT_MS = 120_000;

/** A checkout of the policy alone, in `place`, with the fault in it, built; returns `place`. Throws when the fault does not fit the source any more. */
export function plant(mutant: Mutant, place: string): string {
  return plantAll([mutant], place);
}

/** The same with several faults at once. */
export function plantAll(mutants: readonly Mutant[], place: string): string {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(join(place, 'build'), { recursive: true });
  cpSync('assembly', join(place, 'assembly'), { recursive: true });
  cpSync('asconfig.json', join(place, 'asconfig.json'));
  for (const mutant of mutants) putIn(mutant, place);
  const args = [ASC, '--config', 'asconfig.json', '--optimizeLevel', '1'];
  const built = spawnSync(process.execPath, args, { cwd: place, encoding: 'utf8', timeout: LIMIT_MS });
  if (built.status !== 0)
    throw new Error(
      `${mutants.map(({ name }) => name).join(', ')}: does not compile:\n${built.stdout ?? ''}${built.stderr ?? ''}`,
    );
  return place;
}

function putIn(mutant: Mutant, place: string): void {
  const file = join(place, mutant.file);
  const source = readFileSync(file, 'utf8');
  const count = source.split(mutant.from).length - 1;
  if (count !== 1)
    throw new Error(
      `${mutant.name}: its text stands ${count} times in ${mutant.file}; mend test/mutants/list.ts`,
    );
  writeFileSync(
    file,
    source.replace(mutant.from, () => mutant.to),
  );
}
