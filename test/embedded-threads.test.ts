/** The C ABI under ThreadSanitizer: test/threads/client.cpp has the threads, with all of the isolator but libnode in it. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as assert from 'uvu/assert';
import { embeddedSuite } from './embedded_suite.ts';
import { buildThreads, findThreadSanitizer, type ThreadSanitizer } from './threads/build.ts';

/** Each of the three rounds. */
const ROUND_MS = Number(process.env.MOORAGE_THREADS_MS ?? 1500);
const PATIENCE_MS = 60_000 + 10 * ROUND_MS;
const POLICY = resolve('build/policy.wasm');

const { test: embedded, skipped, bench, run } = embeddedSuite('embedded: sixteen threads');
const sanitizer = findThreadSanitizer();
if (typeof sanitizer === 'string') process.stdout.write(`embedded-threads: skipped: ${sanitizer}\n`);
const test = typeof sanitizer === 'string' ? skipped : embedded;
let folder = '';

/** The same policy with another digest: a custom section more. */
function otherPolicy(path: string): string {
  const name = Buffer.from('again');
  const section = Buffer.concat([Buffer.of(0, name.length + 1, name.length), name]);
  writeFileSync(path, Buffer.concat([readFileSync(POLICY), section]));
  return path;
}

interface Run {
  code: number | null;
  said: string;
}

async function runProgram(program: string, { prefix }: ThreadSanitizer): Promise<Run> {
  const { folder: place, config, driver, writeConfig } = bench();
  const first = join(place, 'first.wasm');
  copyFileSync(POLICY, first);
  const files = [first, otherPolicy(join(place, 'second.wasm'))];
  const digests = files.map((file) => createHash('sha256').update(readFileSync(file)).digest('hex'));
  await driver.call('VolumeDriver.Create', { Name: 'v2', Opts: { size: '16m' } });
  writeConfig({ policy: { digests } });
  const state = join(place, 'state');
  const args = [config, state, resolve('build/host.cjs'), first, place, String(ROUND_MS), ...files];
  const command = [...prefix, join(folder, program), ...args];
  const child = spawn(command[0] as string, command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      TSAN_OPTIONS: 'halt_on_error=1 exitcode=66 ignore_noninstrumented_modules=1 second_deadlock_stack=1',
    },
  });
  bench().children.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-100_000);
    });
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  return new Promise((done) =>
    child.once('close', (code) => {
      clearTimeout(timer);
      done({ code, said });
    }),
  );
}

test('the program is built', () => {
  if (typeof sanitizer === 'string') return;
  process.stdout.write(`${sanitizer.compiler}\n`);
  folder = buildThreads(sanitizer);
});

test('sixteen threads call, swap and close at once: no data race, no lock in the wrong order, each call answered once', async () => {
  const { code, said } = await runProgram('threads', sanitizer as ThreadSanitizer);
  assert.is(code, 0, said);
  const rounds = [
    ...said.matchAll(/^round (.*): taken (\d+) answered (\d+) ok (\d+) swapped (\d+) late (\d+)$/gm),
  ];
  process.stdout.write(`${rounds.map(([line]) => line).join('\n')}\n`);
  assert.is(rounds.length, 3, said);
  for (const [line, , taken, answered, ok, swapped, late] of rounds) {
    assert.ok(Number(taken) >= 100 && Number(ok) * 2 > Number(taken) && Number(swapped) > 0, line);
    assert.equal([answered, late], [taken, '0'], line);
  }
});

test('a lock that is missing between a call and a close is found', async () => {
  const { code, said } = await runProgram('unlocked', sanitizer as ThreadSanitizer);
  assert.is(code, 66, said);
  assert.match(said, /WARNING: ThreadSanitizer: (data race|heap-use-after-free)[\s\S]*sessionOf/);
});

run();
