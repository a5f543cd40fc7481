import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Binding } from '../host/binding.ts';
import { createDirectory } from '../host/directory.ts';
import { createIsolator } from '../host/isolator.ts';
import { continueJournal, type JournalWriter } from '../host/journal/journal_writer.ts';
import { ABI_VERSION, loadPolicy } from '../host/policy/policy.ts';
import { config, live, noJournal, recover } from './callers.ts';
import { easyBinding } from './easy_binding.ts';

const CALLERS = [1, 16];
const TMPFS = 0x01021994;
const ROUNDS = 3;
interface Figures {
  events: number;
  syncs: number;
  ms: number;
  /** Milliseconds from the prepare to its answer, each. */
  prepares: number[];
}

/**
 * `npm run bench -- journal [LIVES]`: what durability costs a prepare, and what sharing a sync brings. Each caller starts a container,
 * waits for the answer, cleans it up, waits, and so on; drivers and kernel answer at once. By turns in one run, the best of three.
 */
export async function benchJournal([wanted = '400']: string[]): Promise<void> {
  const lives = Number(wanted);
  print(`${lives} lives of a container each; node ${process.version}`);
  print('');
  print('journal on     callers   events/s   syncs/events   prepare, median (us)   p99 (us)');
  const places = [
    { name: 'nothing', directory: undefined },
    { name: 'tmpfs', directory: '/dev/shm' },
    { name: 'disk', directory: resolve('build') },
  ];
  const best = new Map<string, number>();
  for (const { name, directory } of places) {
    if (name === 'tmpfs' && !isTmpfs(directory as string)) continue;
    for (const callers of CALLERS) {
      const figures = await bestOf(() => measure(directory, callers, lives));
      best.set(`${name} ${callers}`, figures.events / figures.ms);
      print(row(name, callers, figures));
    }
  }
  print('');
  for (const name of ['tmpfs', 'disk']) {
    const [one, many] = CALLERS.map((callers) => best.get(`${name} ${callers}`));
    if (one && many)
      print(
        `gain of a shared sync on ${name}: ${(many / one).toFixed(1)} x the events with ${CALLERS[1]} callers`,
      );
  }
}

async function bestOf(run: () => Promise<Figures>): Promise<Figures> {
  let best: Figures | undefined;
  for (let round = 0; round < ROUNDS; round += 1) {
    const figures = await run();
    if (!best || figures.events / figures.ms > best.events / best.ms) best = figures;
  }
  return best as Figures;
}

async function measure(place: string | undefined, callers: number, lives: number): Promise<Figures> {
  const folder = place === undefined ? undefined : mkdtempSync(join(place, 'moorage-bench-'));
  const policy = loadPolicy('build/policy.wasm');
  const allocate = nativeAllocate();
  const journal = folder === undefined ? noJournal() : openJournal(folder, policy.digest, allocate);
  const isolator = createIsolator({
    binding: easyBinding(),
    policy,
    directory: createDirectory(),
    journal,
    startAt: 0,
    nextCall: 1,
    log: () => undefined,
    notice: () => undefined,
    fatal: (error) => {
      throw error;
    },
  });
  await isolator.ask({ type: 'configure', config });
  await isolator.ask(recover);
  const before = journal.counts();
  const prepares: number[] = [];
  const begun = performance.now();
  await Promise.all(Array.from({ length: callers }, (_, i) => live(isolator, i, lives / callers, prepares)));
  await isolator.idle(60_000);
  const ms = performance.now() - begun;
  const { events, syncs } = journal.counts();
  await isolator.close();
  if (folder !== undefined) rmSync(folder, { recursive: true });
  return { events: events - before.events, syncs: syncs - before.syncs, ms, prepares };
}

function openJournal(
  directory: string,
  policy: string,
  allocate: Binding['allocateFile'] | undefined,
): JournalWriter {
  const run = { abi: ABI_VERSION, policy, bootId: 'b' };
  const end = { number: 1, size: undefined };
  return continueJournal({ directory, run, end, events: 0, effectsBefore: 0, allocate });
}

/** Absent where the native parts are not built. */
function nativeAllocate(): Binding['allocateFile'] | undefined {
  try {
    return (createRequire(import.meta.url)(resolve('build/moorage.node')) as Binding).allocateFile;
  } catch {
    return undefined;
  }
}

function isTmpfs(directory: string): boolean {
  try {
    return statfsSync(directory).type === TMPFS;
  } catch {
    return false;
  }
}

function row(name: string, callers: number, { events, syncs, ms, prepares }: Figures): string {
  const sorted = [...prepares].sort((left, right) => left - right);
  const at = (part: number) => ((sorted[Math.floor(part * (sorted.length - 1))] as number) * 1000).toFixed(0);
  return [
    name.padEnd(14),
    String(callers).padStart(8),
    ((events / ms) * 1000).toFixed(0).padStart(10),
    (syncs / events).toFixed(3).padStart(14),
    at(0.5).padStart(22),
    at(0.99).padStart(10),
  ].join(' ');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
