/** When a policy has failed too often, how long time stands still for it, and what `/policy` says to those who ask wrongly. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createFailures, FAILURES_MAX, PROBATION_EVENTS, ROW_EVENTS, ROW_MS } from '../host/swap/failures.ts';
import { createHeldTime } from '../host/swap/held_time.ts';
import { ask } from './admin_calls.ts';
import { startEasy } from './easy_host.ts';
import { POLICY } from './world.ts';

const failures = suite('host: how often a policy may fail');
const top = mkdtempSync(join(tmpdir(), 'moorage-failures-'));
const awake = setInterval(() => undefined, 1000);

/** Whether each of these failures is one too many. */
function judged(...each: [events: number, ms: number][]): boolean[] {
  const { failed } = createFailures();
  return each.map(([events, ms]) => failed(events, ms));
}

failures('the third failure in a row is one too many, and so is each that follows', () => {
  assert.is(FAILURES_MAX, 3);
  assert.equal(judged([10, 0], [10, 0], [10, 0], [11, 1]), [false, false, true, true]);
});

failures('a row ends after so many events; failures count as events', () => {
  // The first has two failures behind it, which count: 2 more events than the numbers say.
  assert.equal(judged([0, 0], [0, 0], [ROW_EVENTS - 3, 0]), [false, false, true]);
  assert.equal(judged([0, 0], [0, 0], [ROW_EVENTS - 2, 0]), [false, false, false]);
  assert.equal(judged([0, 0], [50, 0], [100, 0], [150, 0], [200, 0]), [false, false, false, false, false]);
  assert.equal(judged([0, 0], [90, 0], [100, 0], [110, 0]), [false, false, false, true]);
});

failures('a row ends after so long', () => {
  assert.equal(judged([0, 5], [0, 5], [0, 4 + ROW_MS]), [false, false, true]);
  assert.equal(judged([0, 5], [0, 5], [0, 5 + ROW_MS]), [false, false, false]);
});

failures('one that somebody has just put there may not fail at all; one that came back may', () => {
  const { failed, changed, total } = createFailures();
  changed(500, true);
  assert.is(failed(500 + PROBATION_EVENTS, 0), false, 'it has served its time');
  changed(500, true);
  assert.is(failed(499 + PROBATION_EVENTS, 0), true);
  changed(500, true);
  changed(600, false);
  assert.is(failed(601, 0), false);
  assert.is(failed(601, 0), false);
  changed(602, false);
  assert.is(failed(602, 0), false, 'what the one before it failed at is not its fault');
  assert.is(total(), 5);
});

failures(
  'time stands still where it was held, goes on when it is released, and all is looked at once',
  () => {
    let now = 100;
    let tries = 0;
    const time = createHeldTime({ now: () => now }, () => {
      tries += 1;
    });
    assert.equal([time.now(), time.isHeld()], [100, false]);
    time.release();
    assert.is(tries, 0, 'nothing was held');
    time.hold(90);
    now = 500;
    assert.equal([time.now(), time.isHeld()], [90, true]);
    time.release();
    assert.equal([time.now(), time.isHeld(), tries], [500, false, 1]);
  },
);

failures('held time is released by itself, counted from the last hold', async () => {
  let tries = 0;
  const pause = (ms: number) => new Promise((next) => setTimeout(next, ms));
  const time = createHeldTime(
    { now: () => 7 },
    () => {
      tries += 1;
    },
    300,
  );
  time.hold(1);
  await pause(200);
  time.hold(2);
  await pause(150);
  assert.equal([time.now(), tries], [2, 0], 'the timer of the first hold is gone');
  for (let waited = 0; time.isHeld() && waited < 500; waited += 1) await pause(10);
  assert.equal([time.now(), tries], [7, 1]);
});

failures('whoever asks /policy wrongly is told how, and nothing is swapped', async () => {
  const state = join(top, 'state');
  const host = await startEasy(state, {}, undefined, {}, POLICY, undefined, ['0'.repeat(64)]);
  const socket = join(state, 'admin.sock');
  const told = async (method: string, body = '') => {
    const { status, text } = await ask(socket, method, '/policy', body);
    return { status, ...JSON.parse(text) };
  };
  const before = await told('GET');
  assert.equal([before.status, before.digest], [200, host.host.policy().digest]);
  const wrong = await told('DELETE');
  assert.equal([wrong.status, wrong.error.hint], [405, 'use GET or POST']);
  const long = JSON.stringify({ file: `/${'x'.repeat(9000)}` });
  for (const body of [
    '',
    '{',
    'null',
    '7',
    '[]',
    '{}',
    '{"file":7}',
    '{"file":"a"}',
    '{"file":"/a\\u0000"}',
    long,
  ]) {
    const { status, error } = await told('POST', body);
    assert.equal([status, error?.code], [400, 'bad-request'], body);
  }
  const missing = await told('POST', '{"file":"/nowhere/p.wasm"}');
  assert.equal([missing.status, missing.ok, missing.stage], [409, false, 'verify']);
  assert.equal(missing.error.code, 'swap-refused');
  assert.match(missing.error.message, /\/nowhere\/p\.wasm: is not there/);
  const unknown = await told('POST', JSON.stringify({ file: join(process.cwd(), POLICY) }));
  assert.equal([unknown.status, unknown.stage], [409, 'verify']);
  assert.match(unknown.error.message, /none of those trusted/);
  assert.equal(await told('GET'), { ...before, events: host.host.policy().events });
  await host.host.close(1000);
});

failures.after(() => {
  clearInterval(awake);
  rmSync(top, { recursive: true, force: true });
});
failures.run();
