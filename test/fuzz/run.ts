/**
 * `npm run fuzz -- [--seconds N] [--target NAME] [--seed N]`: each target of test/fuzz/targets/ for so long (60). Exit code 1 when
 * something was found: the input that shows it is kept, and belongs into test/fuzz/found/TARGET/ once the fault is understood.
 *
 * `npm run fuzz -- --target NAME --input FILE`: this input alone.
 */
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import {
  buildTargets,
  CONTROL,
  findEngine,
  fuzz,
  type Round,
  summary,
  targetNames,
  tryInputs,
} from './fuzzing.ts';

const OPTIONS = {
  seconds: { type: 'string', default: '60' },
  target: { type: 'string' },
  seed: { type: 'string' },
  input: { type: 'string' },
} as const;

/** Tells how a round ended; false when it ended as it should not. */
function tell(round: Round): boolean {
  const { target, report, runs, input } = round;
  const isFault = (report === '') === (target === CONTROL);
  if (report && !isFault) process.stdout.write(`${target}: its faults are found: ${summary(round)}\n`);
  else if (report)
    process.stdout.write(`${report}\n${target}: ${summary(round)}\n  ${again(target, input)}\n`);
  else if (isFault) process.stdout.write(`${target}: its faults were not found in ${runs} runs\n`);
  else process.stdout.write(`${target}: nothing found${runs > 0 ? ` in ${runs} runs` : ''}\n`);
  return !isFault;
}

/** How the fault is seen again. */
function again(target: string, input: string | undefined): string {
  if (input === undefined) return 'no input was kept';
  return `again: npm run fuzz -- --target ${target} --input ${relative('.', input)}`;
}

function options() {
  const { values } = parseArgs({ options: OPTIONS });
  const { target, input } = values;
  const seconds = Number(values.seconds);
  const seed = Number(values.seed ?? (Date.now() % 1_000_000) + 1);
  if (!(seconds >= 1) || !(seed >= 1)) throw new Error('--seconds and --seed want numbers from 1 on');
  const names = targetNames();
  if (target !== undefined && !names.includes(target))
    throw new Error(`there is no target ${target}; there are ${names.join(', ')}`);
  if (input !== undefined && (target === undefined || !existsSync(input)))
    throw new Error('--input wants a file that is there, and --target whose input it is');
  return { seconds, seed, input, names: target ? [target] : names };
}

async function main(): Promise<boolean> {
  const { seconds, seed, input, names } = options();
  const engine = findEngine();
  if (typeof engine === 'string') throw new Error(`nothing can be fuzzed: ${engine}`);
  process.stdout.write(`${engine.name}, ${engine.compiler} with ${engine.sanitizers}, seed ${seed}\n`);
  const folder = buildTargets(engine);
  if (input !== undefined) return tell(await tryInputs(folder, names[0] as string, [input]));
  let isWell = true;
  for (const [index, target] of names.entries()) {
    process.stderr.write(`${index + 1} of ${names.length}: ${target} for ${seconds} s …\n`);
    const progress = (words: string) => void process.stderr.write(`  ${words}\n`);
    isWell = tell(await fuzz(folder, target, seconds, seed, progress)) && isWell;
  }
  return isWell;
}

try {
  if (!(await main())) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`fuzz: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
