/** A policy takes the place of another while everything goes on: whole, or not at all. */
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { policyRoutes } from '../host/admin/policy_route.ts';
import { swapOf } from '../host/frames/event_frame.ts';
import { segmentName } from '../host/journal/journal_files.ts';
import { restoreJournal } from '../host/journal/restore.ts';
import { readSegment } from '../host/journal/segment_reader.ts';
import { openPolicyArchive } from '../host/policy/policy_archive.ts';
import { hexOf } from './journal_maker.ts';
import { random } from './random.ts';
import { load, slowMachine } from './swap_load.ts';
import { done, makeHosts, refused, replays, said } from './swap_suite.ts';
import { policyFile, policyFiles, withName } from './swap_world.ts';

const swaps = suite('host: a policy is swapped');
const { top, start } = makeHosts('swap');
const { shipped, same, other } = policyFiles(join(top, 'policies'));
const trusted = [shipped, same, other].map(({ digest }) => digest);
/** The host's alarm keeps no process alive; here it is waited for. */
const awake = setInterval(() => undefined, 1000);

swaps(
  'to one that decides the same, and to one that does not; the journal replays and a restart goes on',
  async () => {
    const host = await start({ trusted });
    for (const id of ['a', 'b', 'c']) assert.is((await host.prepare(id)).ok, true);
    const first = done(await host.host.swap(same.file));
    assert.is(first.policy.digest, same.digest);
    assert.is(first.before.digest, shipped.digest);
    assert.is(first.by, 'digest');
    assert.is((await host.prepare('d')).ok, true);
    done(await host.host.swap(other.file));
    assert.is((await host.prepare('e')).ok, true);
    assert.is((await host.cleanup('a')).ok, true);
    await host.host.isolator.idle(2000);
    const report = host.host.policy();
    assert.is(report.digest, other.digest);
    assert.is(report.follower.state, 'follows');
    assert.equal(
      report.before.map(({ digest }) => digest),
      [shipped.digest, same.digest],
    );
    await host.host.close(2000);
    assert.equal(host.fatal, []);
    assert.equal(
      host.notices.filter((notice) => !notice.startsWith('info swapped')),
      [],
    );
    assert.equal(host.machine.mountedNames(), ['v-b', 'v-c', 'v-d', 'v-e']);
    replays(host.state);
    const living = ['b', 'c', 'd', 'e'];
    const next = await start({ state: host.state, containers: living, machine: host.machine });
    assert.is(next.host.policy().digest, other.digest);
    assert.equal(next.host.policy().before, report.before);
    for (const id of living) assert.match((await next.prepare(id)).error, new RegExp(`v-${id}`));
    await next.host.close(2000);
    replays(host.state);
  },
);

swaps(
  'what cannot be swapped is refused with its stage and a sentence, and the present policy goes on',
  async () => {
    const host = await start({ trusted });
    const unknown = policyFile(join(top, 'unknown.wasm'), withName(readFileSync(shipped.file), 'whose'));
    const broken = policyFile(join(top, 'broken.wasm'), readFileSync(shipped.file).subarray(0, 1000));
    refused(await host.host.swap(unknown.file), 'verify', /unknown.wasm: .*none of those trusted/);
    refused(await host.host.swap(join(top, 'missing.wasm')), 'verify', /missing.wasm/);
    refused(await host.host.swap(broken.file), 'verify', /broken.wasm/);
    refused(await host.host.swap(shipped.file), 'verify', /decides already/);
    const both = await Promise.all([host.host.swap(same.file), host.host.swap(other.file)]);
    done(both[0] as never);
    refused(both[1] as never, 'verify', /another swap is under way/);
    assert.is(host.host.policy().digest, same.digest);
    assert.is((await host.prepare('a')).ok, true);
    assert.is(said(host, 'swap-refused').length, 5);
    const closing = host.host.swap(other.file);
    await host.host.close(2000);
    refused(await closing, ((await closing) as { stage: string }).stage, /ending/);
    refused(await host.host.swap(other.file), 'verify', /ending/);
    assert.equal(host.fatal, []);
    replays(host.state);
  },
);

swaps('a full disk refuses the swap, and nothing else', async () => {
  let isFull = false;
  const host = await start({
    trusted,
    sizes: { reserveBytes: 4096, chunkBytes: 1, retryMs: 10 },
    allocate: async () => {
      if (isFull) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    },
  });
  const { isolator } = host.host;
  assert.is((await host.prepare('a')).ok, true);
  isFull = true;
  for (let i = 0; i < 100; i += 1) await host.cleanup('nobody');
  refused(await host.host.swap(same.file), 'verify', /the journal has no room \(no space\); make room/);
  assert.is((await host.cleanup('nobody')).ok, true);
  isFull = false;
  await new Promise((next) => setTimeout(next, 50));
  mkdirSync(join(host.state, 'policies', `${same.digest}.wasm.new`));
  refused(await host.host.swap(same.file), 'keep', /cannot be kept as .*EISDIR/);
  rmSync(join(host.state, 'policies', `${same.digest}.wasm.new`), { recursive: true, force: true });
  done(await host.host.swap(same.file));
  assert.is(isolator.deciding.now().digest, same.digest);
  await host.host.close(1000);
  replays(host.state);
});

