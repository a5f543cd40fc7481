/** A short round of fuzzing: `npm run fuzz -- --seconds N` has the long one. */
import { existsSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildTargets, CONTROL, findEngine, fuzz, type Round, summary, targetNames } from './fuzz/fuzzing.ts';

const SECONDS = 1;

const fuzzing = suite('native: fuzzing');
const engine = existsSync('build/moorage.node') ? findEngine() : 'the native parts are not built here';
if (typeof engine === 'string') process.stdout.write(`native-fuzz: skipped: ${engine}\n`);
const test = typeof engine === 'string' ? (fuzzing.skip as typeof fuzzing) : fuzzing;
const seed = (Date.now() % 1_000_000) + 1;
const targets = targetNames().filter((name) => name !== CONTROL);
const rounds = new Map<string, Promise<Round>>();
let folder = '';

/** Two at a time. */
function beginRounds(): void {
  const lanes: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
  for (const [index, target] of targets.entries()) {
    const lane = index % lanes.length;
    const round = (lanes[lane] as Promise<unknown>).then(() => fuzz(folder, target, SECONDS, seed));
    rounds.set(target, round);
    lanes[lane] = round;
  }
}

test('the targets are built', () => {
  if (typeof engine === 'string') return;
  process.stdout.write(`${engine.name}, ${engine.compiler} with ${engine.sanitizers}, seed ${seed}\n`);
  folder = buildTargets(engine);
  beginRounds();
});

for (const target of targets) {
  test(`no input makes the reader of ${target} read past its end, overflow, leak or break its promise`, async () => {
    const round = (await rounds.get(target)) as Round;
    if (round.report) assert.unreachable(`${summary(round)}\ninput: ${round.input}\n${round.report}`);
    assert.ok(round.runs > 10, `only ${round.runs} runs`);
  });
}

test('a reader that does read past its end is found', async () => {
  const round = await fuzz(folder, CONTROL, 20, seed);
  assert.match(round.report, /AddressSanitizer|runtime error/);
  assert.ok(round.input, 'the input is kept');
});

fuzzing.run();
