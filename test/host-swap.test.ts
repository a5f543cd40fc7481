/** A policy takes the place of another while everything goes on: whole, or not at all. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { easyBinding } from '../bench/easy_binding.ts';
import { startEasy } from './easy_host.ts';
import { policyFiles } from './swap_world.ts';
import { POLICY } from './world.ts';

const swaps = suite('host: a policy is swapped');
const top = mkdtempSync(join(tmpdir(), 'moorage-swap-'));
const { shipped, same, other } = policyFiles(join(top, 'policies'));
const digests = [shipped, same, other].map(({ digest }) => digest);
let made = 0;
/** The host's alarm keeps no process alive; here it is waited for. */
const awake = setInterval(() => undefined, 1000);

const alive = (id: string) => ({
  id,
  labels: [['volume', `v-${id}`]],
  env: [],
  volumes: [],
  sandbox: `/s/${id}`,
});

async function fresh(state = newState(), ids: string[] = [], machine?: ReturnType<typeof easyBinding>) {
  const host = await startEasy(
    state,
    {},
    undefined,
    { containers: ids.map(alive) },
    POLICY,
    machine,
    digests,
  );
  return { ...host, state };
}

function newState(): string {
  made += 1;
  return join(top, `state-${made}`);
}

function replays(state: string): void {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['build/moorage.mjs', 'replay', join(state, 'journal')],
    { encoding: 'utf8' },
  );
  assert.is(status, 0, stdout + stderr);
  assert.match(stdout, /identical/);
}

swaps(
  'to one that decides the same, and to one that does not; the journal replays and a restart goes on',
  async () => {
    const host = await fresh();
    for (const id of ['a', 'b', 'c']) assert.is((await host.prepare(id)).ok, true);
    const first = await host.host.swap(same.file);
    assert.ok(first.ok, JSON.stringify(first));
    assert.is(first.policy.digest, same.digest);
    assert.is(first.differed, 0);
    assert.is((await host.prepare('d')).ok, true);
    const second = await host.host.swap(other.file);
    assert.ok(second.ok, JSON.stringify(second));
    assert.is((await host.prepare('e')).ok, true);
    assert.is((await host.cleanup('a')).ok, true);
    await host.host.isolator.idle(2000);
    const report = host.host.policy();
    assert.is(report.digest, other.digest);
    assert.equal(
      report.before.map(({ digest }) => digest),
      [shipped.digest, same.digest],
    );
    await host.host.close(2000);
    assert.equal(host.fatal, []);
    assert.not(
      host.notices.some((notice) => /diverged|no-follower|policy-failed/.test(notice)),
      host.notices.join('\n'),
    );
    assert.equal(host.machine.mountedNames(), ['v-b', 'v-c', 'v-d', 'v-e']);
    replays(host.state);
    const next = await fresh(host.state, ['b', 'c', 'd', 'e'], host.machine);
    assert.is(next.host.policy().digest, other.digest);
    assert.equal(next.host.policy().before, report.before);
    for (const id of ['b', 'c', 'd', 'e'])
      assert.match((await next.prepare(id)).error, new RegExp(`v-${id}`));
    await next.host.close(2000);
    assert.equal(next.host.policy().failures, 0);
    replays(host.state);
  },
);

swaps.after(() => {
  clearInterval(awake);
  rmSync(top, { recursive: true, force: true });
});
swaps.run();
