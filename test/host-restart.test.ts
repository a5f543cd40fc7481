/** Whole hosts on one journal, one after the other: what the first was told the last knows. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Mount } from '../host/binding.ts';
import { nameOf } from '../host/frames/event_frame.ts';
import { listJournal, segmentName, snapshotName } from '../host/journal/journal_files.ts';
import { readSegment } from '../host/journal/segment_reader.ts';
import { type EasyHost, startEasy } from './easy_host.ts';
import { POLICY } from './world.ts';

const restarts = suite('host: one journal, many hosts');
const top = mkdtempSync(join(tmpdir(), 'moorage-restart-'));
const SIZES = { segmentBytes: 24 * 1024 };
let made = 0;

function fresh(): { state: string; journal: string } {
  made += 1;
  const state = join(top, `state-${made}`);
  return { state, journal: join(state, 'journal') };
}

/** Containers that come and go, until the journal has gone on to another segment. */
async function liveThrough(host: EasyHost, journal: string, prefix: string): Promise<void> {
  const before = listJournal(journal).snapshots.at(-1) ?? 0;
  for (let i = 0; (listJournal(journal).snapshots.at(-1) ?? 0) === before; i += 1) {
    assert.ok(i < 500, 'no snapshot after 500 containers');
    assert.is((await host.prepare(`${prefix}${i}`)).ok, true);
    assert.is((await host.cleanup(`${prefix}${i}`)).ok, true);
    await host.host.isolator.idle(1000);
  }
}

/** What the agent says of a container that still runs. */
const alive = (id: string) => ({
  id,
  labels: [['volume', `v-${id}`]],
  env: [],
  volumes: [],
  sandbox: `/s/${id}`,
});

restarts(
  'a host goes on in the segment of the one before, and a holder of long ago is a holder still',
  async () => {
    const { state, journal } = fresh();
    let host = await startEasy(state, SIZES);
    assert.is((await host.prepare('keeper')).ok, true);
    for (let run = 0; run < 4; run += 1) {
      await liveThrough(host, journal, `r${run}-`);
      const { nextNumber } = listJournal(journal);
      await host.host.close(1000);
      host = await startEasy(state, SIZES, undefined, { containers: [alive('keeper')] });
      assert.is(listJournal(journal).nextNumber, nextNumber, 'no new segment for a new host');
    }
    const { segments, snapshots } = listJournal(journal);
    assert.is(snapshots.length, 2);
    assert.ok((segments[0] as number) > 1, 'what nobody needs is gone');
    const runs = readSegment(join(journal, segmentName(segments.at(-1) as number))).records.filter(
      ({ kind }) => kind === 'begin',
    );
    assert.ok(runs.length > 0);
    assert.match(
      (await host.prepare('keeper')).error,
      /v-keeper/,
      'the same prepare again is answered as before',
    );
    await host.host.close(1000);
    const { status, stdout } = spawnSync(process.execPath, ['build/moorage.mjs', 'replay', journal], {
      encoding: 'utf8',
    });
    assert.is(status, 0, stdout);
    assert.match(stdout, /identical/);
  },
);

restarts('a bad snapshot is named in an alert, and the host starts with all that it knew', async () => {
  const { state, journal } = fresh();
  const first = await startEasy(state, SIZES);
  assert.is((await first.prepare('keeper')).ok, true);
  await liveThrough(first, journal, 'a');
  await liveThrough(first, journal, 'b');
  await first.host.close(1000);
  const file = join(journal, snapshotName(listJournal(journal).snapshots.at(-1) as number));
  const bytes = readFileSync(file);
  bytes[200] = (bytes[200] as number) ^ 1;
  writeFileSync(file, bytes);
  const second = await startEasy(state, SIZES, undefined, { containers: [alive('keeper')] });
  const alerts = second.notices.filter((notice) => notice.includes('snapshot-bad'));
  assert.is(alerts.length, 1, second.notices.join('\n'));
  assert.ok(alerts[0]?.includes(file), alerts[0]);
  assert.ok(!second.notices.some((notice) => notice.includes('journal-damaged')));
  assert.match((await second.prepare('keeper')).error, /v-keeper/);
  await second.host.close(1000);
});

