/** What a snapshot and the records after it lead to is what the whole journal leads to. */
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pack } from '../host/frames/codec.ts';
import { crc32c } from '../host/journal/crc32c.ts';
import { block } from '../host/journal/format.ts';
import { listJournal, segmentName, snapshotName } from '../host/journal/journal_files.ts';
import { restoreJournal } from '../host/journal/restore.ts';
import type { Restored } from '../host/journal/restored.ts';
import { encodeSnapshot, isBad, readSnapshotFile } from '../host/journal/snapshot_file.ts';
import { createScribe, freshPolicy, hexOf, type Scribe, simulatedFrames } from './journal_maker.ts';

const snapshots = suite('host: snapshots of the journal');
const top = mkdtempSync(join(tmpdir(), 'moorage-snapshots-'));
let made = 0;

function folder(): string {
  made += 1;
  return mkdtempSync(join(top, `${made}-`));
}

const restore = (directory: string) => restoreJournal(directory, freshPolicy);

function stateOf({ replayed, directory, at, lastCall }: Restored): object {
  return { policy: hexOf(replayed.policy?.snapshot()), learnt: directory.keep(), at, lastCall };
}

/** A journal with a snapshot after every `every` events, or as soon as there can be one. */
async function written(directory: string, frames: readonly Uint8Array[], every: number): Promise<Scribe> {
  const scribe = createScribe(directory);
  let since = 0;
  for (const frame of frames) {
    scribe.take(frame);
    since += 1;
    if (since >= every && (await scribe.turn())) since = 0;
  }
  await scribe.writer.sync();
  return scribe;
}

snapshots(
  'restored from a snapshot it is the same as stepped from the first event, wherever it was taken',
  async () => {
    for (const seed of [3, 40]) {
      const frames = simulatedFrames(seed, 150);
      const directory = folder();
      const scribe = createScribe(directory);
      let taken = 0;
      for (const frame of frames.slice(0, 400)) {
        scribe.take(frame);
        if (!(await scribe.turn())) continue;
        taken += 1;
        const restored = restore(directory);
        assert.is(restored.replayed.events, scribe.writer.counts().events);
        assert.equal(stateOf(restored), scribe.state());
      }
      assert.ok(taken > 40, `only ${taken} snapshots`);
    }
  },
);

snapshots('from then on it decides the same, byte for byte, its wake-ups too', async () => {
  const frames = simulatedFrames(7, 150);
  const directory = folder();
  const half = Math.floor(frames.length / 2);
  const scribe = await written(directory, frames.slice(0, half), 10);
  const { replayed } = restore(directory);
  for (const frame of frames.slice(half))
    assert.is(hexOf(replayed.policy?.step(frame)), hexOf(scribe.policy.step(frame)));
});

snapshots('two are kept, with the segments from the older on, and what it says is still whole', async () => {
  const frames = simulatedFrames(8, 150);
  const directory = folder();
  const scribe = await written(directory, frames, 25);
  while (listJournal(directory).segments.length > 2) await new Promise((next) => setImmediate(next));
  const { segments, snapshots: kept } = listJournal(directory);
  assert.is(kept.length, 2);
  assert.is(segments[0], kept[0]);
  assert.equal(segments.slice(1), [kept[1]]);
  const restored = restore(directory);
  assert.is(restored.state, 'whole');
  assert.is(restored.replayed.events, frames.length);
  assert.equal(stateOf(restored), scribe.state());
});

/** Each makes a snapshot bad in another way. */
const FAULTS: Record<string, (file: string) => void> = {
  'is empty': (file) => writeFileSync(file, ''),
  'was cut off': (file) => writeFileSync(file, readFileSync(file).subarray(0, -1)),
  'has more behind its end': (file) =>
    writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from([0])])),
  'has one bit flipped in its state': (file) => {
    const bytes = readFileSync(file);
    bytes[bytes.length - 5] = (bytes[bytes.length - 5] as number) ^ 4;
    writeFileSync(file, bytes);
  },
  'holds a state that the policy refuses': (file) => change(file, { state: pack([1, 2, 3]) }),
  'stands after other events than it should': (file) => change(file, { effectsBefore: 12345 }),
  'counts other events than there were': (file) => change(file, { events: 3 }),
  'holds the state of another moment': (file) => {
    const other = freshPolicy();
    change(file, { state: other.snapshot() as Uint8Array });
  },
  'is of a host that learnt other things': (file) => change(file, { learnt: { root: 7 } }),
  'has the name of another segment': (file) => change(file, { segment: 99 }),
};

function change(file: string, fields: object): void {
  const number = Number.parseInt(file.split('/').pop() as string, 10);
  const read = readSnapshotFile(file, number);
  if (isBad(read)) throw new Error(read.why);
  writeFileSync(file, encodeSnapshot({ ...read, ...fields }));
}

