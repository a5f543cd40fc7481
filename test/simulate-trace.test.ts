/** What `moorage simulate` leaves behind when a rule is broken, and that the other commands take it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { POLICY } from './world.ts';

const traces = suite('simulate: traces');
const folder = mkdtempSync(join(tmpdir(), 'moorage-simulate-'));
const faulty = join(folder, 'restless.wasm');

function moorage(args: string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['build/moorage.mjs', ...args], {
    input,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** The shipped policy with a backoff of nothing: f64.const (opcode 0x44, then 8 bytes little endian) 200 becomes 0. */
function makeFaulty(): void {
  const copy = Buffer.from(readFileSync(POLICY));
  const wanted = Buffer.alloc(9, 0x44);
  wanted.writeDoubleLE(200, 1);
  for (let at = copy.indexOf(wanted); at >= 0; at = copy.indexOf(wanted, at + 1))
    copy.writeDoubleLE(0, at + 1);
  writeFileSync(faulty, copy);
}

traces('a broken rule leaves a trace that decide steps and a journal that replay finds identical', () => {
  makeFaulty();
  const events = join(folder, 'broken.jsonl');
  const journal = join(folder, 'broken.journal');
  const args = ['simulate', '--runs', '500', '--policy', faulty];
  const { status, stdout } = moorage([...args, '--trace', events]);
  assert.is(status, 1);
  assert.match(stdout, /seed \d+, event \d+: calm/);
  assert.ok(stdout.includes(`moorage decide --policy ${faulty} < `));
  assert.ok(stdout.includes(`moorage replay --policy ${faulty} `));
  const decided = moorage(['decide', '--policy', faulty], readFileSync(events, 'utf8'));
  assert.is(decided.status, 0);
  assert.is(decided.stdout.trim().split('\n').length, readFileSync(events, 'utf8').trim().split('\n').length);
  const replayed = moorage(['replay', '--policy', faulty, '--json', journal]);
  assert.is(replayed.status, 0, replayed.stderr);
  const result = JSON.parse(replayed.stdout);
  assert.is(result.identical, true);
  assert.ok(result.events > 10);
  assert.is(
    moorage(['replay', '--policy', POLICY, journal]).status,
    1,
    'the shipped policy decides otherwise',
  );
});

traces('as data the failure names seed, step, rule and both files', () => {
  makeFaulty();
  const trace = join(folder, 'as-data');
  const { status, stdout } = moorage([
    'simulate',
    '--runs',
    '500',
    '--policy',
    faulty,
    '--trace',
    trace,
    '--json',
  ]);
  const { broken } = JSON.parse(stdout);
  assert.is(status, 1);
  assert.is(broken.invariant, 'calm');
  assert.type(broken.seed, 'number');
  assert.ok(broken.step > 0 && broken.message.length > 0);
  assert.ok(existsSync(broken.trace) && existsSync(broken.journal));
});

traces('a run that has to be complete fails when a reachable cell was not hit, and names it', () => {
  const { status, stdout, stderr } = moorage(['simulate', '--runs', '3', '--complete']);
  assert.is(status, 1);
  assert.match(stdout, /\d+ of \d+ reachable cells .* hit\n {2}not hit: driver/);
  assert.match(stderr, /cells that can be reached were not/);
  const short = moorage(['simulate', '--runs', '3']);
  assert.is(short.status, 0);
  assert.not.match(short.stdout, /not hit:/);
});

traces.run();