restarts('a damaged journal is named in an alert, set aside, and the host starts without', async () => {
  const { state, journal } = fresh();
  const first = await startEasy(state, SIZES);
  assert.is((await first.prepare('keeper')).ok, true);
  await first.host.close(1000);
  const file = join(journal, segmentName(1));
  const bytes = readFileSync(file);
  bytes[300] = (bytes[300] as number) ^ 1;
  writeFileSync(file, bytes);
  const second = await startEasy(state, SIZES);
  assert.ok(
    second.notices.some((notice) =>
      /^error journal-damaged: journal .*000001\.journal is damaged/.test(notice),
    ),
  );
  assert.equal(readFileSync(`${file}.damaged`), bytes);
  assert.equal(listJournal(journal).segments, [2]);
  const recover = readSegment(join(journal, segmentName(2))).records[1]?.frame as Uint8Array;
  assert.ok(Buffer.from(recover).includes('damaged'), 'the policy is told');
  await second.host.close(1000);
});

restarts(
  'a host that comes back alone to a configuration that is wrong now goes on with the one of before',
  async () => {
    const { state } = fresh();
    const first = await startEasy(state, SIZES);
    assert.is((await first.prepare('keeper')).ok, true);
    await first.host.close(1000);
    for (const [wrong, why] of [
      [{ drivers: 7 }, /drivers/],
      [{ defaultDriver: 'ebz' }, /ebz/],
    ] as const) {
      const back = await startEasy(state, SIZES, undefined, {}, POLICY, first.machine, [], wrong, true);
      const alerts = back.notices.filter((notice) => notice.startsWith('error config-refused'));
      assert.match(alerts.join(), why);
      assert.match((await back.prepare('keeper')).error, /v-keeper/);
      assert.is((await back.prepare('new')).ok, true);
      assert.is((await back.cleanup('new')).ok, true);
      await back.host.isolator.idle(1000);
      assert.equal(first.machine.mountedNames(), ['v-keeper']);
      await back.host.close(1000);
      const refused = await startEasy(state, SIZES, undefined, {}, POLICY, first.machine, [], wrong).catch(
        (error: Error) => error,
      );
      assert.instance(refused, Error, 'where no task runs yet a wrong configuration is no start');
      assert.match((refused as Error).message, why);
    }
  },
);

restarts('more mounts than one event holds are all heard of by a host that comes back alone', async () => {
  const { state, journal } = fresh();
  const first = await startEasy(state, {});
  assert.is((await first.prepare('keeper')).ok, true);
  await first.host.close(1000);
  const orphans = new Map(Array.from({ length: 2500 }, (_, at) => orphan(at)));
  const machine = {
    ...first.machine,
    mountTable: async () => [...orphans.values()],
    detach: async ({ target }: { target: string }) => ({ gone: !orphans.delete(target) }),
  };
  const second = await startEasy(state, {}, undefined, {}, POLICY, machine, [], {}, true);
  const told = listJournal(journal)
    .segments.flatMap((number) => readSegment(join(journal, segmentName(number))).records)
    .filter(({ kind, frame }) => kind === 'event' && nameOf(frame as Uint8Array) === 'restart');
  assert.ok(told.length > 1, `${told.length} events`);
  await second.host.isolator.idle(30_000);
  assert.equal([...orphans.keys()], [], 'whichever event an orphan was in, it is taken down');
  assert.match((await second.prepare('keeper')).error, /v-keeper/);
  await second.host.close(1000);
});

/** A mount that no record tells of. */
function orphan(at: number): [string, Mount] {
  const target = `/m/ebs/orphan-${at}`;
  return [
    target,
    { target, mountId: 10_000 + at, source: `/dev/loop${at}`, fstype: 'ext4', root: '/', dev: `7:${at}` },
  ];
}

restarts.after(() => rmSync(top, { recursive: true, force: true }));
restarts.run();
