/**
 * One bit flipped, and the file cut off, at every byte of a real journal with two snapshots. Either everything is there, or the end that
 * was cut off is missing and nothing else, or the journal is damaged and says so. And for each way in which it can end: a simulated
 * machine that goes on with it unmounts nothing that a container has.
 *
 * A sample by default; all of it with MOORAGE_EVERY_BYTE=1.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { listJournal, segmentName } from '../host/journal/journal_files.ts';
import { continueJournal } from '../host/journal/journal_writer.ts';
import { type Restored, restoreJournal } from '../host/journal/restore.ts';
import { readSegment } from '../host/journal/segment_reader.ts';
import type { Policy } from '../host/policy/policy.ts';
import { createScribe, freshPolicy } from './journal_maker.ts';
import { dieWith, endsBeforeReboot, liveUntil, running, tellsOfNamesakes } from './simulated_life.ts';

const isWhole = process.env.MOORAGE_EVERY_BYTE === '1';
/** Prime, so that no structure of the files is always missed. */
const STRIDE = isWhole ? 1 : 61;
const WORLD_STRIDE = isWhole ? 1 : 7;
const LIVES = isWhole ? 40 : 4;
const EVENTS = 90;
const TURNS = [30, 60];

const every = suite('host: every byte of a journal');
const top = mkdtempSync(join(tmpdir(), 'moorage-bytes-'));
const policies = {
  deciding: freshPolicy(),
  comparing: freshPolicy(),
  empty: freshPolicy().snapshot() as Uint8Array,
};

/** A life with containers running at its end. */
function findSeed(from: number): number {
  for (let seed = from; ; seed += 1) {
    const world = liveUntil(seed, EVENTS, policies);
    if (world && running(world) >= 2 && world.journal.length < EVENTS + 10) return seed;
  }
}

const seed = findSeed(1);
const frames = liveUntil(seed, EVENTS, policies)?.journal.map(({ frame }) => frame) as Uint8Array[];

/** One instance for all: made new before each use. */
const shared = freshPolicy();
const first = shared.snapshot() as Uint8Array;
function renewed(): Policy {
  shared.restore(first);
  shared.step(encodeEvent({ type: 'tick', at: 0 }));
  return shared;
}

type Files = Map<string, Buffer>;

function filesOf(directory: string): Files {
  return new Map(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))]));
}

/** What was led to: policy and directory. */
function digestOf({ replayed, directory }: Restored): string {
  const hash = createHash('sha256').update(replayed.policy?.snapshot() ?? 'none');
  return hash.update(JSON.stringify(directory.keep())).digest('hex');
}

/** Digests by number of events, each of a journal that ends there in order. */
const prefixes: string[] = [];
let files: Files = new Map();

every.before(async () => {
  const directory = join(top, 'real');
  mkdirSync(directory);
  const scribe = createScribe(directory);
  const note = () => {
    prefixes[scribe.writer.counts().events] = createHash('sha256')
      .update(scribe.policy.snapshot() ?? 'none')
      .update(JSON.stringify((scribe.state() as { learnt: object }).learnt))
      .digest('hex');
  };
  note();
  for (const [index, frame] of frames.entries()) {
    scribe.take(frame);
    note();
    // In the middle another host goes on in the same segment.
    if (TURNS.includes(index + 1)) assert.ok(await scribe.turn(), `no snapshot at event ${index + 1}`);
  }
  await scribe.writer.sync();
  scribe.writer.close();
  await anotherHost(directory);
  files = filesOf(directory);
  assert.equal(listJournal(directory).snapshots, [2, 3]);
  assert.equal(listJournal(directory).segments, [2, 3]);
});

/** A host that goes on, and does nothing but one tick. */
async function anotherHost(directory: string): Promise<void> {
  const { replayed, last, at } = restoreJournal(directory, renewed);
  const policy = replayed.policy as Policy;
  const writer = continueJournal({
    directory,
    run: { abi: 2, policy: policy.digest, bootId: 'c' },
    end: { number: 3, size: last?.segment.wholeSize },
    events: replayed.events,
    effectsBefore: replayed.lastEffects,
  });
  const tick = encodeEvent({ type: 'tick', at });
  writer.append(tick);
  writer.stepped(policy.step(tick));
  await writer.sync();
  writer.close();
  prefixes.push(digestOf(restoreJournal(directory, renewed)));
}

let count = 0;

function restoreFrom(changed: Files): { restored: Restored; directory: string } {
  count += 1;
  const directory = join(top, `changed-${count}`);
  mkdirSync(directory);
  for (const [name, bytes] of changed) writeFileSync(join(directory, name), bytes);
  return { restored: restoreJournal(directory, renewed), directory };
}

