import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { FUEL_EXPORT, withFuel } from '../host/policy/fuel/fuel.ts';
import { unsigned } from '../host/policy/leb128.ts';
import { startPolicy } from '../host/policy/policy.ts';
import { plant } from './mutants/plant.ts';
import { CONFIG, POLICY, RECOVER } from './world.ts';

const fuel = suite('host: no step of a policy is without an end');

/** A module of raw sections after the magic and version. */
function moduleOf(...sections: number[][]): Uint8Array {
  return new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]);
}

const section = (id: number, body: number[]) => [id, ...unsigned(body.length), ...body];
const END = 0x0b;

/** A module whose functions, all () -> (), have these instructions; the first is exported as `f`. */
function functions(...bodies: number[][]): Uint8Array {
  const code = bodies.flatMap((body) => [body.length + 2, 0, ...body, END]);
  return moduleOf(
    section(1, [1, 0x60, 0, 0]),
    section(3, [bodies.length, ...bodies.map(() => 0)]),
    section(7, [1, 1, 0x66, 0, 0]),
    section(10, [bodies.length, ...code]),
  );
}

/** Runs `f` with so much fuel: how much is left, or why it was stopped. */
function run(module: Uint8Array, amount: number): number | string {
  const counted = new WebAssembly.Module(withFuel(module, amount) as Uint8Array<ArrayBuffer>);
  const { exports } = new WebAssembly.Instance(counted, {});
  try {
    (exports.f as () => void)();
  } catch (error) {
    return (error as Error).name;
  }
  return (exports[FUEL_EXPORT] as WebAssembly.Global).value;
}

const LOOP = 0x03;
const EMPTY = 0x40;
const CALL = 0x10;
const BLOCK = 0x02;
const IF = 0x04;
const BR = 0x0c;
const BR_IF = 0x0d;
const BR_TABLE = 0x0e;
/** i32.const 1 */
const ONE = [0x41, 1];
/** A loop that asks once whether it shall go on: it shall not. */
const ONCE = [LOOP, EMPTY, 0x41, 0, BR_IF, 0, END];

fuel('a loop without an end is stopped, whatever goes back to its begin', () => {
  assert.is(run(functions([LOOP, EMPTY, BR, 0, END]), 1000), 'RuntimeError');
  assert.is(run(functions([LOOP, EMPTY, BLOCK, EMPTY, BR, 1, END, END]), 1000), 'RuntimeError');
  assert.is(run(functions([LOOP, EMPTY, ...ONE, IF, EMPTY, BR, 1, END, END]), 1000), 'RuntimeError');
  assert.is(run(functions([LOOP, EMPTY, ...ONE, BR_IF, 0, END]), 1000), 'RuntimeError');
  assert.is(
    run(functions([LOOP, EMPTY, BLOCK, EMPTY, ...ONE, BR_TABLE, 1, 0, 1, END, END]), 1000),
    'RuntimeError',
  );
});

fuel('a way out costs nothing, nor a loop that is gone through once', () => {
  assert.is(run(functions([LOOP, EMPTY, END]), 1000), 1000);
  assert.is(run(functions([BLOCK, EMPTY, LOOP, EMPTY, BR, 1, END, END]), 1000), 1000);
  assert.is(run(functions([BLOCK, EMPTY, BR, 0, END, LOOP, EMPTY, END]), 1000), 1000);
  assert.is(run(functions(ONCE), 1000), 999);
});

fuel('functions that call one another for ever are stopped before the stack is', () => {
  assert.is(run(functions([CALL, 0]), 1000), 'RuntimeError');
  assert.is(run(functions([CALL, 1], [CALL, 2], [CALL, 0]), 1000), 'RuntimeError');
  assert.is(run(functions([CALL, 1], [CALL, 1]), 1000), 'RuntimeError');
});

fuel('a function that leads to few calls costs nothing', () => {
  assert.is(run(functions([CALL, 1], [CALL, 2], []), 1000), 1000);
});

fuel('calls that double are stopped, though nothing is ever done twice by the same call', () => {
  const doubling = (deep: number) =>
    functions(...Array.from({ length: deep }, (_, at) => [CALL, at + 1, CALL, at + 1]), []);
  assert.is(run(doubling(8), 1000), 1000);
  assert.is(run(doubling(60), 1000), 'RuntimeError');
});

