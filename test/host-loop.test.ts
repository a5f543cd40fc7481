/** The loop with a real policy and a real journal; the effects of these tests go to a binding that only remembers them. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Binding, HttpRequest, Mount } from '../host/binding.ts';
import { createDirectory } from '../host/directory.ts';
import { unpack } from '../host/frames/codec.ts';
import { decodeEvent, encodeEvent } from '../host/frames/event_frame.ts';
import { FRAME_MAX } from '../host/frames/schema.ts';
import { createIsolator } from '../host/isolator.ts';
import { segmentName } from '../host/journal/journal_files.ts';
import { continueJournal } from '../host/journal/journal_writer.ts';
import { readSegment } from '../host/journal/segment_reader.ts';
import { loadPolicy } from '../host/policy/policy.ts';
import { createRecovery } from '../host/recovery.ts';
import { CONFIG, POLICY, prepareEvent, RECOVER } from './world.ts';

const loop = suite('host: the loop');
const folder = mkdtempSync(join(tmpdir(), 'moorage-loop-'));
const DRIVERS = { ...CONFIG, drivers: { ebs: { address: 'unix:///x' } } };
let files = 0;

/** A loop whose driver calls end when the test says so. */
function makeLoop(mounts: Mount[] = [], ofContainer: Mount[] = []) {
  const posts: { request: HttpRequest; answer(body: object): void }[] = [];
  const binding = {
    post: (request: HttpRequest) =>
      new Promise((resolve) => {
        posts.push({ request, answer: (body) => resolve({ status: 200, body: JSON.stringify(body) }) });
      }),
    mountTable: async () => mounts,
    mountTableOf: async () => ofContainer,
  } as unknown as Binding;
  files += 1;
  const file = join(folder, segmentName(files));
  const policy = loadPolicy(POLICY);
  const directory = createDirectory();
  const fatal: Error[] = [];
  const isolator = createIsolator({
    binding,
    policy,
    directory,
    journal: continueJournal({
      directory: folder,
      run: { abi: 1, policy: policy.digest, bootId: 'b' },
      end: { number: files, size: undefined },
      events: 0,
      effectsBefore: 0,
    }),
    startAt: 1000,
    nextCall: 500,
    log: () => undefined,
    notice: () => undefined,
    fatal: (error) => fatal.push(error),
  });
  const recovery = createRecovery({
    isolator,
    binding,
    directory: directory.directory,
    journal: 'new',
    bootId: 'b',
  });
  const call = (frame: Uint8Array) =>
    new Promise<unknown[]>((resolve) => isolator.call(frame, (reply) => resolve(unpack(reply) as unknown[])));
  return { isolator, recovery, posts, fatal, file, call };
}

type Loop = ReturnType<typeof makeLoop>;

async function ready(made: Loop): Promise<Loop> {
  assert.is((await made.isolator.ask({ type: 'configure', config: DRIVERS })).ok, true);
  assert.is((await made.isolator.ask({ ...RECOVER })).ok, true);
  return made;
}

const frameOf = (event: Record<string, unknown>) => encodeEvent({ ...event, at: 0, call: 0 });

loop('before the recovery a caller is told to send it, and nothing is journaled or performed', async () => {
  const made = makeLoop();
  await made.isolator.ask({ type: 'configure', config: DRIVERS });
  const reply = await made.call(frameOf(prepareEvent('c1', { volume: 'v1' })));
  assert.equal(reply.slice(0, 4), [1, 6, 0, false]);
  assert.match(JSON.stringify(reply), /not-recovered/);
  assert.is(made.posts.length, 0);
  made.isolator.close();
  assert.is(readSegment(made.file).records.length, 2, 'configure and the seal');
});

loop('calls are numbered on from the journal, and time goes on from it', async () => {
  const made = await ready(makeLoop());
  await made.call(frameOf({ type: 'cleanup', id: 'c1' }));
  made.isolator.close();
  const events = readSegment(made.file)
    .records.slice(0, -1)
    .map(({ frame }) => decodeEvent(frame));
  assert.equal(
    events.map((event) => 'call' in event && event.call),
    [500, 501, 502],
  );
  assert.ok(events.every(({ at }) => at >= 1000));
});