/** The outcome in a word; throws when it is one that must not be. */
function judge(changed: Files, what: string, mayBeShorter: boolean, isSilent = true): string {
  const { restored, directory } = restoreFrom(changed);
  const { state, replayed, notes } = restored;
  let outcome = 'damaged';
  if (state === 'damaged') {
    assert.is(replayed.policy, undefined, what);
    assert.ok(
      notes.some(({ code }) => code === 'journal-damaged'),
      `${what}: damaged, and nobody is told`,
    );
    assert.equal(
      readdirSync(directory).sort(),
      [...changed.keys()].map((name) => `${name}.damaged`).sort(),
      `${what}: everything is kept`,
    );
  } else {
    const { events } = replayed;
    assert.is(state, 'whole', what);
    assert.is(digestOf(restored), prefixes[events], `${what}: another state than after ${events} events`);
    if (!mayBeShorter)
      assert.is(events, prefixes.length - 1, `${what}: events are missing, and nobody is told`);
    if (!isSilent)
      assert.ok(
        notes.some(({ message }) => message.includes('cut off')),
        `${what}: cut off, and not said`,
      );
    outcome = events === prefixes.length - 1 ? 'all' : 'shorter';
    if (notes.some(({ code }) => code === 'snapshot-bad')) outcome += ', a snapshot set aside';
  }
  rmSync(directory, { recursive: true });
  return outcome;
}

function tally(outcomes: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, times]) => `${times} ${outcome}`).join('; ');
}

every('one bit flipped anywhere: all is there, or it is damaged and said; never something else', () => {
  const outcomes: string[] = [];
  for (const [name, bytes] of files) {
    for (let at = outcomes.length % STRIDE; at < bytes.length; at += STRIDE) {
      const flipped = Buffer.from(bytes);
      const bit = (at * 7 + name.length) % 8;
      flipped[at] = (flipped[at] as number) ^ (1 << bit);
      outcomes.push(
        judge(new Map([...files, [name, flipped]]), `bit ${bit} of byte ${at} of ${name}`, false),
      );
    }
  }
  console.log(`  ${outcomes.length} flips: ${tally(outcomes)}`);
  for (const seen of ['all', 'damaged', 'all, a snapshot set aside'])
    assert.ok(outcomes.includes(seen), `no flip after which it was ${seen}`);
});

every('cut off anywhere: all is there, or only the end is missing, or it is damaged and said', () => {
  const outcomes: string[] = [];
  const last = join(top, 'last.journal');
  writeFileSync(last, files.get(segmentName(3)) as Buffer);
  const { records } = readSegment(last);
  const ends = new Set([0, ...records.map(({ offset }) => offset)]);
  for (const [name, bytes] of files) {
    const isLast = name === segmentName(3);
    for (let size = outcomes.length % STRIDE; size < bytes.length; size += STRIDE) {
      const cut = new Map([...files, [name, bytes.subarray(0, size)]]);
      outcomes.push(judge(cut, `${name} cut off at ${size}`, isLast, ends.has(size) || !isLast));
    }
  }
  console.log(`  ${outcomes.length} cuts: ${tally(outcomes)}`);
  for (const seen of ['all', 'shorter', 'all, a snapshot set aside'])
    assert.ok(outcomes.includes(seen), `no cut after which it was ${seen}`);
});

every('both snapshots and segments wrong at once: damaged, and said', () => {
  for (let at = 5; at < 3000; at += isWhole ? 7 : 301) {
    const all = [...files].map(([name, bytes]): [string, Buffer] => {
      const flipped = Buffer.from(bytes);
      const place = at % bytes.length;
      flipped[place] = (flipped[place] as number) ^ 1;
      return [name, flipped];
    });
    assert.is(judge(new Map(all), `byte ${at} of every file`, false), 'damaged');
  }
});

every('however much of it is left, what goes on with it unmounts nothing that a container has', () => {
  let worlds = 0;
  for (let life = seed, lives = 0; lives < LIVES; life = findSeed(life + 1), lives += 1) {
    const ends: (number | 'damaged')[] = ['damaged'];
    for (let events = lives % WORLD_STRIDE; events < EVENTS; events += WORLD_STRIDE) ends.push(events);
    for (const events of [...ends, Number.POSITIVE_INFINITY]) {
      const world = liveUntil(life, EVENTS, policies);
      assert.ok(world);
      if (events !== 'damaged' && (tellsOfNamesakes(world, events) || endsBeforeReboot(world, events)))
        continue;
      const broken = dieWith(world, events === 'damaged' ? events : Math.min(events, world.journal.length));
      const what = `seed ${life}, ${events} events left`;
      assert.is(broken && `${what}: ${broken.invariant}: ${broken.message}`, undefined);
      worlds += 1;
    }
  }
  console.log(`  ${worlds} worlds`);
  assert.ok(worlds > 15, `only ${worlds} worlds`);
});

every.after(() => rmSync(top, { recursive: true, force: true }));
every.run();
