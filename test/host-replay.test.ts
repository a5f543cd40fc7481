/** `moorage replay`: what it says of a journal, under the policy that wrote it and under another. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createProgress } from '../cli/replay/progress.ts';
import { encodeHeader, encodeRecord } from '../host/journal/format.ts';
import { segmentName } from '../host/journal/journal_files.ts';
import { readSegment } from '../host/journal/segment_reader.ts';
import { createScribe, simulatedFrames } from './journal_maker.ts';
import { patched } from './patched_policy.ts';
import { POLICY } from './world.ts';

const replays = suite('host: moorage replay');
const top = mkdtempSync(join(tmpdir(), 'moorage-replay-'));
const frames = simulatedFrames(9, 130);
/** Milliseconds that a driver has for a look at a volume. */
const GET_MS = 60_000;
const hasty = join(top, 'hasty.wasm');
writeFileSync(hasty, patched(GET_MS, GET_MS / 2));
/** It tries again at once what has failed. */
const restless = join(top, 'restless.wasm');
writeFileSync(restless, patched(200, 0));
let made = 0;

function moorage(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['build/moorage.mjs', 'replay', ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

/** A state directory with a journal that went on to another segment after some of its events. */
async function stateOf(events: readonly Uint8Array[], turns: number[] = []) {
  made += 1;
  const state = join(top, `state-${made}`);
  const journal = join(state, 'journal');
  mkdirSync(journal, { recursive: true });
  const scribe = createScribe(journal);
  for (const [index, frame] of events.entries()) {
    scribe.take(frame);
    if (turns.includes(index + 1)) assert.ok(await scribe.turn());
  }
  await scribe.writer.close();
  mkdirSync(join(state, 'policies'));
  copyFileSync(POLICY, join(state, 'policies', `${scribe.policy.digest}.wasm`));
  return { state, journal };
}

/** The same segment with another digest in one of its records. */
function withDigest(file: string, at: number, digest: number): Buffer {
  const { header, records } = readSegment(file);
  const parts = [encodeHeader(header as NonNullable<typeof header>)];
  for (const [index, { effectsBefore, wallMs, frame }] of records.entries())
    parts.push(encodeRecord(index === at ? digest : effectsBefore, wallMs, frame));
  return Buffer.concat(parts);
}

replays('a journal of several segments replays, also when the first of them are gone', async () => {
  const { journal } = await stateOf(frames, [40, 80, 110]);
  const { status, stdout } = moorage(journal);
  assert.is(status, 0);
  assert.match(stdout, new RegExp(`: ${frames.length} events in 2 segments, identical\\n$`));
});

replays('the first divergence is told with number, type, time, field and both digests', async () => {
  const { journal } = await stateOf(frames);
  const file = join(journal, segmentName(1));
  const { records } = readSegment(file);
  const recorded = records[50]?.effectsBefore as number;
  writeFileSync(file, withDigest(file, 50, 0x12345678));
  const { status, stdout, stderr } = moorage(journal);
  assert.is(status, 1);
  assert.match(
    stdout,
    /: diverged at event 50, \w+ .*at \d+ ms \(20..-.*Z\)\n {2}field {5}CRC-32C of the effects\n/,
  );
  assert.match(stdout, /\n {2}recorded {2}12345678\n/);
  assert.ok(stdout.includes(`\n  now       ${recorded.toString(16).padStart(8, '0')}: [`), stdout);
  assert.match(stdout, /\n {2}why .*does not decide so again/);
  assert.match(stderr, /1 of 1 traces diverged/);
  const { divergence } = JSON.parse(moorage('--json', journal).stdout);
  assert.is(divergence.event, 50);
  assert.is(divergence.recorded, '12345678');
  assert.is(divergence.input.type, divergence.type);
});

replays('another policy is told by rule, with both values, and without what follows from it', async () => {
  const { journal } = await stateOf(frames, [30, 60, 90]);
  const whole = (await stateOf(frames)).journal;
  const unmounts = (text: string) => text.split('"op":"unmount"').length - 1;
  for (const trace of [journal, whole]) {
    const { status, stdout } = moorage('--json', '--policy', hasty, trace);
    assert.is(status, 1);
    const { whatIf, divergence } = JSON.parse(stdout);
    assert.is(divergence, undefined);
    for (const { rule } of whatIf.rules) assert.match(rule, /^driver (get|unmount): deadlineMs$/);
    assert.ok(whatIf.rules[0].count >= 2, stdout);
    assert.is(whatIf.putBack, 0, 'it asks the same of the world');
    const [first] = whatIf.first;
    assert.is(first.now, GET_MS / 2);
    assert.ok(first.recorded > first.now);
    assert.match(first.field, /^effects\[\d+\]\.deadlineMs$/);
    assert.is(unmounts(stdout), 0, 'only the field, not the whole effect');
  }
  const { stdout } = moorage('--policy', hasty, whole);
  assert.match(
    stdout,
    /decides \d+ events differently\n {2}count {2}first at {2}rule\n +\d+ +\d+ {2}driver (?:get|unmount): deadlineMs\n/,
  );
  assert.match(stdout, /\n {4}recorded {2}\d+\n {4}now {7}30000\n/);
});

replays(
  'a policy that asks for something else is judged event by event, from the recorded state',
  async () => {
    const { journal } = await stateOf(frames);
    const { status, stdout } = moorage('--json', '--policy', restless, journal);
    assert.is(status, 1);
    const { whatIf, events } = JSON.parse(stdout);
    assert.ok(whatIf.putBack > 0, stdout);
    assert.ok(whatIf.events * 3 < events, `${whatIf.events} of ${events} events`);
    const text = moorage('--policy', restless, journal).stdout;
    assert.match(text, /\d+ times? it asked for something else .* put into the recorded state again\n$/);
  },
);

replays('the very policy that decided is no other one', async () => {
  const { journal } = await stateOf(frames, [40]);
  const { status, stdout } = moorage('--json', '--policy', POLICY, journal);
  assert.is(status, 0);
  const { identical, whatIf } = JSON.parse(stdout);
  assert.is(identical, true);
  assert.is(whatIf.events, 0);
});

replays('without the policy that decided there is the first difference, and what is missing', async () => {
  const { state, journal } = await stateOf(frames);
  rmSync(join(state, 'policies'), { recursive: true });
  const file = join(journal, segmentName(1));
  const { header, records } = readSegment(file);
  const unknown = 'ab'.repeat(32);
  const renamed = { ...(header as NonNullable<typeof header>), policy: unknown };
  writeFileSync(
    file,
    Buffer.concat([
      encodeHeader(renamed),
      ...records.map(({ effectsBefore, wallMs, frame }) => encodeRecord(effectsBefore, wallMs, frame)),
    ]),
  );
  const alone = moorage(journal);
  assert.is(alone.status, 2);
  assert.match(alone.stderr, /policy (ab){32}: decided in this journal, but is not in/);
  const { status, stdout } = moorage('--policy', hasty, journal);
  assert.is(status, 1);
  assert.match(stdout, /diverged at event \d+/);
  assert.match(stdout, /why {7}the policy that decided is not in the archive; with (ab){32}\.wasm/);
  assert.is(moorage('--policy', POLICY, journal).status, 0, 'the digests agree');
});

replays('a segment that is missing in the middle is refused, not told as a divergence', async () => {
  const { journal } = await stateOf(frames);
  const first = readSegment(join(journal, segmentName(1)));
  const header = encodeHeader({ ...(first.header as NonNullable<typeof first.header>), events: 999 });
  writeFileSync(join(journal, segmentName(2)), header);
  const { status, stderr } = moorage(journal);
  assert.is(status, 2);
  assert.match(stderr, /000002\.journal: follows on 999 events, and there are \d+ before it/);
});

replays(
  'many traces are told in their order, and one that cannot be read hides none of the others',
  async () => {
    const good = (await stateOf(frames)).journal;
    const bad = (await stateOf(frames)).journal;
    const file = join(bad, segmentName(1));
    writeFileSync(file, withDigest(file, 50, 1));
    const missing = join(top, 'missing');
    const traces = [good, bad, good, missing, good, good];
    const { status, stdout, stderr } = moorage('--json', ...traces);
    assert.is(status, 2);
    assert.match(stderr, /1 of 6 traces cannot be replayed\n.*missing: there is no such journal/);
    const told = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(
      told.map(({ trace }) => trace),
      traces,
    );
    assert.equal(
      told.map(({ identical }) => identical),
      [true, false, true, undefined, true, true],
    );
    assert.match(told[3].error, /no such journal/);
    assert.is(moorage(good, bad).status, 1);
    assert.is(moorage(good, good, good).status, 0);
  },
);

replays(
  'a terminal sees how far it is, at most every tenth of a second, and nothing of it in the end',
  () => {
    let text = '';
    let now = 0;
    const progress = createProgress([1000, 3000], {
      write: (more) => {
        text += more;
      },
      now: () => now,
    });
    progress.at(0, 500, 10);
    assert.is(text, '');
    now = 200;
    progress.at(1, 1500, 5990);
    assert.match(text, /\[############\.{12}\] 50 %, 0 of 2 traces, 6000 events, 30k a second$/);
    now = 250;
    progress.done(0);
    assert.is(text.split('\r').length, 2);
    now = 400;
    progress.done(1);
    assert.match(text, /\[#{24}\] 100 %, 2 of 2 traces/);
    progress.clear();
    assert.ok(text.endsWith('\r\u001b[K'));
  },
);

replays.after(() => rmSync(top, { recursive: true, force: true }));
replays.run();
