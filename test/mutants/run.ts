/**
 * `npm run mutants -- [WORD…] [--simulator SECONDS] [--json]`: puts each fault of list.ts into a copy of the policy, builds it, and lets the
 * policy's tests look for it, then, where they find nothing, the simulator; with --simulator that has to look for each. Tells how many
 * events were stepped until a fault was found. A fault that nobody finds is a hole in the tests. Exit code 1 when one survives.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { WasmTask, WasmVerdict } from './judge/wasm_worker.ts';
import { MUTANTS } from './list.ts';
import { makeJudge } from './operators/bundle.ts';
import { plant } from './plant.ts';

const FOLDER = resolve('build/mutants');
/** A test that takes longer hangs. */
const LIMIT_MS = 120_000;
const RUNS = 20_000;
/** For the policy without a fault, which must pass. */
const SOUND_RUNS = 100;
/** For the simulator where no test has found anything. */
const LAST_RESORT_MS = 60_000;

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { simulator: { type: 'string', default: '0' }, json: { type: 'boolean', default: false } },
});
const simulatorMs = Number(values.simulator) * 1000;
if (!(simulatorMs >= 0)) throw new Error('--simulator wants seconds');

/** Undefined: it did not end. */
function judge(program: string, task: WasmTask): Promise<WasmVerdict | undefined> {
  return new Promise((done, failed) => {
    const worker = new Worker(program, { workerData: task });
    const timer = setTimeout(() => end(undefined), LIMIT_MS + task.limitMs);
    function end(verdict: WasmVerdict | undefined): void {
      clearTimeout(timer);
      void worker.terminate();
      done(verdict);
    }
    worker.on('message', end);
    worker.on('error', (error) => {
      clearTimeout(timer);
      failed(error);
    });
  });
}

function inWords(verdict: WasmVerdict | undefined): string {
  if (!verdict) return '    killed: a test or the simulator did not end';
  const { test, simulator } = verdict;
  const lines = test ? [`    killed after ${test.events} events by ${test.title}`] : [];
  if (simulator === 'nothing')
    lines.push(`    ${test ? 'the simulator finds nothing in its time' : 'SURVIVED'}`);
  else if (simulator)
    lines.push(
      `    ${test ? 'also ' : ''}killed after ${simulator.events} events by the simulator: ${simulator.rule}, run ${simulator.runs}`,
    );
  return lines.join('\n');
}

const chosen = MUTANTS.filter(({ name }) => words.every((word) => name.includes(word)));
rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
const program = await makeJudge(resolve('.'), FOLDER, 'wasm_worker');
const sound = await judge(program, {
  folder: FOLDER,
  module: resolve('build/policy.wasm'),
  runs: SOUND_RUNS,
  limitMs: LAST_RESORT_MS,
  always: true,
});
if (sound?.test !== undefined || sound?.simulator !== 'nothing')
  throw new Error(`the policy without a fault is found too: ${JSON.stringify(sound)}`);
const results: { name: string; killed: boolean; verdict: WasmVerdict | 'did not end' }[] = [];
for (const mutant of chosen) {
  const module = join(plant(mutant, join(FOLDER, 'tree')), 'build/policy.wasm');
  const limitMs = simulatorMs > 0 ? simulatorMs : LAST_RESORT_MS;
  const verdict = await judge(program, {
    folder: FOLDER,
    module,
    runs: RUNS,
    limitMs,
    always: simulatorMs > 0,
  });
  const killed = !verdict || verdict.test !== undefined || typeof verdict.simulator === 'object';
  results.push({ name: mutant.name, killed, verdict: verdict ?? 'did not end' });
  if (!values.json) process.stdout.write(`${mutant.name}\n${inWords(verdict)}\n`);
}
rmSync(FOLDER, { recursive: true, force: true });
const killed = results.filter((result) => result.killed).length;
if (values.json) process.stdout.write(`${JSON.stringify({ killed, of: chosen.length, faults: results })}\n`);
else process.stdout.write(`\n${killed} of ${chosen.length} faults found\n`);
process.exitCode = killed === chosen.length && killed > 0 ? 0 : 1;
