/** Journals of older and of later formats, and states that go from one policy to another. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pack } from '../host/frames/codec.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { crc32c } from '../host/journal/crc32c.ts';
import { block, encodeHeader, encodeRecord, MAGIC } from '../host/journal/format.ts';
import { segmentName } from '../host/journal/journal_files.ts';
import { continueJournal } from '../host/journal/journal_writer.ts';
import { handOver, replay } from '../host/journal/replay.ts';
import { restoreJournal } from '../host/journal/restore.ts';
import { readSegment } from '../host/journal/segment_reader.ts';
import { openPolicyArchive } from '../host/policy/policy_archive.ts';
import { freshPolicy, hexOf, simulatedFrames } from './journal_maker.ts';
import { CONFIG, POLICY, prepareEvent, RECOVER } from './world.ts';

const formats = suite('host: formats of the journal');
const top = mkdtempSync(join(tmpdir(), 'moorage-formats-'));
let made = 0;

function folder(): string {
  made += 1;
  return mkdtempSync(join(top, `${made}-`));
}

/** A segment as the first version wrote it: no kinds of records, no count of events. */
function formatOne(frames: readonly Uint8Array[]): Buffer {
  const policy = freshPolicy();
  const parts = [MAGIC, block(pack([1, 2, policy.digest, 'b', 0]))];
  let digest = 0;
  for (const frame of [...frames, new Uint8Array(0)]) {
    const head = Buffer.alloc(12);
    head.writeUInt32LE(digest, 0);
    head.writeDoubleLE(7, 4);
    parts.push(block(Buffer.concat([head, frame])));
    if (frame.length > 0) digest = crc32c(policy.step(frame));
  }
  return Buffer.concat(parts);
}

formats(
  'a journal of format 1 is read to its end, and gone on with in a segment of the present one',
  async () => {
    const frames = simulatedFrames(5, 150);
    const directory = folder();
    writeFileSync(join(directory, segmentName(1)), formatOne(frames));
    const restored = restoreJournal(directory, freshPolicy);
    assert.is(restored.state, 'whole');
    assert.is(restored.replayed.events, frames.length);
    assert.is(restored.last?.segment.header?.format, 1);
    const policy = freshPolicy();
    for (const frame of frames) policy.step(frame);
    assert.is(hexOf(restored.replayed.policy?.snapshot()), hexOf(policy.snapshot()));
    const writer = continueJournal({
      directory,
      run: { abi: 2, policy: policy.digest, bootId: 'c' },
      end: { number: restored.nextNumber, size: undefined },
      events: restored.replayed.events,
      effectsBefore: restored.replayed.lastEffects,
    });
    const tick = encodeEvent({ type: 'tick', at: restored.at });
    writer.append(tick);
    writer.stepped(policy.step(tick));
    await writer.sync();
    writer.close();
    const again = restoreJournal(directory, freshPolicy);
    assert.is(again.state, 'whole');
    assert.is(again.replayed.events, frames.length + 1);
    assert.is(again.last?.segment.header?.format, 3);
  },
);

formats('a segment of a format to come is refused with a sentence, and nothing is changed', () => {
  const directory = folder();
  const later = Buffer.concat([MAGIC, block(pack([4, 'whatever'])), block(Buffer.alloc(40))]);
  writeFileSync(join(directory, segmentName(1)), later);
  assert.throws(
    () => restoreJournal(directory, freshPolicy),
    /000001.journal: is written in format 4, which this version does not read; start the version that wrote it/,
  );
  assert.equal(readdirSync(directory), [segmentName(1)]);
});

formats('a record of an unknown kind is damage', () => {
  const directory = folder();
  const { digest } = freshPolicy();
  const header = encodeHeader({ abi: 2, policy: digest, bootId: 'b', wallMs: 0 });
  const body = Buffer.from(encodeRecord(0, 0, encodeEvent({ type: 'tick', at: 1 })).subarray(12));
  body[0] = 9;
  const file = join(directory, segmentName(1));
  writeFileSync(file, Buffer.concat([header, block(body)]));
  assert.is(readSegment(file).damage?.why, 'a record of the unknown kind 9');
});

formats('a journal whose policy is not kept any more is damaged, not a reason to stay away', () => {
  const directory = folder();
  writeFileSync(join(directory, segmentName(1)), formatOne(simulatedFrames(5, 150)));
  const restored = restoreJournal(directory, () => {
    throw Object.assign(new Error('policy abc: decided in this journal, but is not there'), {
      name: 'PolicyError',
    });
  });
  assert.is(restored.state, 'damaged');
  assert.match(restored.notes[0]?.message ?? '', /policy abc: decided in this journal/);
});

formats('a kept policy that has changed on the disk is not taken for the one that decided', () => {
  const directory = folder();
  const archive = openPolicyArchive(directory);
  const { digest } = archive.take(POLICY);
  const kept = join(directory, `${digest}.wasm`);
  assert.is(archive.start(digest).digest, digest);
  const changed = Buffer.concat([readFileSync(kept), Buffer.from([0, 2, 1, 0x78])]);
  writeFileSync(kept, changed);
  assert.throws(() => archive.start(digest), /has changed since it decided: its digest is/);
  openPolicyArchive(directory).take(POLICY);
  assert.is(archive.start(digest).digest, digest, 'kept anew by a host that is given the right one');
});

formats('a journal that another policy continues amid a recovery keeps what it knew', () => {
  const first = freshPolicy();
  const events = [
    { type: 'configure', at: 0, call: 1, config: CONFIG },
    { ...RECOVER, at: 0, call: 2 },
    { ...prepareEvent('c1', { volume: 'v1' }), at: 5, call: 3 },
    { ...RECOVER, journal: 'whole', at: 9, call: 4, last: false },
    { ...RECOVER, journal: 'whole', at: 9, call: 5, part: 1, last: false },
  ];
  const directory = folder();
  const file = join(directory, segmentName(1));
  writeFileSync(file, formatOne(events.map(encodeEvent)));
  const replayed = replay([readSegment(file)], { policyFor: () => first, stopAtDivergence: true });
  assert.is(first.snapshot(), undefined);
  const second = freshPolicy();
  handOver(replayed, second);
  const expected = freshPolicy();
  for (const event of events.slice(0, 3)) expected.step(encodeEvent(event));
  assert.is(hexOf(second.snapshot()), hexOf(expected.snapshot()));
});

formats.after(() => rmSync(top, { recursive: true, force: true }));
formats.run();