for (const [fault, apply] of Object.entries(FAULTS)) {
  snapshots(`one that ${fault} is set aside and named, and the one before it taken`, async () => {
    const frames = simulatedFrames(9, 130);
    const directory = folder();
    const scribe = await written(directory, frames, 40);
    scribe.take(frames[0] as Uint8Array);
    await scribe.writer.sync();
    const last = listJournal(directory).snapshots.at(-1) as number;
    const file = join(directory, snapshotName(last));
    apply(file);
    const restored = restore(directory);
    assert.is(restored.state, 'whole');
    assert.equal(stateOf(restored), scribe.state());
    assert.is(restored.notes.length, 1);
    assert.is(restored.notes[0]?.code, 'snapshot-bad');
    assert.ok(restored.notes[0]?.message.includes(file), restored.notes[0]?.message);
    assert.not(existsSync(file));
    assert.ok(existsSync(`${file}.damaged`));
    assert.equal(restore(directory).notes, [], 'said once');
  });
}

snapshots(
  'without any good one and without the first segment the journal is damaged, and all of it kept',
  async () => {
    const directory = folder();
    await written(directory, simulatedFrames(9, 130), 40);
    const { segments, snapshots: both } = listJournal(directory);
    assert.is(both.length, 2);
    for (const number of both) writeFileSync(join(directory, snapshotName(number)), 'MOORSNP1');
    const restored = restore(directory);
    assert.is(restored.state, 'damaged');
    assert.is(restored.replayed.policy, undefined);
    assert.equal(
      restored.notes.map(({ code }) => code),
      ['snapshot-bad', 'snapshot-bad', 'journal-damaged'],
    );
    assert.equal(
      readdirSync(directory).sort(),
      [
        ...[...segments.map(segmentName), ...both.map(snapshotName)].map((name) => `${name}.damaged`),
        'mark',
      ].sort(),
    );
    assert.ok(restored.nextNumber > Math.max(...segments), 'its numbers are not used again');
  },
);

snapshots(
  'without any good one but with all segments everything is stepped from the first event',
  async () => {
    const directory = folder();
    const frames = simulatedFrames(9, 130);
    const scribe = createScribe(directory);
    for (const frame of frames.slice(0, 50)) scribe.take(frame);
    assert.ok(await scribe.turn());
    for (const frame of frames.slice(50)) scribe.take(frame);
    await scribe.writer.sync();
    unlinkSync(join(directory, snapshotName(2)));
    const restored = restore(directory);
    assert.is(restored.state, 'whole');
    assert.equal(stateOf(restored), scribe.state());
  },
);

snapshots('a segment that is missing or short of events is damage, not a shorter journal', async () => {
  const frames = simulatedFrames(9, 130);
  const directory = folder();
  const scribe = createScribe(directory);
  for (const [index, frame] of frames.entries()) {
    scribe.take(frame);
    if (index !== 30 && index !== 60) continue;
    assert.ok(await scribe.turn());
    for (const number of listJournal(directory).snapshots) unlinkSync(join(directory, snapshotName(number)));
  }
  await scribe.writer.sync();
  const copyOf = (change: (copy: string) => void) => {
    const copy = folder();
    for (const name of readdirSync(directory)) copyFileSync(join(directory, name), join(copy, name));
    change(copy);
    const { state, notes } = restore(copy);
    return `${state} ${notes.map(({ message }) => message).join()}`;
  };
  const second = (copy: string) => join(copy, segmentName(2));
  assert.match(
    copyOf(() => undefined),
    /^whole $/,
  );
  assert.match(
    copyOf((copy) => unlinkSync(second(copy))),
    /^damaged .*000002.journal is missing/,
  );
  assert.match(
    copyOf((copy) => unlinkSync(join(copy, segmentName(1)))),
    /^damaged .*000001.journal|^damaged .*follows on/,
  );
  assert.match(
    copyOf((copy) =>
      writeFileSync(second(copy), readFileSync(second(copy)).subarray(0, headEnd(second(copy)))),
    ),
    /^damaged .*000003.journal follows on \d+ events, and there are \d+ before it/,
  );
  assert.match(
    copyOf((copy) => renameSync(join(copy, segmentName(3)), join(copy, segmentName(7)))),
    /^damaged .*000003.journal is missing/,
  );
});

/** Where the header of a segment ends. */
function headEnd(file: string): number {
  return 8 + 12 + readFileSync(file).readUInt32LE(8);
}

snapshots('one of a format to come is refused, not thrown away', async () => {
  const directory = folder();
  await written(directory, simulatedFrames(9, 130), 40);
  const last = listJournal(directory).snapshots.at(-1) as number;
  const file = join(directory, snapshotName(last));
  const header = block(pack([2, last, 'more']));
  writeFileSync(file, Buffer.concat([Buffer.from('MOORSNP1'), header, block(pack({})), block(pack([]))]));
  const before = readdirSync(directory).sort();
  assert.throws(
    () => restore(directory),
    /snapshot .*: it is written in format 2, which this version does not read; start/,
  );
  assert.equal(readdirSync(directory).sort(), before);
  assert.is(crc32c(header.subarray(12)), header.readUInt32LE(8));
});

snapshots.after(() => rmSync(top, { recursive: true, force: true }));
snapshots.run();
