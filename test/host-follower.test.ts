/** A policy that goes wrong at one event: the second instance decides from then on, and nobody notices but the one who asked. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeEvent, nameOf } from '../host/frames/event_frame.ts';
import type { JournalRecord } from '../host/journal/format.ts';
import { segmentFiles } from '../host/journal/journal_files.ts';
import { readSegment } from '../host/journal/segment_reader.ts';
import { type EasyHost, startEasy } from './easy_host.ts';
import { failingPolicy } from './failing_policy.ts';

const takeOver = suite('host: the follower takes over');
const top = mkdtempSync(join(tmpdir(), 'moorage-follower-'));
const policy = failingPolicy(join(top, 'policy'));
let made = 0;
/** The host's alarm keeps no process alive; here it is waited for. */
const awake = setInterval(() => undefined, 1000);

const start = (state: string, containers: object[] = [], machine?: EasyHost['machine']) =>
  startEasy(state, {}, undefined, { containers }, policy, machine);

const alive = (id: string) => ({
  id,
  labels: [['volume', `v-${id}`]],
  env: [],
  volumes: [],
  sandbox: `/s/${id}`,
});

async function fresh(): Promise<{ state: string; host: EasyHost }> {
  made += 1;
  const state = join(top, `state-${made}`);
  const host = await start(state);
  assert.is((await host.prepare('keeper')).ok, true);
  return { state, host };
}

const failures = ({ notices }: EasyHost) => notices.filter((notice) => notice.includes('policy-failed'));

function asides(state: string): JournalRecord[] {
  const { records } = readSegment(segmentFiles(join(state, 'journal'))[0] as string);
  return records.filter(({ kind }) => kind === 'aside');
}

/** What must be true after every failure: it is said, the host lives, the journal is stepped again as it was, and a restart knows all. */
async function goesOn(state: string, host: EasyHost, wanted: RegExp[], mounted: string[]): Promise<void> {
  assert.equal(host.fatal, []);
  const said = failures(host);
  assert.is(said.length, wanted.length, said.join('\n'));
  wanted.forEach((each, index) => {
    assert.match(said[index] as string, each);
  });
  assert.match((await host.prepare('keeper')).error, /v-keeper/);
  assert.is((await host.prepare('later')).ok, true);
  await host.host.isolator.idle(2000);
  assert.equal(host.machine.mountedNames(), [...mounted, 'v-keeper', 'v-later'].sort());
  assert.is(asides(state).length, wanted.length);
  await host.host.close(2000);
  assert.not(host.notices.some((notice) => /diverged|no-follower/.test(notice)));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['build/moorage.mjs', 'replay', join(state, 'journal')],
    { encoding: 'utf8' },
  );
  assert.is(status, 0, stdout + stderr);
  assert.match(stdout, /identical/);
  const names = ['keeper', 'later', ...mounted.map((name) => name.slice(2))];
  const next = await start(state, names.map(alive), host.machine);
  assert.equal(next.fatal, []);
  assert.equal(
    next.notices.filter((notice) => notice.startsWith('error')),
    [],
  );
  for (const name of names) {
    const { ok, error } = await next.prepare(name);
    assert.ok(ok, error);
    assert.match(error, new RegExp(`v-${name}`));
  }
  await next.host.close(2000);
}

takeOver('a trap at an operator verb is answered, and the next verb is obeyed', async () => {
  const { state, host } = await fresh();
  const { ok, error } = await host.call({ type: 'operator', verb: 'fall' });
  assert.is(ok, false);
  assert.match(error, /policy-failed.*alert policy-failed/);
  assert.is((await host.call({ type: 'operator', verb: 'drain' })).ok, true);
  assert.match((await host.prepare('other')).error, /drain/);
  assert.is((await host.call({ type: 'operator', verb: 'resume' })).ok, true);
  await goesOn(state, host, [/^error policy-failed: event operator .*trapped: planted in operator/], []);
  const [aside] = asides(state);
  assert.is(nameOf(aside?.frame as Uint8Array), 'operator');
  assert.match(aside?.reason ?? '', /planted in operator/);
});

