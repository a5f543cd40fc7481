/**
 * Policies that take turns while containers come and go: nothing is lost, nothing done twice, nobody unanswered, and the journal replays across
 * all of it. MOORAGE_SWAPS says how many; 300 when it does not.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { listJournal } from '../host/journal/journal_files.ts';
import { startEasy } from './easy_host.ts';
import { patched } from './patched_policy.ts';
import { random } from './random.ts';
import { load, slowMachine } from './swap_load.ts';
import { policyFile, policyFiles } from './swap_world.ts';
import { POLICY } from './world.ts';

const SWAPS = Number(process.env.MOORAGE_SWAPS ?? 300);
/** A line after so many, where somebody asked for more than the tests have. */
const PROGRESS = 500;
const CALLERS = 8;
/** Small, so that segments end and snapshots are made all the time. */
const SIZES = { segmentBytes: 40_000, reserveBytes: 65_536, chunkBytes: 65_536 };

const swaps = suite('host: swaps under load');
const top = mkdtempSync(join(tmpdir(), 'moorage-swap-load-'));
const { shipped, same, other } = policyFiles(join(top, 'policies'));
/** It tries again at once what has failed. */
const restless = policyFile(join(top, 'policies', 'restless.wasm'), patched(200, 0));
const files = [same, other, shipped, restless];
const awake = setInterval(() => undefined, 1000);

swaps(`${SWAPS} swaps with effects in flight`, async () => {
  const state = join(top, 'state');
  const machine = slowMachine(random(7));
  const host = await startEasy(
    state,
    SIZES,
    undefined,
    {},
    POLICY,
    machine,
    files.map(({ digest }) => digest),
  );
  for (const id of ['k1', 'k2', 'k3']) assert.is((await host.prepare(id)).ok, true);
  const running = load(host, CALLERS);
  let followed = 0;
  let differed = 0;
  const pauses: number[] = [];
  for (let i = 0; i < SWAPS; i += 1) {
    const { file } = files[i % files.length] as { file: string };
    const result = await host.host.swap(file);
    assert.ok(result.ok, JSON.stringify(result));
    followed += result.followed;
    differed += result.differed;
    pauses.push(result.pauseMs);
    if ((i + 1) % PROGRESS === 0 && process.env.MOORAGE_SWAPS)
      process.stderr.write(`${i + 1} of ${SWAPS} swaps\n`);
  }
  const { calls, lives } = await running.stop();
  await host.host.isolator.idle(5000);
  assert.equal(host.fatal, []);
  assert.equal(machine.wrong, [], 'no effect was doubled');
  assert.equal(machine.mountedNames(), ['v-k1', 'v-k2', 'v-k3'], 'no effect was lost');
  assert.equal(machine.counted(), ['v-k1', 'v-k2', 'v-k3']);
  const bad = host.notices.filter((notice) => !/^info swapped/.test(notice));
  assert.equal(bad, []);
  assert.ok(followed > SWAPS && differed > 0, `${followed} events followed, ${differed} decided otherwise`);
  const report = host.host.policy();
  assert.is(report.digest, files[(SWAPS - 1) % files.length]?.digest);
  await host.host.close(5000);
  const { segments, snapshots } = listJournal(join(state, 'journal'));
  assert.ok((segments[0] as number) > 1 && snapshots.length === 2, 'segments ended meanwhile');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['build/moorage.mjs', 'replay', join(state, 'journal')],
    { encoding: 'utf8' },
  );
  assert.is(status, 0, stdout + stderr);
  const next = await startEasy(
    state,
    SIZES,
    undefined,
    { containers: ['k1', 'k2', 'k3'].map(alive) },
    POLICY,
    machine,
  );
  assert.is(next.host.policy().digest, report.digest);
  assert.equal(
    next.host.policy().before.slice(-20),
    report.before.slice(-20),
    'who decided before, also before the oldest segment',
  );
  assert.equal(
    next.notices.filter((notice) => notice.startsWith('error')),
    [],
  );
  for (const id of ['k1', 'k2', 'k3']) assert.is((await next.prepare(id)).ok, true);
  await next.host.close(2000);
  pauses.sort((left, right) => left - right);
  const pause = (part: number) => (pauses[Math.floor(part * (pauses.length - 1))] as number).toFixed(2);
  if (process.env.MOORAGE_SWAPS)
    process.stdout.write(
      `\n${SWAPS} swaps, ${lives} containers, ${calls} calls, ${machine.asked()} driver calls; ${followed} events followed, ${differed} times otherwise; taking over took ${pause(0.5)} ms (median), ${pause(1)} ms (longest)\n`,
    );
});

const alive = (id: string) => ({
  id,
  labels: [['volume', `v-${id}`]],
  env: [],
  volumes: [],
  sandbox: `/s/${id}`,
});

swaps.after(() => {
  clearInterval(awake);
  rmSync(top, { recursive: true, force: true });
});
swaps.run();