swaps('who decides after a restart: the one of the last swap, or one that was newly installed', async () => {
  const host = await start({ policy: shipped.file, trusted });
  assert.is((await host.prepare('a')).ok, true);
  done(await host.host.swap(same.file));
  await host.host.close(2000);
  const { state, machine } = host;
  const again = async (policy: string, digest: string, installed: string) => {
    const next = await start({ state, machine, policy, trusted, containers: ['a'] });
    assert.is(next.host.policy().digest, digest);
    assert.is(next.host.policy().installed, installed);
    assert.match((await next.prepare('a')).error, /v-a/);
    await next.host.close(2000);
    replays(state);
  };
  await again(shipped.file, same.digest, shipped.digest);
  await again(shipped.file, same.digest, shipped.digest);
  await again(other.file, other.digest, other.digest);
  await again(shipped.file, shipped.digest, shipped.digest);
});

swaps('the admin socket answers which policy decides, and swaps', async () => {
  const host = await start({ trusted });
  const routes = policyRoutes(host.host);
  const ask = async (method: string, body: string) => {
    const route = routes.find((each) => each.method === method && each.path === '/policy');
    const answer = await route?.handle({ query: new URLSearchParams(), body: Buffer.from(body) });
    return { status: answer?.status, ...JSON.parse(String(answer?.body)) };
  };
  assert.is((await ask('GET', '')).digest, shipped.digest);
  assert.is((await ask('POST', 'no json')).status, 400);
  assert.match((await ask('POST', '{"file":"relative.wasm"}')).error.hint, /absolute/);
  const no = await ask('POST', JSON.stringify({ file: join(top, 'missing.wasm') }));
  assert.is(no.status, 409);
  assert.is(no.stage, 'verify');
  assert.match(no.error.message, /missing.wasm/);
  const yes = await ask('POST', JSON.stringify({ file: same.file }));
  assert.is(yes.status, 200);
  assert.is(yes.ok, true);
  assert.is((await ask('GET', '')).digest, same.digest);
  await host.host.close(1000);
});

swaps(
  'a crash at any record of a journal with swaps in it: the state of then, and the policy of then',
  async () => {
    const machine = slowMachine(random(3));
    const host = await start({ trusted, machine });
    const { deciding } = host.host.isolator;
    /** State and policy after each event, as they were. */
    const states: { state: string | undefined; policy: string }[] = [];
    const step = deciding.step;
    deciding.step = (frame, number) => {
      const decision = step(frame, number);
      states[number] = { state: hexOf(deciding.snapshot()), policy: deciding.now().digest };
      return decision;
    };
    const running = load(host, 3);
    for (const { file } of [same, other, shipped, other]) {
      done(await host.host.swap(file));
      await new Promise((next) => setTimeout(next, 30));
    }
    await running.stop();
    await host.host.close(2000);
    const file = join(host.state, 'journal', segmentName(1));
    const { records, size } = readSegment(file);
    assert.is(records.filter(({ frame }) => swapOf(frame) !== undefined).length, 4);
    assert.ok(records.filter(({ heir }) => heir).length >= 4);
    const archive = openPolicyArchive(join(host.state, 'policies'));
    const place = join(top, 'cut');
    const at = records.findIndex(({ kind, heir }) => kind === 'heir' && heir !== '');
    let compared = 0;
    for (let index = Math.max(3, at - 2); index < records.length; index += index > at + 60 ? 7 : 1) {
      rmSync(place, { recursive: true, force: true });
      mkdirSync(place);
      copyFileSync(file, join(place, segmentName(1)));
      const next = records[index + 1]?.offset ?? size;
      truncateSync(join(place, segmentName(1)), next - (index % 2 === 0 ? 0 : 3));
      const restored = restoreJournal(place, archive.start);
      assert.is(restored.state, 'whole');
      const { events, policy, divergence } = restored.replayed;
      assert.is(divergence, undefined);
      const then = states[events];
      if (!then) continue;
      compared += 1;
      assert.is(policy?.digest, then.policy, `after event ${events}`);
      assert.is(hexOf(policy?.snapshot()), then.state, `after event ${events}`);
    }
    assert.ok(compared > 40, `only ${compared} states compared`);
    const swapAt = records.findIndex(({ frame }) => swapOf(frame) === other.digest);
    for (const cut of [records[swapAt]?.offset, records[swapAt + 1]?.offset] as number[]) {
      const state = join(top, `crashed-${cut}`);
      cpSync(host.state, state, { recursive: true, filter: (path) => !path.endsWith('.sock') });
      truncateSync(join(state, 'journal', segmentName(1)), cut);
      writeFileSync(join(state, 'journal', 'mark'), '');
      const next = await start({ state, machine, trusted });
      assert.is(next.host.policy().digest, cut === records[swapAt]?.offset ? same.digest : other.digest);
      assert.equal(said(next, 'journal-damaged'), []);
      assert.is((await next.prepare('after')).ok, true);
      assert.is((await next.cleanup('after')).ok, true);
      await next.host.isolator.idle(2000);
      assert.equal(machine.mountedNames(), []);
      await next.host.close(1000);
      replays(state);
    }
  },
);

swaps.after(() => {
  clearInterval(awake);
  rmSync(top, { recursive: true, force: true });
});
swaps.run();
