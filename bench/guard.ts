import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { Binding } from '../host/binding.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { POLICY_LIMIT_MS, watchPolicies } from '../host/policy/guard.ts';
import { loadPolicy } from '../host/policy/policy.ts';

const WARM_UP_ROUNDS = 50;
const ROUNDS = 400;
const CALLS = 2_000;

/**
 * What the watch over each call into the policy costs: an empty call, and a step with its rest (two calls), without and with it, in one run. One
 * after the other, not by turns: each change of what is called would throw away what V8 has optimised.
 */
export function benchGuard(): void {
  const { guardedCall } = createRequire(import.meta.url)(resolve('build/moorage.node')) as Binding;
  let count = 0;
  const empty = () => count++;
  const policy = loadPolicy('build/policy.wasm');
  const config = { agentId: 'a1', root: '/m', drivers: {} };
  policy.step(encodeEvent({ type: 'configure', at: 0, call: 1, config }));
  const tick = encodeEvent({ type: 'tick', at: 1 });
  const step = () => policy.step(tick);
  print(
    `nanoseconds, medians of ${ROUNDS} rounds of ${CALLS}; node ${process.version}, ${availableParallelism()} CPUs`,
  );
  compare('an empty call', measure(empty), () => measure(() => guardedCall(empty, POLICY_LIMIT_MS)));
  compare('a tick and its rest', measure(step), () => {
    watchPolicies({ guardedCall });
    return measure(step);
  });
}

function compare(name: string, without: number, watched: () => number): void {
  const more = watched() - without;
  print(
    `${name.padEnd(22)} alone ${without.toFixed(0).padStart(6)}   watched ${(without + more).toFixed(0).padStart(6)}   more ${more.toFixed(0).padStart(6)}`,
  );
}

function measure(work: () => void): number {
  const times: number[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    const begun = performance.now();
    for (let call = 0; call < CALLS; call++) work();
    if (round >= 0) times.push(((performance.now() - begun) * 1e6) / CALLS);
  }
  return times.sort((a, b) => a - b)[ROUNDS / 2] as number;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
