/** Two instances of a policy: one decides, one follows and is held against it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createDeciding } from '../host/deciding.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { FRAME_MAX } from '../host/frames/schema.ts';
import { encodeAside, encodeHeader } from '../host/journal/format.ts';
import { continueJournal } from '../host/journal/journal_writer.ts';
import { replay } from '../host/journal/replay.ts';
import { restoreJournal } from '../host/journal/restore.ts';
import { readSegment } from '../host/journal/segment_reader.ts';
import { loadPolicy, type Policy } from '../host/policy/policy.ts';
import { PolicyError } from '../host/policy/policy_error.ts';
import { CONFIG, POLICY, prepareEvent, RECOVER } from './world.ts';

const deciding = suite('host: one policy decides, one follows');
const top = mkdtempSync(join(tmpdir(), 'moorage-deciding-'));
const RUN = { abi: 2, policy: 'p', bootId: 'b' };

const configure = encodeEvent({ type: 'configure', at: 0, call: 1, config: CONFIG });
const prepare = (call: number) =>
  encodeEvent({ ...prepareEvent(`c${call}`, { volume: `v${call}` }), at: call, call });

/** A second instance that changes what `change` says, after its first tick. */
function instance(change: (effects: Uint8Array, step: number) => Uint8Array): Policy {
  const policy = loadPolicy(POLICY);
  let steps = -1;
  return {
    ...policy,
    step(frame) {
      steps += 1;
      return change(policy.step(frame), steps);
    },
  };
}

function pair(startFollower: () => Policy) {
  const said: string[] = [];
  const joined = createDeciding({
    policy: loadPolicy(POLICY),
    start: startFollower,
    onDiverged: (message) => said.push(`diverged: ${message}`),
    onAlone: (message) => said.push(`alone: ${message}`),
  });
  let number = 0;
  const step = (frame: Uint8Array) => {
    number += 1;
    const { effects } = joined.step(frame, number);
    joined.rest();
    return effects;
  };
  step(configure);
  step(encodeEvent({ ...RECOVER, at: 1, call: 2 }));
  return { said, joined, step };
}

const turns = async (count = 3) => {
  for (let i = 0; i < count; i += 1) await new Promise((next) => setImmediate(next));
};

deciding('what both decide alike nobody hears of, and the second can decide at any time', async () => {
  const { said, joined, step } = pair(() => loadPolicy(POLICY));
  const third = loadPolicy(POLICY);
  third.step(configure);
  third.step(encodeEvent({ ...RECOVER, at: 1, call: 2 }));
  for (let call = 3; call < 200; call += 1) {
    if (call % 10 === 0) joined.takeOver(new PolicyError('made up'));
    if (call % 7 === 0) await turns(1);
    step(prepare(call));
    third.step(prepare(call));
  }
  assert.equal(Buffer.from(joined.snapshot() as Uint8Array), Buffer.from(third.snapshot() as Uint8Array));
  await turns(20);
  assert.equal(said, []);
  joined.stop();
});

deciding('an event that is decided differently is named, and another follower takes its place', async () => {
  let made = 0;
  const { said, joined, step } = pair(() => {
    made += 1;
    return made > 1
      ? loadPolicy(POLICY)
      : instance((effects, at) => (at === 3 ? effects.subarray(1) : effects));
  });
  for (let call = 3; call < 6; call += 1) step(prepare(call));
  await turns();
  assert.is(said.length, 1);
  assert.match(said[0] as string, /^diverged: event 4 \(prepare\) was decided differently/);
  step(prepare(6));
  assert.is(made, 2);
  joined.takeOver(new PolicyError('made up'));
  step(prepare(7));
  await turns();
  assert.is(said.length, 1);
  joined.stop();
});

deciding('one that always decides differently is not followed for ever', async () => {
  const { said, joined, step } = pair(() =>
    instance((effects, at) => (at > 0 ? effects.subarray(1) : effects)),
  );
  for (let call = 3; call < 20; call += 1) {
    step(prepare(call));
    await turns();
  }
  assert.is(said.filter((each) => each.startsWith('diverged')).length, 4);
  assert.match(said.at(-1) as string, /^alone: policy .* followed differently 4 times/);
  assert.throws(() => joined.takeOver(new PolicyError('why')), /^why; there is no second instance/);
});