loop('an event is in the journal before its effects begin', async () => {
  const made = await ready(makeLoop());
  void made.call(frameOf(prepareEvent('c1', { volume: 'v1' })));
  while (made.posts.length === 0) await new Promise((next) => setImmediate(next));
  const events = readSegment(made.file).records.map(({ frame }) => decodeEvent(frame).type);
  assert.is(events.at(-1), 'prepare');
  made.isolator.close();
});

loop('a frame with a good header and nothing behind it is answered, and the loop goes on', async () => {
  const made = await ready(makeLoop());
  const cut = frameOf(prepareEvent('c1', { volume: 'v1' })).slice(0, 30);
  assert.match(JSON.stringify(await made.call(cut)), /bad-frame/);
  assert.equal(made.fatal, []);
  assert.is((await made.call(frameOf({ type: 'cleanup', id: 'c1' })))[3], true);
  made.isolator.close();
});

loop('what no caller may send, or what is too large, never reaches the journal', async () => {
  const made = await ready(makeLoop());
  const large = frameOf(prepareEvent('c1', { volume: 'x'.repeat(FRAME_MAX) }));
  for (const frame of [encodeEvent({ type: 'done', at: 0, effect: 1, ok: true }), new Uint8Array(3), large]) {
    assert.match(JSON.stringify(await made.call(frame)), /bad-frame/);
  }
  made.isolator.close();
  assert.is(readSegment(made.file).records.length, 3);
});

loop('an answer of a driver that fits into no frame is a failure of that call alone', async () => {
  const made = await ready(makeLoop());
  const reply = made.call(frameOf(prepareEvent('c1', { volume: 'v1' })));
  while (made.posts.length === 0) await new Promise((next) => setImmediate(next));
  made.posts[0]?.answer({ Volume: { Name: 'v1', Mountpoint: `/${'x'.repeat(FRAME_MAX)}` } });
  await new Promise((next) => setTimeout(next, 50));
  assert.equal(made.fatal, []);
  await made.call(frameOf({ type: 'cleanup', id: 'c1' }));
  assert.is((await reply)[3], false);
  made.isolator.close();
});

const MOUNT = { target: '/m/ebs/v', mountId: 9, source: '/dev/loop1', fstype: 'ext4', root: '/', dev: '7:1' };

loop('a recovery of any size goes out in parts that fit, and the last one is answered', async () => {
  const mounts = Array.from({ length: 6000 }, (_, i) => ({
    ...MOUNT,
    target: `/m/ebs/v${i}`,
    dev: `7:${i}`,
  }));
  const ofContainer = Array.from({ length: 3000 }, (_, i) => ({
    ...MOUNT,
    target: `/s/${'d'.repeat(80)}/${i}`,
    dev: `7:${i}`,
  }));
  const made = makeLoop(mounts, ofContainer);
  await made.isolator.ask({ type: 'configure', config: DRIVERS });
  const containers = Array.from({ length: 20 }, (_, i) => ({
    id: `c${i}`,
    labels: [],
    env: [],
    volumes: [],
    sandbox: '/s',
    pid: 7,
  }));
  const frame = frameOf({ ...RECOVER, containers });
  const reply = await new Promise<unknown[]>((resolve) => {
    assert.is(
      made.recovery.take(frame, (bytes) => resolve(unpack(bytes) as unknown[])),
      true,
    );
  });
  assert.is(reply[3], true, JSON.stringify(reply));
  assert.equal(made.fatal, []);
  made.isolator.close();
  const { records, damage } = readSegment(made.file);
  assert.is(damage, undefined);
  assert.ok(records.length > 5 && records.every(({ frame: bytes }) => bytes.length <= FRAME_MAX));
});

loop.after(() => {
  assert.ok(readdirSync(folder).length > 0);
  rmSync(folder, { recursive: true, force: true });
});
loop.run();
