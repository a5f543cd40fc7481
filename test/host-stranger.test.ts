/** A reader of the journal written from docs/journal.md alone: it shares no code with ours. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpack } from 'msgpackr';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createScribe, simulatedFrames } from './journal_maker.ts';

const stranger = suite('host: the journal as a stranger reads it');
const top = mkdtempSync(join(tmpdir(), 'moorage-stranger-'));

/** Bit by bit, as RFC 3720 B.4 has it. */
function castagnoli(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** Bodies of all blocks behind the eight bytes. */
function bodiesOf(file: string, kind: string, from = 8): Buffer[] {
  const bytes = readFileSync(file);
  assert.is(bytes.toString('latin1', 0, from), kind);
  const bodies: Buffer[] = [];
  for (let at = from; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    assert.is(castagnoli(bytes.subarray(at, at + 4)), bytes.readUInt32LE(at + 4));
    const body = bytes.subarray(at + 12, at + 12 + length);
    assert.is(body.length, length);
    assert.is(castagnoli(body), bytes.readUInt32LE(at + 8));
    bodies.push(body);
    at += 12 + length;
  }
  return bodies;
}

stranger('from the oldest snapshot on: every event, every digest, and the state', async () => {
  const frames = simulatedFrames(9, 130);
  const directory = join(top, 'journal');
  const scribe = createScribe(makeFolder(directory));
  const effects: Uint8Array[] = [];
  const states: Uint8Array[] = [];
  const { policy } = scribe;
  const step = policy.step;
  policy.step = (frame) => {
    effects.push(step(frame));
    return effects.at(-1) as Uint8Array;
  };
  const turns: number[] = [];
  for (const [index, frame] of frames.entries()) {
    scribe.take(frame);
    if (index % 40 !== 39) continue;
    const state = policy.snapshot();
    if (!state || !(await scribe.turn())) continue;
    turns.push(index + 1);
    states.push(state);
  }
  await scribe.writer.sync();
  scribe.writer.close();
  while (readdirSync(directory).filter((name) => name.endsWith('.journal')).length > 2)
    await new Promise((next) => setImmediate(next));

  const names = readdirSync(directory).sort();
  const snapshots = names.filter((name) => name.endsWith('.snapshot'));
  const segments = names.filter((name) => name.endsWith('.journal'));
  assert.is(snapshots.length, 2);
  assert.equal(
    segments.map((name) => name.slice(0, 6)),
    snapshots.map((name) => name.slice(0, 6)),
  );

  snapshots.forEach((name, index) => {
    const [head, learnt, state, ...more] = bodiesOf(join(directory, name), 'MOORSNP1');
    const [format, segment, , digest, , events, before] = unpack(head as Buffer);
    assert.equal([format, segment, digest], [1, Number(name.slice(0, 6)), policy.digest]);
    assert.is(events, turns.at(index - 2));
    assert.is(before, castagnoli(effects[events - 1] as Uint8Array));
    assert.equal(Object.keys(unpack(learnt as Buffer)).sort(), [
      'asked',
      'containers',
      'devs',
      'drivers',
      'mountpoints',
      'root',
    ]);
    assert.is(Buffer.compare(state as Buffer, states.at(index - 2) as Uint8Array), 0);
    assert.is(more.length, 0);
  });

  let at = turns.at(-2) as number;
  for (const name of segments) {
    const [head, ...records] = bodiesOf(join(directory, name), 'MOORAGE1');
    const [format, abi, digest, bootId, , events, installed] = unpack(head as Buffer);
    assert.equal(
      [format, abi, digest, bootId, events, installed],
      [3, 2, policy.digest, 'b', at, policy.digest],
    );
    for (const record of records) {
      const kind = record[0];
      const previous = effects[at - 1];
      assert.is(record.readUInt32LE(1), previous ? castagnoli(previous) : 0);
      assert.ok(Math.abs(record.readDoubleLE(5) - Date.now()) < 600_000);
      if (kind === 3) assert.is(record.length, 13);
      else {
        assert.is(kind, 1);
        assert.is(Buffer.compare(record.subarray(13), frames[at] as Uint8Array), 0);
        at += 1;
      }
    }
  }
  assert.is(at, frames.length);

  const last = join(directory, segments.at(-1) as string);
  const bare = join(top, 'mark');
  writeFileSync(bare, readFileSync(join(directory, 'mark')));
  const [mark] = bodiesOf(bare, '', 0);
  assert.is(mark?.readUInt32LE(0), Number((segments.at(-1) as string).slice(0, 6)));
  const seal = 12 + 13;
  assert.is(mark?.readDoubleLE(4), readFileSync(last).length - seal, 'all but the seal');
});

function makeFolder(path: string): string {
  mkdirSync(path);
  return path;
}

stranger.after(() => rmSync(top, { recursive: true, force: true }));
stranger.run();
