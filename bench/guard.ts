import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { Binding } from '../host/binding.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { POLICY_LIMIT_MS, watchPolicies } from '../host/policy/guard.ts';
import { loadPolicy } from '../host/policy/policy.ts';

const ROUNDS = 200;
const CALLS = 2_000;

/** What the watch over each call into the policy costs: an empty call, and a step, with and without, by turns in one run; nanoseconds. */
export function benchGuard(): void {
  const { guardedCall } = createRequire(import.meta.url)(resolve('build/moorage.node')) as Binding;
  const unguarded: Binding['guardedCall'] = (work) => work();
  let count = 0;
  const empty = () => count++;
  const policy = loadPolicy('build/policy.wasm');
  policy.step(
    encodeEvent({ type: 'configure', at: 0, call: 1, config: { agentId: 'a1', root: '/m', drivers: {} } }),
  );
  const tick = encodeEvent({ type: 'tick', at: 1 });
  const step = () => policy.step(tick);
  print(
    `nanoseconds a call, medians of ${ROUNDS} rounds of ${CALLS}; node ${process.version}, ${availableParallelism()} CPUs`,
  );
  row('an empty call', [() => unguarded(empty, POLICY_LIMIT_MS), () => guardedCall(empty, POLICY_LIMIT_MS)]);
  row('a tick and its rest', [withWatch(unguarded, step), withWatch(guardedCall, step)]);
}

function withWatch(guardedCall: Binding['guardedCall'], step: () => void): () => void {
  return Object.assign(step.bind(undefined), { before: () => watchPolicies({ guardedCall }) });
}

function row(name: string, both: (() => void)[]): void {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++)
    both.forEach((work, i) => {
      (work as { before?(): void }).before?.();
      const begun = performance.now();
      for (let call = 0; call < CALLS; call++) work();
      times[i]?.push(((performance.now() - begun) * 1e6) / CALLS);
    });
  const [without, guarded] = times.map((each) => each.sort((a, b) => a - b)[ROUNDS / 2] as number) as [
    number,
    number,
  ];
  print(
    `${name.padEnd(22)} without ${without.toFixed(0).padStart(6)}   watched ${guarded.toFixed(0).padStart(6)}   difference ${(guarded - without).toFixed(0)}`,
  );
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
