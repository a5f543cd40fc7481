import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { crc32c } from '../host/journal/crc32c.ts';
import { segmentFiles, segmentName } from '../host/journal/journal_files.ts';
import { continueJournal } from '../host/journal/journal_writer.ts';
import { replay } from '../host/journal/replay.ts';
import { restoreJournal } from '../host/journal/restore.ts';
import { readSegment } from '../host/journal/segment_reader.ts';
import { loadPolicy } from '../host/policy/policy.ts';
import { POLICY } from './world.ts';

const folders: string[] = [];

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'moorage-journal-'));
  folders.push(made);
  return made;
}

const EVENTS = [
  {
    type: 'configure',
    at: 0,
    call: 1,
    config: { agentId: 'a', root: '/m', drivers: { ebs: {} }, defaultDriver: 'ebs' },
  },
  {
    type: 'recover',
    at: 0,
    call: 2,
    journal: 'new',
    bootId: 'b',
    containers: [],
    orphans: [],
    mounts: [],
    part: 0,
    last: true,
  },
  {
    type: 'prepare',
    at: 5,
    call: 3,
    container: { id: 'c1', labels: [['volume', 'v1']], env: [], volumes: [], resources: {}, sandbox: '/s' },
  },
  { type: 'done', at: 9, effect: 1, ok: true, value: { exists: true } },
];

/** A journal of one segment with the events above; resolves with its path. */
async function writeJournal(directory: string, sealed = true): Promise<string> {
  const policy = loadPolicy(POLICY);
  const run = { abi: 1, policy: policy.digest, bootId: 'b' };
  const end = { number: 1, size: undefined };
  const writer = continueJournal({ directory, run, end, events: 0, effectsBefore: 0 });
  for (const event of EVENTS) {
    const frame = encodeEvent(event);
    writer.append(frame);
    writer.stepped(policy.step(frame));
  }
  await writer.sync();
  if (sealed) writer.close();
  return join(directory, segmentName(1));
}

const format = suite('host: journal format');

format('the checksum is CRC-32C, as RFC 3720 gives it', () => {
  assert.is(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.is(crc32c(Buffer.from('123456789')), 0xe3069283);
  // Iscsi read command, RFC 3720 appendix B.4: 48 bytes, beyond one stride; and a piece of something longer.
  const command = Buffer.alloc(48);
  command.set([0x01, 0xc0], 0);
  command.set([0x14], 16);
  command.set([0x04], 22);
  command.set([0x14], 27);
  command.set([0x18], 31);
  command.set([0x28], 32);
  command.set([0x02], 40);
  assert.is(crc32c(command), 0xd9963a56);
  for (let from = 0; from < 20; from += 1)
    assert.is(crc32c(command, from, 40), crc32c(Buffer.from(command.subarray(from, 40))));
});

format('what was written is read again, byte for byte', async () => {
  const file = await writeJournal(folder());
  const segment = readSegment(file);
  assert.is(segment.damage, undefined);
  assert.equal(
    segment.records.map(({ frame }) => Buffer.from(frame).toString('hex')),
    [...EVENTS.map((event) => Buffer.from(encodeEvent(event)).toString('hex')), ''],
  );
});

format('cut at any byte it is whole up to a record, never damaged, and never more than it was', async () => {
  const file = await writeJournal(folder());
  const bytes = readFileSync(file);
  for (let size = bytes.length - 1; size >= 0; size -= 1) {
    truncateSync(file, size);
    const segment = readSegment(file);
    assert.is(segment.damage, undefined, `cut at ${size}`);
    assert.ok(segment.wholeSize <= size && segment.records.length <= EVENTS.length);
  }
});

format('a changed byte anywhere is seen: nothing after it is believed', async () => {
  const file = await writeJournal(folder());
  const bytes = readFileSync(file);
  const whole = readSegment(file).records;
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] as number) ^ 0x41;
    writeFileSync(file, changed);
    const segment = readSegment(file);
    assert.ok(segment.damage, `byte ${at} of ${bytes.length}`);
    segment.records.forEach((record, index) => {
      assert.equal(Buffer.from(record.frame), Buffer.from(whole[index]?.frame ?? []));
    });
  }
});

const opening = suite('host: opening a journal');

const restore = (directory: string) => restoreJournal(directory, () => loadPolicy(POLICY));

opening('a new directory is new, a written one whole', async () => {
  const directory = folder();
  assert.is(restore(directory).state, 'new');
  await writeJournal(directory);
  const opened = restore(directory);
  assert.is(opened.state, 'whole');
  assert.is(opened.nextNumber, 2);
});

opening('an unfinished record at the end is cut off, and said', async () => {
  const directory = folder();
  const file = await writeJournal(directory);
  const size = readFileSync(file).length;
  appendFileSync(file, Buffer.from([9, 0, 0, 0, 1, 2]));
  const opened = restore(directory);
  assert.is(opened.state, 'whole');
  assert.match(opened.notes.map(({ message }) => message).join(), /cut off 6 bytes/);
  assert.is(readFileSync(file).length, size);
});

opening('a damaged journal is set aside under another name, and its number is not used again', async () => {
  const directory = folder();
  const file = await writeJournal(directory);
  const bytes = readFileSync(file);
  bytes[100] = (bytes[100] as number) ^ 1;
  writeFileSync(file, bytes);
  const opened = restore(directory);
  assert.is(opened.state, 'damaged');
  assert.match(
    opened.notes.map(({ message }) => message).join(),
    /damaged at byte \d+: the checksum is wrong; all of it is set aside/,
  );
  assert.equal(segmentFiles(directory), []);
  assert.equal(readFileSync(`${file}.damaged`), bytes);
  assert.is(opened.nextNumber, 2);
});

const again = suite('host: replay');

again('the same policy decides the same, to the last step', async () => {
  const directory = folder();
  const file = await writeJournal(directory);
  const policy = loadPolicy(POLICY);
  const result = replay([readSegment(file)], { policyFor: () => policy, stopAtDivergence: true });
  assert.is(result.divergence, undefined);
  assert.is(result.events, EVENTS.length);
});

again('another decision is found at its event, the last one included', async () => {
  for (let wrong = 0; wrong < EVENTS.length; wrong += 1) {
    const file = await writeJournal(folder());
    const policy = loadPolicy(POLICY);
    let step = -1;
    const other = {
      ...policy,
      step(frame: Uint8Array) {
        step += 1;
        const effects = policy.step(frame);
        return step === wrong ? effects.slice(0, -1) : effects;
      },
    };
    const result = replay([readSegment(file)], { policyFor: () => other, stopAtDivergence: true });
    assert.is(result.divergence?.event, wrong + 1);
  }
});

for (const tests of [format, opening, again]) {
  tests.after(() => {
    for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
  });
  tests.run();
}