takeOver('events decided together with the one that traps are all answered', async () => {
  const { state, host } = await fresh();
  const replies = await Promise.all([
    host.prepare('a'),
    host.call({ type: 'operator', verb: 'fall' }),
    host.prepare('b'),
    host.call({ type: 'operator', verb: 'fall' }),
    host.prepare('c'),
  ]);
  assert.equal(
    replies.map(({ ok }) => ok),
    [true, false, true, false, true],
  );
  const falls = [/event operator/, /event operator/];
  await goesOn(state, host, falls, ['v-a', 'v-b', 'v-c']);
});

takeOver('a prepare without an end is stopped and answered', async () => {
  const { state, host } = await fresh();
  const { ok, error } = await host.prepare('spin');
  assert.is(ok, false);
  assert.match(error, /policy-failed/);
  assert.is((await host.cleanup('spin')).ok, true);
  await goesOn(state, host, [/event prepare is set aside: .*does not end/], []);
});

takeOver(
  'an outcome that the policy traps at becomes one that nobody knows, and the prepare ends well',
  async () => {
    const { state, host } = await fresh();
    assert.is((await host.prepare('bad')).ok, true);
    await goesOn(state, host, [/event done .*planted in done/], ['v-bad']);
    const [aside] = asides(state);
    const { records } = readSegment(aside ? (segmentFiles(join(state, 'journal'))[0] as string) : '');
    const { effect } = decodeEvent(aside?.frame as Uint8Array) as unknown as { effect: number };
    const dones = records
      .filter(({ kind, frame }) => kind === 'event' && nameOf(frame) === 'done')
      .map(({ frame }) => decodeEvent(frame) as unknown as { effect: number; error?: { kind: string } })
      .filter((done) => done.effect === effect);
    assert.is(dones.length, 1);
    assert.is(dones[0]?.error?.kind, 'timeout');
  },
);

takeOver('a cleanup that traps once is answered ok, and is done by the next instance', async () => {
  const { state, host } = await fresh();
  assert.is((await host.prepare('even-a')).ok, true);
  assert.is((await host.prepare('even-b')).ok, true);
  assert.is((await host.cleanup('even-a')).ok, true);
  assert.is((await host.cleanup('even-b')).ok, true);
  const count = failures(host).length;
  assert.ok(count === 1 || count === 2);
  await goesOn(state, host, new Array(count).fill(/event cleanup .*planted in cleanup/), []);
});

takeOver('a cleanup that always traps is answered ok, and comes about with the next recovery', async () => {
  const { state, host } = await fresh();
  assert.is((await host.prepare('stuck')).ok, true);
  assert.is((await host.cleanup('stuck')).ok, true);
  await host.host.isolator.idle(2000);
  assert.is(failures(host).length, 3);
  assert.is(host.notices.filter((notice) => /policy-failing: .* there is no other/.test(notice)).length, 1);
  assert.equal(host.machine.mountedNames(), ['v-keeper', 'v-stuck']);
  await host.host.close(2000);
  const next = await start(state, [alive('keeper')], host.machine);
  await next.host.isolator.idle(2000);
  assert.equal(host.machine.mountedNames(), ['v-keeper']);
  await next.host.close(2000);
});

takeOver(
  'a recovery in many parts that always traps is answered ok, and the next start is whole',
  async () => {
    const { state, host } = await fresh();
    await host.host.close(2000);
    const many = Array.from({ length: 12_000 }, (_, i) => ({ ...alive(`c${i}`), labels: [] }));
    const second = await start(state, [{ ...alive('fall'), labels: [] }, ...many]);
    assert.is(failures(second).length, 2, second.notices.join('\n'));
    assert.match(failures(second)[1] as string, /event recover .*planted in recover/);
    assert.match((await second.prepare('new')).error, /not-recovered/);
    await second.host.close(2000);
    assert.equal(second.fatal, []);
    const third = await start(state, [alive('keeper')], host.machine);
    assert.equal(failures(third), []);
    assert.match((await third.prepare('keeper')).error, /v-keeper/);
    await third.host.close(2000);
  },
);

takeOver.after(() => {
  clearInterval(awake);
  rmSync(top, { recursive: true, force: true });
});
takeOver.run();
