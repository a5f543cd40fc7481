import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Binding } from '../host/binding.ts';
import { unpack } from '../host/frames/codec.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { type Host, startHost } from '../host/start.ts';
import { recover } from './callers.ts';
import { easyBinding } from './easy_binding.ts';

const CONTAINERS = [10, 1000, 10_000];
const BUDGET_MS = 10;
/** Prepares that are under way at once while the containers are made. */
const TOGETHER = 64;
const config = {
  agentId: 'a1',
  root: '/m',
  defaultDriver: 'ebs',
  drivers: { ebs: { address: 'unix:///x', maxInFlight: TOGETHER } },
};
interface Policy {
  file: string;
  digest: string;
}

/**
 * `npm run bench -- swap [SWAPS [CONTAINERS]]`: for how long a call may have to wait while a policy takes the place of another, beside so many
 * containers that live and a few that come and go. A pause is the longest time of a swap in which the host's thread took no call.
 */
export async function benchSwap([wanted = '20', only]: string[]): Promise<void> {
  const swaps = Number(wanted);
  const top = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'moorage-bench-swap-'));
  try {
    const module = readFileSync('build/policy.wasm');
    const alike = [policy(top, 'one', module), policy(top, 'two', named(module, 'two'))];
    const other = [alike[0] as Policy, policy(top, 'hasty', hasty(module))];
    print(
      `${swaps} swaps each, budget ${BUDGET_MS} ms at 10,000 containers; node ${process.version}, journal on ${top.startsWith('/dev/shm') ? 'tmpfs' : 'disk'}`,
    );
    print('');
    print(
      '                                   pause (ms)         work in it (ms)    without a swap    whole swap',
    );
    print(
      'containers   the other policy     median   longest    median   longest   clock / work    median (ms)  otherwise',
    );
    for (const live of only ? [Number(only)] : CONTAINERS) {
      await measure(top, live, swaps, 'decides the same', alike);
      await measure(top, live, swaps, 'decides otherwise', other);
    }
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

async function measure(
  top: string,
  live: number,
  swaps: number,
  what: string,
  policies: Policy[],
): Promise<void> {
  const host = await start(mkdtempSync(join(top, 'state-')), policies);
  await call(host, recover);
  for (let i = 0; i < live; i += TOGETHER)
    await Promise.all(
      Array.from({ length: Math.min(TOGETHER, live - i) }, (_, k) => call(host, prepareOf(`live-${i + k}`))),
    );
  await host.isolator.idle(60_000);
  const load = comeAndGo(host, 4);
  const watch = watchLoop();
  await new Promise((next) => setTimeout(next, 300));
  const idle = watch.longest();
  const pauses: number[] = [];
  const works: number[] = [];
  const wholes: number[] = [];
  let differed = 0;
  for (let i = 0; i < swaps; i += 1) {
    await new Promise((next) => setTimeout(next, 50));
    watch.longest();
    const begun = performance.now();
    const result = await host.swap((policies[(i + 1) % 2] as Policy).file);
    if (!result.ok) throw new Error(`${result.stage}: ${result.why}`);
    wholes.push(performance.now() - begun);
    await new Promise((next) => setTimeout(next, 50));
    const { ms, workMs } = watch.longest();
    pauses.push(ms);
    works.push(workMs);
    differed += result.differed;
  }
  watch.stop();
  await load.stop();
  await host.close(10_000);
  const at = (list: number[], part: number) =>
    (list.sort((left, right) => left - right)[Math.floor(part * (list.length - 1))] as number).toFixed(1);
  print(
    [
      String(live).padStart(10),
      `  ${what.padEnd(18)}`,
      at(pauses, 0.5).padStart(8),
      at(pauses, 1).padStart(9),
      at(works, 0.5).padStart(9),
      at(works, 1).padStart(9),
      `${idle.ms.toFixed(1)} / ${idle.workMs.toFixed(1)}`.padStart(15),
      at(wholes, 0.5).padStart(13),
      String(differed).padStart(10),
    ].join(' '),
  );
}

/** The longest time between two turns of the host's thread, by the clock and in its own processor time: others may have the processor meanwhile. */
function watchLoop() {
  let last = now();
  let most: Longest = { ms: 0, workMs: 0 };
  let stopped = false;
  function turn(): void {
    const at = now();
    most = {
      ms: Math.max(most.ms, at.ms - last.ms),
      workMs: Math.max(most.workMs, at.workMs - last.workMs),
    };
    last = at;
    if (!stopped) setImmediate(turn);
  }
  setImmediate(turn);
  return {
    /** Since it was asked last. */
    longest(): Longest {
      const longest = most;
      most = { ms: 0, workMs: 0 };
      return longest;
    },
    stop: () => {
      stopped = true;
    },
  };
}

interface Longest {
  ms: number;
  workMs: number;
}

function now(): Longest {
  const [workNs = '0'] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ');
  return { ms: performance.now(), workMs: Number(workNs) / 1e6 };
}

function comeAndGo(host: Host, callers: number) {
  let stopped = false;
  const all = Array.from({ length: callers }, async (_, caller) => {
    for (let i = 0; !stopped; i += 1) {
      const id = `task-${caller}-${i}`;
      await call(host, prepareOf(id));
      await call(host, { type: 'cleanup', id });
    }
  });
  return {
    stop: () => {
      stopped = true;
      return Promise.all(all);
    },
  };
}

function prepareOf(id: string): Record<string, unknown> {
  const labels = [['volume', `vol-${id}:data`]];
  return {
    type: 'prepare',
    container: { id, labels, env: [], volumes: [], resources: {}, sandbox: `/s/${id}` },
  };
}

function call(host: Host, event: Record<string, unknown>): Promise<void> {
  return new Promise((done, refused) => {
    host.call(encodeEvent({ ...event, at: 0, call: 0 }), (frame) => {
      const reply = unpack(frame) as unknown[];
      if (reply[3] === true) done();
      else refused(new Error(`refused: ${JSON.stringify(reply)}`));
    });
  });
}

function start(stateDir: string, policies: Policy[]): Promise<Host> {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  writeFileSync(`${stateDir}.json`, JSON.stringify(config));
  const binding = {
    ...easyBinding(),
    allocateFile: undefined,
    lockFile: () => true,
    unlockFile: () => true,
    prepareRoot: async () => undefined,
    releaseRoot: async () => true,
  } as unknown as Binding;
  return startHost({
    binding,
    config: `${stateDir}.json`,
    stateDir,
    policy: (policies[0] as Policy).file,
    log: () => undefined,
    notice: () => undefined,
    fatal: (error) => {
      throw error;
    },
    trust: { keys: [], digests: policies.map(({ digest }) => digest) },
  });
}

function policy(folder: string, name: string, bytes: Uint8Array): Policy {
  const file = join(folder, `${name}.wasm`);
  writeFileSync(file, bytes);
  return { file, digest: createHash('sha256').update(bytes).digest('hex') };
}

/** The same module with a custom section that only has a name. */
function named(module: Uint8Array, name: string): Uint8Array {
  const text = Buffer.from(name);
  return Buffer.concat([module, Buffer.from([0, text.length + 1, text.length]), text]);
}

/** It gives a driver half of the time for a look at a volume (f64.const 60000: opcode 0x44, 8 bytes little endian). */
function hasty(module: Uint8Array): Uint8Array {
  const copy = Buffer.from(module);
  const wanted = Buffer.alloc(9, 0x44);
  wanted.writeDoubleLE(60_000, 1);
  for (let at = copy.indexOf(wanted); at >= 0; at = copy.indexOf(wanted, at + 1))
    copy.writeDoubleLE(30_000, at + 1);
  return copy;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
