import { availableParallelism } from 'node:os';
import { loadPolicy, type Policy } from '../host/policy/policy.ts';
import { startPortable } from '../portable/policy.ts';
import { type Lives, lives } from './lives.ts';

const SIZES = [10, 1_000, 10_000, 100_000];
const WARM_UP_LIVES = 3_000;
const LIVES = 3_000;

interface Samples {
  all: number[];
  prepare: number[];
  rest: number[];
}

/**
 * One decision, from host encode to host decode, while so many containers live: wasm and the same sources as plain TypeScript, by turns in one
 * run. A life is a prepare, its get, mount, bind and place, a cleanup, and its detach, observe and unmount. Between decisions the policy clears up
 * after itself (`rest`), when nobody waits for it; the longest pause counts both. Plain TypeScript clears up within its decisions.
 */
export function benchDecide(): void {
  print(
    `one decision, microseconds; ${LIVES} lives of a container each; node ${process.version}, ${availableParallelism()} CPUs`,
  );
  print('');
  print(
    '             wasm                                              plain TypeScript                        wasm /',
  );
  print(
    'live      median  prepare      p99     rest   max (ms)    median  prepare      p99   max (ms)   plain',
  );
  const medians: number[] = [];
  for (const size of SIZES) {
    const [wasm, plain] = measure(size);
    const median = at(wasm.all, 0.5);
    medians.push(median);
    const ratio = (median / at(plain.all, 0.5)).toFixed(2);
    const rest = at(wasm.rest, 0.5).toFixed(2).padStart(9);
    print(
      `${String(size).padEnd(7)}${columns(wasm)}${rest} ${longest(wasm)} ${columns(plain)} ${longest(plain)}   ${ratio.padStart(6)}`,
    );
  }
  print('');
  print(
    `growth of the wasm's median from ${SIZES[0]} to ${SIZES.at(-1)}: ${((medians.at(-1) as number) / (medians[0] as number)).toFixed(2)}`,
  );
}

function measure(size: number): [Samples, Samples] {
  const state = populated(size);
  const samples: [Samples, Samples] = [empty(), empty()];
  const both = [loadPolicy('build/policy.wasm'), startPortable()].map((policy, i) => {
    const into = samples[i] as Samples;
    const world = lives(policy, (kind, ms, restMs) => {
      into.all.push(ms * 1000);
      into.rest.push(restMs * 1000);
      if (kind === 'prepare') into.prepare.push(ms * 1000);
    });
    policy.restore(state);
    return world;
  });
  run(both, WARM_UP_LIVES);
  for (const each of samples) each.all.length = each.prepare.length = each.rest.length = 0;
  run(both, LIVES);
  return samples;
}

/** By turns, and each first every other time. */
function run(both: Lives[], count: number): void {
  for (let i = 0; i < count; i++) {
    for (const world of i % 2 === 0 ? both : [...both].reverse()) {
      world.prepare(`task-${i}`);
      world.cleanup(`task-${i}`);
    }
  }
}

/** The state of a policy with so many containers; made by the portable one, and taken over by both. */
function populated(size: number): Uint8Array {
  const policy: Policy = startPortable();
  const world = lives(policy);
  world.start();
  for (let i = 0; i < size; i++) world.prepare(`live-${i}`);
  return policy.snapshot() as Uint8Array;
}

function empty(): Samples {
  return { all: [], prepare: [], rest: [] };
}

function columns({ all, prepare }: Samples): string {
  return [at(all, 0.5), at(prepare, 0.5), at(all, 0.99)]
    .map((value) => value.toFixed(2).padStart(9))
    .join('');
}

/** The longest time in which the next event would have had to wait. */
function longest({ all, rest }: Samples): string {
  const pauses = all.map((value, i) => value + (rest[i] as number));
  return (at(pauses, 1) / 1000).toFixed(2).padStart(10);
}

/** The sample below which this share of them lies. */
function at(samples: number[], share: number): number {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