fuel('nought is left exactly where it is used up, on every machine', () => {
  const once = functions(ONCE);
  assert.is(run(once, 1), 0);
  assert.is(run(once, 0), 'RuntimeError');
  for (const amount of [63, 64, 127, 128, 8191, 8192, 500_000_000]) assert.is(run(once, amount), amount - 1);
});

fuel('what cannot be counted is no policy: vectors, threads', () => {
  // v128.const and drop
  const vectors = functions([0xfd, 12, ...new Array(16).fill(0), 0x1a]);
  assert.ok(WebAssembly.validate(vectors as Uint8Array<ArrayBuffer>));
  assert.throws(() => withFuel(vectors, 1), /instruction 0xfd/);
});

fuel('the shipped policy counts the same for the same event, whatever came before in this process', () => {
  const turns = () => {
    const policy = startPolicy(readFileSync(POLICY), 'policy.wasm');
    policy.step(encodeEvent({ type: 'configure', at: 0, call: 1, config: CONFIG }));
    const configured = policy.turns();
    policy.step(encodeEvent({ ...RECOVER, at: 0, call: 2 }));
    return [configured, policy.turns()];
  };
  assert.equal(turns(), turns());
  assert.ok((turns()[0] as number) > 100);
});

const folder = mkdtempSync(join(tmpdir(), 'moorage-fuel-'));
fuel.after(() => rmSync(folder, { recursive: true, force: true }));

const HEAD = 'export function operator(call: f64, verb: string, driver: string, name: string): void {';
const CLIMB = 'function climb(n: i32): i32 {\n  return n < 2 ? n : climb(n - 1) + climb(n - 2);\n}\n\n';
const ENDLESS = `${CLIMB}${HEAD}
  while (verb == 'spin') state.draining = !state.draining;
  if (verb == 'climb') state.draining = climb(90) > 0;
`;

fuel('a policy that loops or calls itself without an end is stopped, and says so', () => {
  const fault = { name: 'endless', file: 'assembly/decide/operator.ts', from: HEAD, to: ENDLESS };
  const module = readFileSync(join(plant(fault, join(folder, 'endless')), 'build/policy.wasm'));
  for (const verb of ['spin', 'climb']) {
    const policy = startPolicy(module, 'endless.wasm');
    const step = (event: Record<string, unknown>) => policy.step(encodeEvent({ at: 0, ...event }));
    step({ type: 'configure', call: 1, config: CONFIG });
    step({ ...RECOVER, call: 2 });
    assert.throws(
      () => step({ type: 'operator', call: 3, verb }),
      /^policy endless\.wasm: step does not end: 500000000 turns/,
    );
  }
});

/** A module with all that a policy has: one function, () -> i32, tells the ABI, the other is all else. */
function policyOf(abi: number[], rest: number[]): Uint8Array {
  const names = ['abiVersion', 'input', 'output', 'step', 'snapshot', 'restore', 'describe', 'rest'];
  const exported = names.flatMap((name, at) => [name.length, ...Buffer.from(name), 0, at === 0 ? 0 : 1]);
  const code = [abi, rest].flatMap((body) => [body.length + 2, 0, ...body, END]);
  return moduleOf(
    section(1, [1, 0x60, 0, 1, 0x7f]),
    section(3, [2, 0, 0]),
    section(5, [1, 1, 1, 8]),
    section(7, [names.length + 1, ...exported, 6, ...Buffer.from('memory'), 2, 0]),
    section(10, [2, ...code]),
  );
}

fuel('a policy that does not come to its first event is refused with a sentence', () => {
  const constant = (value: number) => [0x41, value];
  const turning = [LOOP, EMPTY, BR, 0, END, ...constant(0)];
  const refused = (abi: number[], rest: number[], why: RegExp) =>
    assert.throws(
      () => startPolicy(policyOf(abi, rest), 'x.wasm'),
      (error: Error) => error.name === 'PolicyError' && why.test(error.message),
    );
  refused(turning, constant(0), /^policy x\.wasm: does not start: unreachable$/);
  refused(constant(2), turning, /^policy x\.wasm: does not start: unreachable$/);
  refused(constant(1), constant(0), /^policy x\.wasm: has ABI 1, this host reads ABI 2 to 3; build it/);
  refused(constant(4), constant(0), /^policy x\.wasm: has ABI 4, this host reads ABI 2 to 3; build it/);
  refused(constant(3), constant(0), /^policy x\.wasm: lacks status, which ABI 3 has/);
  const outside = /^policy x\.wasm: does not start: -1 bytes at -1 are outside of its memory$/;
  refused(constant(2), constant(0x7f), outside);
});

fuel.run();
