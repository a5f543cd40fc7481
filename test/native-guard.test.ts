import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Binding } from '../host/binding.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { watchPolicies } from '../host/policy/guard.ts';
import { startPolicy } from '../host/policy/policy.ts';
import { PolicyError } from '../host/policy/policy_error.ts';
import { plant } from './mutants/plant.ts';
import { CONFIG, RECOVER } from './world.ts';

const guard = suite('native: calls that do not end');
const { guardedCall } = createRequire(import.meta.url)(resolve('build/moorage.node')) as Binding;
const folder = mkdtempSync(join(tmpdir(), 'moorage-guard-'));
guard.after(() => rmSync(folder, { recursive: true }));

/** (loop (br 0)) in a function `f`, as it comes: nothing counts its turns. */
const ENDLESS = new Uint8Array(
  [
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    [1, 4, 1, 0x60, 0, 0],
    [3, 2, 1, 0],
    [7, 5, 1, 1, 0x66, 0, 0],
    [10, 9, 1, 7, 0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b],
  ].flat(),
);

function spin(): never {
  for (;;);
}

/** The error of a call that is ended after `limitMs` of the processor. */
function endedAfter(limitMs: number, work: () => void): Error & { code?: string; kind?: string } {
  const before = process.cpuUsage();
  try {
    guardedCall(work, limitMs);
  } catch (error) {
    const { user, system } = process.cpuUsage(before);
    assert.ok((user + system) / 1000 >= limitMs, 'it got its time');
    return error as Error;
  }
  throw new Error('it returned');
}

guard(
  'a loop in JS, and one in wasm that nobody counts, are ended at their limit, and the next call works',
  () => {
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(ENDLESS), {}).exports as { f(): void };
    for (const work of [spin, f, spin]) {
      const { code, kind, message } = endedAfter(50, work);
      assert.equal([code, kind, message], ['timeout', 'timeout', 'stopped after 50 ms']);
    }
    assert.is(
      guardedCall(() => 'next', 50),
      'next',
    );
  },
);

guard('what a call gives or throws comes through as it is', () => {
  const thrown = new RangeError('mine');
  assert.is(
    guardedCall(() => thrown, 1000),
    thrown,
  );
  try {
    guardedCall(() => {
      throw thrown;
    }, 1000);
    assert.unreachable();
  } catch (error) {
    assert.is(error, thrown);
  }
});

guard('JS cannot catch its own end, nor go on after it', () => {
  let after = false;
  endedAfter(50, () => {
    try {
      spin();
    } catch {
      after = true;
    } finally {
      after = true;
    }
  });
  assert.not(after);
});

guard('a call within a call ends with the outer one, and not later', () => {
  let inner: unknown;
  const error = endedAfter(50, () => {
    try {
      guardedCall(spin, 60_000);
    } catch (caught) {
      inner = caught;
    }
  });
  assert.is(error.code, 'timeout');
  assert.is(inner, undefined);
});

guard('a call that waits without using the processor is left alone', () => {
  const slept = guardedCall(() => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    return true;
  }, 50);
  assert.ok(slept);
});

guard('many short calls after each other are not taken for one long call', () => {
  const end = performance.now() + 400;
  let turns = 0;
  while (performance.now() < end) guardedCall(() => turns++, 40);
  assert.ok(turns > 100);
});

guard('calls at the very edge of their limit either end or are ended, and never both', () => {
  let ended = 0;
  for (let i = 0; i < 40; i++) {
    const until = performance.now() + 4 + (i % 5);
    const outcome = { value: 0 };
    try {
      outcome.value = guardedCall(() => {
        while (performance.now() < until);
        return 7;
      }, 4);
      assert.is(outcome.value, 7);
    } catch (error) {
      assert.is((error as { code?: string }).code, 'timeout');
      ended += 1;
    }
    // A termination that came late would end this loop, outside of any guard.
    for (let turn = 0; turn < 1000; turn++) outcome.value += turn;
    assert.ok(outcome.value >= 499_500);
  }
  assert.ok(ended < 40, `${ended} of 40 were ended`);
});

const HEAD = 'export function operator(call: f64, verb: string, driver: string, name: string): void {';
/** One turn of a loop each, and a long one: the fuel would last for hours. */
const FILLING = `${HEAD}
  if (verb == 'fill') while (true) memory.fill(65536, 0, (memory.size() << 16) - 65536);
`;

guard(
  'a policy is ended by the clock where its fuel lasts for ever, and another instance of it goes on',
  () => {
    watchPolicies({ guardedCall });
    const fault = { name: 'filling', file: 'assembly/decide/operator.ts', from: HEAD, to: FILLING };
    const module = readFileSync(join(plant(fault, join(folder, 'filling')), 'build/policy.wasm'));
    function started() {
      const policy = startPolicy(module, 'filling.wasm');
      policy.step(encodeEvent({ type: 'configure', at: 0, call: 1, config: CONFIG }));
      policy.step(encodeEvent({ ...RECOVER, at: 0, call: 2 }));
      return policy;
    }
    const [failing, other] = [started(), started()];
    const before = performance.now();
    assert.throws(
      () => failing.step(encodeEvent({ type: 'operator', at: 0, call: 3, verb: 'fill' })),
      (error: Error) =>
        error instanceof PolicyError &&
        error.message === 'policy filling.wasm: step does not end: stopped after 1000 ms',
    );
    assert.ok(performance.now() - before >= 1000);
    assert.ok(other.step(encodeEvent({ type: 'tick', at: 5 })).length > 0);
  },
);

guard.run();
