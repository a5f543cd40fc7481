/** A host that dies while the journal goes on to another segment: whatever is there then, nothing is missing, and the next host goes on. */
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { FORMAT } from '../host/journal/format.ts';
import { segmentName, snapshotName } from '../host/journal/journal_files.ts';
import { continueJournal } from '../host/journal/journal_writer.ts';
import { restoreJournal } from '../host/journal/restore.ts';
import type { Policy } from '../host/policy/policy.ts';
import { createScribe, freshPolicy, hexOf, simulatedFrames } from './journal_maker.ts';

const crashes = suite('host: dying between two segments');
const top = mkdtempSync(join(tmpdir(), 'moorage-crashes-'));
const frames = simulatedFrames(9, 130).slice(0, 100);
let made = 0;

function folder(): string {
  made += 1;
  return mkdtempSync(join(top, `${made}-`));
}

/** Files of a journal of so many events that went on to another segment after some of them; also those that a host that lives removes. */
async function write(turns: number[], last: number): Promise<Map<string, Buffer>> {
  const directory = folder();
  const kept = new Map<string, Buffer>();
  const scribe = createScribe(directory);
  for (const [index, frame] of frames.slice(0, last).entries()) {
    scribe.take(frame);
    if (!turns.includes(index + 1)) continue;
    await scribe.writer.sync();
    keep(directory, kept);
    assert.ok(await scribe.turn());
  }
  await scribe.writer.sync();
  keep(directory, kept);
  return kept;
}

/** What is removed meanwhile has been kept before. */
function keep(directory: string, kept: Map<string, Buffer>): void {
  for (const name of readdirSync(directory)) {
    try {
      kept.set(name, readFileSync(join(directory, name)));
    } catch (error) {
      assert.is((error as NodeJS.ErrnoException).code, 'ENOENT');
    }
  }
}

const [full, ended] = [await write([30, 60], 100), await write([30], 60)];
const third = full.get(segmentName(3)) as Buffer;
const headEnd = 8 + 12 + third.readUInt32LE(8);

const STATES: Record<string, { files: Map<string, Buffer>; events: number }> = {
  'the next segment is there and empty': { files: plus(ended, segmentName(3), Buffer.alloc(0)), events: 60 },
  'its header is half written': {
    files: plus(ended, segmentName(3), third.subarray(0, headEnd - 3)),
    events: 60,
  },
  'it has its header only': { files: plus(ended, segmentName(3), third.subarray(0, headEnd)), events: 60 },
  'its snapshot is half written': {
    files: plus(less(full, snapshotName(3)), `${snapshotName(3)}.new`, Buffer.from('MOORSNP1 and')),
    events: 100,
  },
  'its snapshot is there, and nothing is removed yet': { files: full, events: 100 },
  'the first segment is removed': { files: less(full, segmentName(1)), events: 100 },
};

function plus(files: Map<string, Buffer>, name: string, bytes: Buffer): Map<string, Buffer> {
  return new Map([...files, [name, bytes]]);
}

function less(files: Map<string, Buffer>, name: string): Map<string, Buffer> {
  return new Map([...files].filter(([other]) => other !== name));
}

/** Goes on as a host does, with one event. */
async function goOn(directory: string): Promise<void> {
  const { replayed, last, nextNumber, at } = restoreJournal(directory, freshPolicy);
  const policy = replayed.policy as Policy;
  const goesOn = last?.segment.header?.format === FORMAT;
  const writer = continueJournal({
    directory,
    run: { abi: 2, policy: policy.digest, bootId: 'c' },
    end: goesOn
      ? { number: last.number, size: last.segment.wholeSize }
      : { number: nextNumber, size: undefined },
    events: replayed.events,
    effectsBefore: replayed.lastEffects,
  });
  const tick = encodeEvent({ type: 'tick', at });
  writer.append(tick);
  writer.stepped(policy.step(tick));
  await writer.sync();
  writer.close();
}

for (const [what, { files, events }] of Object.entries(STATES)) {
  crashes(`when ${what} all events are, and the next host goes on`, async () => {
    const directory = folder();
    for (const [name, bytes] of files) writeFileSync(join(directory, name), bytes);
    const policy = freshPolicy();
    for (const frame of frames.slice(0, events)) policy.step(frame);
    const { state, replayed } = restoreJournal(copyOf(directory), freshPolicy);
    assert.is(state, 'whole');
    assert.is(replayed.events, events);
    assert.is(hexOf(replayed.policy?.snapshot()), hexOf(policy.snapshot()));
    await goOn(directory);
    const again = restoreJournal(directory, freshPolicy);
    assert.is(again.state, 'whole');
    assert.is(again.replayed.events, events + 1);
    assert.equal(again.notes, []);
    assert.not(existsSync(join(directory, `${snapshotName(3)}.new`)), 'what was never finished is gone');
  });
}

function copyOf(directory: string): string {
  const copy = folder();
  for (const name of readdirSync(directory)) copyFileSync(join(directory, name), join(copy, name));
  return copy;
}

crashes.after(() => rmSync(top, { recursive: true, force: true }));
crashes.run();