deciding('a follower that decides differently does not take over', () => {
  const { joined, step } = pair(() => instance((effects, at) => (at > 0 ? effects.subarray(1) : effects)));
  step(prepare(3));
  assert.throws(
    () => joined.takeOver(new PolicyError('why')),
    /^why; nor can the second .*decided differently/,
  );
});

deciding('where no second instance can be made it is said once, and the first goes on', () => {
  const { said, step } = pair(() => {
    throw new PolicyError('policy x: is gone');
  });
  step(prepare(3));
  assert.equal(said.length, 1);
  assert.match(said[0] as string, /^alone: .*policy x: is gone/);
});

const journal = suite('host: events set aside in the journal');

journal('a replay passes over what was set aside, and the digests go on', async () => {
  const directory = mkdtempSync(join(top, 'j-'));
  const end = { number: 1, size: undefined };
  const writer = continueJournal({ directory, run: RUN, end, events: 0, effectsBefore: 0 });
  const policy = loadPolicy(POLICY);
  const frames = [configure, encodeEvent({ ...RECOVER, at: 1, call: 2 }), prepare(3), prepare(4), prepare(5)];
  for (const [index, frame] of frames.entries()) {
    writer.append(frame);
    if (index === 3) writer.setAside(frame, 'why not');
    else writer.stepped(policy.step(frame));
  }
  await writer.sync();
  assert.is(writer.counts().events, 4);
  await writer.close();
  const segment = readSegment(writer.file());
  assert.equal(
    segment.records.map(({ kind, reason }) => reason ?? kind),
    ['event', 'event', 'event', 'why not', 'event', 'seal'],
  );
  const aside: Uint8Array[] = [];
  const result = replay([segment], {
    policyFor: () => loadPolicy(POLICY),
    stopAtDivergence: true,
    onAside: ({ frame }) => aside.push(frame),
  });
  assert.is(result.divergence, undefined);
  assert.is(result.events, 4);
  assert.equal(
    aside.map((frame) => Buffer.compare(frame, frames[3] as Uint8Array)),
    [0],
  );
});

journal(
  'the call of an event set aside is given to nobody else, and its time is not gone back behind',
  async () => {
    const directory = mkdtempSync(join(top, 'j-'));
    const end = { number: 1, size: undefined };
    const writer = continueJournal({ directory, run: RUN, end, events: 0, effectsBefore: 0 });
    writer.append(configure);
    writer.stepped(loadPolicy(POLICY).step(configure));
    writer.append(prepare(9));
    writer.setAside(prepare(9), 'why not');
    await writer.sync();
    await writer.close();
    const { state, at, lastCall } = restoreJournal(directory, () => loadPolicy(POLICY));
    assert.equal({ state, at, lastCall }, { state: 'whole', at: 9, lastCall: 9 });
  },
);

journal('what is written already cannot be set aside any more', async () => {
  const directory = mkdtempSync(join(top, 'j-'));
  const end = { number: 1, size: undefined };
  const writer = continueJournal({ directory, run: RUN, end, events: 0, effectsBefore: 0 });
  writer.append(configure);
  await writer.sync();
  assert.throws(() => writer.setAside(configure, 'too late'), /is written already/);
  await writer.close();
});

journal('the largest frame and the longest reason are read again; one without a frame is damage', () => {
  const file = join(top, 'one.journal');
  const header = encodeHeader({ ...RUN, wallMs: 0 });
  const frame = new Uint8Array(FRAME_MAX).fill(7);
  writeFileSync(file, Buffer.concat([header, encodeAside(5, 6, frame, 'ä'.repeat(3000))]));
  const [record] = readSegment(file).records;
  assert.is(record?.kind, 'aside');
  assert.is(Buffer.compare(record?.frame as Uint8Array, frame), 0);
  assert.is(record?.reason, 'ä'.repeat(512));
  writeFileSync(file, Buffer.concat([header, encodeAside(5, 6, new Uint8Array(0), 'why')]));
  assert.match(readSegment(file).damage?.why ?? '', /set aside without a frame/);
});

journal.after(() => rmSync(top, { recursive: true, force: true }));
deciding.run();
journal.run();
