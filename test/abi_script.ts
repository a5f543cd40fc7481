import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { unpack } from '../host/frames/codec.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { DYING_HOST, type Orders, ordersIn } from './dying_agent.ts';
import type { EmbeddedBench } from './embedded_bench.ts';

/** How a call was answered. */
export interface Answer {
  ok: boolean;
  code: string | undefined;
  message: string | undefined;
  /** From the call to its answer. */
  tookMs: number;
}

/** test/abi_script.c at work, with a host that dies on order. */
export interface Caller extends Orders {
  pid: number;
  /** Every line that it printed. */
  lines: string[];
  call(name: string, event: Record<string, unknown>): void;
  /** The one answer to the call of that name; waits for it. */
  answer(name: string): Promise<Answer>;
  /** The first line that begins so. */
  line(start: string): Promise<string>;
  /** So many threads call `event` for so long, each waiting for its answers. */
  storm(
    threads: number,
    forMs: number,
    event: Record<string, unknown>,
  ): Promise<{ calls: number; answers: number; failed: number }>;
  deaths(): string[];
  close(forMs: number): Promise<number | null>;
}

export interface CallerOptions {
  callMs?: number;
  stuckMs?: number;
}

/** Opens an isolator by the C ABI, as a program of its own. */
export async function openCaller(bench: EmbeddedBench, options: CallerOptions = {}): Promise<Caller> {
  const { folder, config } = bench;
  const program = join(folder, 'caller');
  if (!existsSync(program))
    execFileSync('cc', ['-Wall', '-Wextra', '-o', program, 'test/abi_script.c', '-ldl', '-lpthread']);
  const orders = ordersIn(folder);
  const { callMs = 60_000, stuckMs = 10_000 } = options;
  const library = resolve(process.env.MOORAGE_LIBRARY ?? 'build/libmoorage.so');
  const args = [library, config, join(folder, 'state'), DYING_HOST, String(callMs), String(stuckMs)];
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, MOORAGE_DYING_FILE: orders.file },
  });
  bench.children.push(child);
  const caller = follow(child, orders);
  await caller.line('opened');
  return caller;
}

function follow(child: ChildProcess, orders: Orders): Caller {
  const lines: string[] = [];
  const waiting: { start: string; resolve(line: string): void }[] = [];
  let rest = '';
  child.stdout?.on('data', (chunk) => {
    const whole = (rest + chunk).split('\n');
    rest = whole.pop() as string;
    for (const line of whole) {
      lines.push(line);
      for (const { resolve } of waiting.filter(({ start }) => line.startsWith(start))) resolve(line);
    }
  });
  child.stdin?.on('error', () => undefined);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));

  function line(start: string): Promise<string> {
    const past = lines.find((each) => each.startsWith(start));
    if (past) return Promise.resolve(past);
    const never = ended.then((code) => {
      throw new Error(`the program ended with ${code} without "${start}":\n${lines.join('\n')}`);
    });
    return Promise.race([new Promise<string>((resolve) => waiting.push({ start, resolve })), never]);
  }

  const say = (text: string) => child.stdin?.write(`${text}\n`);
  const hex = (event: Record<string, unknown>) =>
    Buffer.from(encodeEvent({ at: 0, call: 0, ...event })).toString('hex');
  return {
    ...orders,
    pid: child.pid as number,
    lines,
    line,
    call: (name, event) => void say(`call ${name} ${hex(event)}`),
    async answer(name) {
      await line(`reply ${name} `);
      const all = lines.filter((each) => each.startsWith(`reply ${name} `));
      if (all.length !== 1) throw new Error(`${name} was answered ${all.length} times`);
      const [, , frame = '', ms] = (all[0] as string).split(' ');
      const [, , , ok, , error] = unpack(Buffer.from(frame, 'hex')) as [0, 0, 0, boolean, 0, string[] | null];
      return { ok, code: error?.[0], message: error?.[1], tookMs: Number(ms) };
    },
    async storm(threads, forMs, event) {
      say(`storm ${threads} ${forMs} ${hex(event)}`);
      const [, calls, answers, failed] = (await line('storm ')).split(' ').map(Number) as number[];
      return { calls, answers, failed } as { calls: number; answers: number; failed: number };
    },
    deaths: () => lines.filter((each) => each.startsWith('log error the host died: ')),
    async close(forMs) {
      say(`close ${forMs}`);
      await line('closed');
      child.stdin?.end();
      return ended;
    },
  };
}
