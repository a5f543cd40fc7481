import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32c } from '../host/journal/crc32c.ts';
import { segmentFiles } from '../host/journal/journal_files.ts';
import { continueJournal } from '../host/journal/journal_writer.ts';
import { replay } from '../host/journal/replay.ts';
import { readSegment } from '../host/journal/segment_reader.ts';
import { ABI_VERSION, loadPolicy, type Policy } from '../host/policy/policy.ts';
import { lives } from './lives.ts';

const POLICY = 'build/policy.wasm';
const LIVE = 100;
const ROUNDS = 5;

/**
 * `npm run bench -- replay [EVENTS]`: how many events one core replays in a second of its time, read from files and compared with every digest, and what
 * its parts take by themselves. The journal is one of containers that come and go beside a hundred that stay.
 */
export async function benchReplay([wanted = '300000']: string[]): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'moorage-bench-'));
  try {
    const frames = await writeJournal(directory, Number(wanted));
    const files = segmentFiles(directory);
    print(
      `${frames.length} events in ${files.length} segments; processor time, all threads; node ${process.version}; best of ${ROUNDS}`,
    );
    print('');
    print('                              events/s   microseconds an event');
    const effects = stepAll(frames);
    row('reading and checksums', frames.length, () => files.map((file) => readSegment(file)));
    row('stepping', frames.length, () => stepAll(frames));
    row('digests of the effects', frames.length, () => effects.map((frame) => crc32c(frame)));
    row('replay', frames.length, () => replayFiles(files, frames.length));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function replayFiles(files: readonly string[], events: number): void {
  const policy = loadPolicy(POLICY);
  const result = replay(segments(files), { policyFor: () => policy, stopAtDivergence: true });
  if (result.divergence || result.events !== events)
    throw new Error(`diverged after ${result.events} events`);
}

function* segments(files: readonly string[]) {
  for (const file of files) yield readSegment(file);
}

function stepAll(frames: readonly Uint8Array[]): Uint8Array[] {
  const policy = loadPolicy(POLICY);
  return frames.map((frame) => policy.step(frame));
}

/** Written as a host does, in segments of its usual size. Returns the frames. */
async function writeJournal(directory: string, events: number): Promise<Uint8Array[]> {
  mkdirSync(directory, { recursive: true });
  const policy = loadPolicy(POLICY);
  const frames: Uint8Array[] = [];
  const journal = continueJournal({
    directory,
    run: { abi: ABI_VERSION, policy: policy.digest, bootId: 'b' },
    end: { number: 1, size: undefined },
    events: 0,
    effectsBefore: 0,
  });
  const written: Policy = {
    ...policy,
    step(frame) {
      frames.push(frame);
      journal.append(frame);
      const effects = policy.step(frame);
      journal.stepped(effects);
      return effects;
    },
  };
  const world = lives(written);
  world.start();
  for (let i = 0; i < LIVE; i += 1) world.prepare(`live-${i}`);
  for (let i = 0; frames.length < events; i += 1) {
    world.prepare(`task-${i}`);
    world.cleanup(`task-${i}`);
    if (i % 1000 === 0) await journal.sync();
  }
  await journal.sync();
  await journal.close();
  return frames;
}

/** By processor time, so that others on the machine do not count. */
function row(name: string, events: number, run: () => void): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round += 1) {
    const begun = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(begun);
    best = Math.min(best, user + system);
  }
  print(
    `${name.padEnd(26)} ${((events / best) * 1_000_000).toFixed(0).padStart(11)} ${(best / events).toFixed(2).padStart(23)}`,
  );
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
