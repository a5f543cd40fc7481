/**
 * `npm run mutants [WORD…]`: puts each fault of list.ts into a copy of the policy, builds it, and lets the policy's tests and
 * the simulator look for it. A fault that nobody finds is a hole in the tests. Exit code 1 when one survives.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MUTANTS, type Mutant } from './list.ts';

const FOLDER = resolve('build/mutants');
const TESTS = resolve('build/test');
const COMMAND = resolve('build/moorage.mjs');
const ASC = resolve('node_modules/assemblyscript/bin/asc.js');
const LIMIT_MS = 120_000;
/** Tests that only hold two builds of the same source together say nothing about decisions. */
const NOT_ASKED = /portable|mutants/;

interface Verdict {
  killedBy: string;
  detail: string;
}

function run(file: string, args: string[], cwd: string) {
  const { status, stdout, stderr } = spawnSync(file, args, { cwd, encoding: 'utf8', timeout: LIMIT_MS });
  return { failed: status !== 0, text: `${stdout ?? ''}${stderr ?? ''}` };
}

/** A checkout of the policy alone with the fault in it, built. Throws when the fault does not fit the source any more. */
function plant(mutant: Mutant): string {
  const place = join(FOLDER, 'tree');
  rmSync(place, { recursive: true, force: true });
  mkdirSync(join(place, 'build'), { recursive: true });
  cpSync('assembly', join(place, 'assembly'), { recursive: true });
  cpSync('asconfig.json', join(place, 'asconfig.json'));
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
  const built = run(process.execPath, [ASC, '--config', 'asconfig.json', '--optimizeLevel', '1'], place);
  if (built.failed) throw new Error(`${mutant.name}: does not compile:\n${built.text}`);
  return place;
}

function judge(place: string): Verdict | undefined {
  for (const name of readdirSync(TESTS).sort()) {
    if (!name.startsWith('policy-') || !name.endsWith('.test.mjs') || NOT_ASKED.test(name)) continue;
    const { failed, text } = run(process.execPath, [join(TESTS, name)], place);
    if (failed)
      return {
        killedBy: name.replace('.test.mjs', ''),
        detail: /FAIL\s+.*"(.*)"/.exec(text)?.[1] ?? 'did not end',
      };
  }
  if (!hasSimulator()) return undefined;
  const args = [
    'simulate',
    '--policy',
    join(place, 'build/policy.wasm'),
    '--seed',
    '1',
    '--runs',
    '2000',
    '--json',
  ];
  const { failed, text } = run(process.execPath, [COMMAND, ...args], resolve('.'));
  return failed
    ? { killedBy: 'simulator', detail: /"invariant":"([^"]*)"/.exec(text)?.[1] ?? 'stopped' }
    : undefined;
}

let simulator: boolean | undefined;

function hasSimulator(): boolean {
  simulator ??= /--seed/.test(run(process.execPath, [COMMAND, 'simulate', '--help'], resolve('.')).text);
  return simulator;
}

const words = process.argv.slice(2);
const chosen = MUTANTS.filter(({ name }) => words.every((word) => name.includes(word)));
if (!existsSync(TESTS)) throw new Error('the tests are not built: npm run build');
let killed = 0;
for (const mutant of chosen) {
  const verdict = judge(plant(mutant));
  if (verdict) killed += 1;
  const end = verdict ? `killed by ${verdict.killedBy}: ${verdict.detail}` : 'SURVIVED';
  process.stdout.write(`${mutant.name}\n    ${end}\n`);
}
rmSync(FOLDER, { recursive: true, force: true });
process.stdout.write(`\n${killed} of ${chosen.length} faults found\n`);
process.exitCode = killed === chosen.length && killed > 0 ? 0 : 1;
