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
import { restoreJournal } from '../host/journal/restore.ts';
import type { Restored } from '../host/journal/restored.ts';
import { readSegment } from '../host/journal/segment_reader.ts';
import type { Policy } from '../host/policy/policy.ts';
import { createScribe, freshPolicy } from './journal_maker.ts';
import { dieWith, liveUntil, running } from './simulated_life.ts';

const isWhole = process.env.MOORAGE_EVERY_BYTE === '1';
/** Prime, so that no structure of the files is always missed. */
const STRIDE = isWhole ? 1 : 61;
const LIFE_STRIDE = isWhole ? 1 : 9;
const LIVES = isWhole ? 40 : 4;
const EVENTS = 90;
const MARK = 'mark';
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
      [...changed.keys()].map((name) => (name === MARK ? name : `${name}.damaged`)).sort(),
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

/** Where the records of the last segment end: cut off there it only looks shorter. */
function recordEnds(): Set<number> {
  const file = join(top, 'last.journal');
  writeFileSync(file, files.get(segmentName(3)) as Buffer);
  return new Set([0, ...readSegment(file).records.map(({ offset }) => offset)]);
}

/** Cuts each file at every place. */
function cutAll(from: Files, mayBeShorter: boolean): string[] {
  const ends = recordEnds();
  const outcomes: string[] = [];
  for (const [name, bytes] of from) {
    const isLast = name === segmentName(3);
    for (let size = outcomes.length % STRIDE; size < bytes.length; size += STRIDE) {
      const cut = new Map([...from, [name, bytes.subarray(0, size)]]);
      const isSilent = ends.has(size) || !isLast;
      outcomes.push(judge(cut, `${name} cut off at ${size}`, isLast && mayBeShorter, isSilent));
    }
  }
  return outcomes;
}

every('cut off anywhere: all is there, or it is damaged and said, for what was written is missing', () => {
  const outcomes = cutAll(files, false);
  console.log(`  ${outcomes.length} cuts: ${tally(outcomes)}`);
  for (const seen of ['all', 'damaged', 'all, a snapshot set aside'])
    assert.ok(outcomes.includes(seen), `no cut after which it was ${seen}`);
});

every('cut off anywhere and without its mark: what is left is what was there, and a torn end is said', () => {
  const outcomes = cutAll(new Map([...files].filter(([name]) => name !== MARK)), true);
  console.log(`  ${outcomes.length} cuts: ${tally(outcomes)}`);
  for (const seen of ['all', 'shorter', 'all, a snapshot set aside'])
    assert.ok(outcomes.includes(seen), `no cut after which it was ${seen}`);
});

every('without its segments it is not a new one, nor a shorter one', () => {
  const left = new Map([...files].filter(([name]) => name === MARK));
  const { restored } = restoreFrom(left);
  assert.is(restored.state, 'damaged');
  assert.is(restored.nextNumber, 4);
  const cut = new Map([...files].filter(([name]) => !name.startsWith('000003')));
  const { state, notes } = restoreFrom(cut).restored;
  assert.is(state, 'damaged', 'the last segment is gone, with its snapshot');
  assert.match(notes.at(-1)?.message ?? '', /000003\.journal was written, and is missing/);
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

every(
  'whatever it ends as, and whenever in a life, what goes on with it breaks no rule of the simulator',
  () => {
    let worlds = 0;
    for (let life = seed, lives = 0; lives < LIVES; life = findSeed(life + 1), lives += 1) {
      for (let events = 4 + (lives % LIFE_STRIDE); events < EVENTS; events += LIFE_STRIDE) {
        for (const end of ['whole', 'damaged'] as const) {
          const world = liveUntil(life, events, policies);
          assert.ok(world);
          const broken = dieWith(world, end);
          const what = `seed ${life}, ${end} after ${events} events`;
          assert.is(broken && `${what}: ${broken.invariant}: ${broken.message}`, undefined);
          worlds += 1;
        }
      }
    }
    console.log(`  ${worlds} worlds`);
  },
);

every.after(() => rmSync(top, { recursive: true, force: true }));
every.run();
