/** `moorage why`: the chain that a journal has of a container or a volume, while it is written and when nobody writes it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readStory } from '../cli/why/read_story.ts';
import { subjectOf } from '../cli/why/subject.ts';
import { ask } from './admin_calls.ts';
import { startEasy } from './easy_host.ts';
import { failingPolicy } from './failing_policy.ts';
import { prepareEvent } from './world.ts';

const why = suite('host: why');
const top = mkdtempSync(join(tmpdir(), 'moorage-why-'));
const awake = setInterval(() => undefined, 1000);
let made = 0;
function fresh(): string {
  made += 1;
  return join(top, `s${made}`);
}

why.after(() => {
  clearInterval(awake);
  rmSync(top, { recursive: true, force: true });
});

function moorage(state: string, ...args: string[]) {
  const env = { ...process.env, MOORAGE_STATE: state };
  return spawnSync(process.execPath, ['build/moorage.mjs', 'why', ...args], { env, encoding: 'utf8' });
}

/** Types of the events of the chain. */
const types = (state: string, subject: string) =>
  readStory(state, subjectOf(subject)).chapters.map(({ event }) => event.type);

why('the chain of a volume, of its container, and nothing of others, while the host runs', async () => {
  const state = fresh();
  const host = await startEasy(state, {});
  await Promise.all([host.prepare('c1'), host.prepare('c2')]);
  await host.call({ type: 'isolate', id: 'c1', pid: 7 });
  const prepared = ['prepare', 'done', 'done', 'done', 'done', 'isolate'];
  assert.equal(types(state, 'ebs/v-c1'), prepared);
  assert.equal(types(state, 'v-c1'), prepared);
  assert.equal(types(state, 'c1'), prepared);
  const running = moorage(state, 'c1');
  assert.is(running.status, 0, running.stderr);
  assert.match(running.stdout, /^container c1 is holding\n/);
  assert.match(
    running.stdout,
    / #\d+ container c1 asks for its volumes\n {4}→ asks driver ebs whether it has v-c1\n/,
  );
  assert.match(running.stdout, /→ answers: ebs\/v-c1 at v-c1\n/);
  assert.not.match(running.stdout, /c2/);
  await host.cleanup('c1');
  await host.host.isolator.idle(1000);
  await host.host.close(1000);
  const down = moorage(state, 'ebs/v-c1');
  assert.match(down.stdout, /^ebs\/v-c1: nothing of it is on record any more\n/);
  assert.match(down.stdout, /container c1 is gone\n/);
  assert.match(down.stdout, /#\d+ driver ebs unmounted v-c1, after \d+ ms\n$/);
});

why('who joins a volume that is mounted, or being mounted, belongs to its chain', async () => {
  const state = fresh();
  const host = await startEasy(state, {});
  const share = (id: string) => host.call(prepareEvent(id, { volume: 'shared' }));
  await Promise.all([share('c1'), share('c2')]);
  await share('c3');
  const { chapters } = readStory(state, subjectOf('shared'));
  const asked = chapters.flatMap(({ event }) => (event.type === 'prepare' ? [event.container.id] : []));
  assert.equal(asked, ['c1', 'c2', 'c3']);
  const numbers = chapters.map(({ number }) => number);
  assert.equal(
    numbers,
    [...new Set(numbers)].sort((left, right) => left - right),
    'in order, each once',
  );
  await host.host.close(1000);
});

why('a refusal is told with its reason, and an operator with what he said', async () => {
  const state = fresh();
  const host = await startEasy(state, {});
  await host.prepare('c1');
  const body = JSON.stringify({ verb: 'hold', driver: 'ebs', name: 'v-c1' });
  await ask(join(state, 'admin.sock'), 'POST', '/operator', body);
  await host.call(prepareEvent('bad', { volume: 'v-c1:/etc/passwd' }));
  const held = moorage(state, 'ebs/v-c1').stdout;
  assert.match(held, /an operator says: hold ebs\/v-c1\n/);
  const refused = moorage(state, 'bad').stdout;
  assert.match(refused, /→ refuses: .*\/etc\/passwd.*; /);
  await host.host.close(1000);
});

why('what the policy failed at is told as set aside', async () => {
  const state = fresh();
  const policy = failingPolicy(join(top, 'policy'));
  const host = await startEasy(state, {}, undefined, {}, policy);
  await host.prepare('c1');
  await host.prepare('bad');
  await host.host.isolator.idle(1000);
  const { stdout } = moorage(state, 'ebs/v-bad');
  assert.match(
    stdout,
    /driver ebs mounted v-bad .*\n {4}→ set aside: the policy failed at it: .*planted in done/,
  );
  await host.host.close(1000);
});

why('values of options and labels are never told', async () => {
  const state = fresh();
  const host = await startEasy(state, {});
  await host.call(
    prepareEvent('c1', {
      volume: 'source=v1,target=data,volume-opt=password=geheim',
      'volume.x': 'v2:d2',
    }),
  );
  await host.call(prepareEvent('c2', { volume: 'source=v3,target=data,volume-opt=password=geheim' }));
  for (const subject of ['c1', 'c2', 'v3'])
    for (const args of [[subject], [subject, '--json']])
      assert.not.match(moorage(state, ...args).stdout, /geheim/);
  await host.host.close(1000);
});

why(
  'only the last events are told when asked, the beginning that is pruned is said, and JSON has the same',
  async () => {
    const state = fresh();
    const host = await startEasy(state, { segmentBytes: 4000 });
    for (let at = 0; at < 60; at += 1) {
      await host.prepare('c1');
      await host.cleanup('c1');
      await host.host.isolator.idle(1000);
    }
    await host.host.close(1000);
    assert.ok(!readdirSync(join(state, 'journal')).includes('000001.journal'), 'the journal was pruned');
    const all = JSON.parse(moorage(state, 'c1', '--json', '--last', '100000').stdout);
    assert.ok(all.pruned > 100 && all.events > 10 && all.leftOut === 0);
    assert.is(all.chain[0].event > all.pruned, true);
    const few = moorage(state, 'c1', '--last', '3');
    assert.match(few.stdout, new RegExp(`what came before event ${all.pruned + 1} is pruned`));
    assert.match(
      few.stdout,
      new RegExp(`${all.chain.length - 3} earlier events are left out: --last ${all.chain.length}`),
    );
    assert.is(few.stdout.match(/ #\d+ /g)?.length, 3);
    const json = JSON.parse(moorage(state, 'c1', '--json', '--last', '3').stdout);
    assert.equal(json.chain, all.chain.slice(-3));
  },
);

why('an unknown subject is said, with what was probably meant', async () => {
  const state = fresh();
  const host = await startEasy(state, {});
  await host.prepare('etl_extract.77');
  const near = moorage(state, 'etl_extract');
  assert.is(near.status, 1);
  assert.match(near.stderr, /etl_extract: the journal knows nothing of it; did you mean etl_extract\.77\?/);
  assert.match(moorage(state, 'ebs/v-etl_extract.78').stderr, /did you mean ebs\/v-etl_extract\.77\?/);
  assert.is(moorage(state, 'a/b/c').status, 2);
  assert.is(moorage(state, 'c1', '--last', '0').status, 2);
  assert.is(moorage(join(top, 'none'), 'c1').status, 2);
  await host.host.close(1000);
});

why('a journal that was cut off in the middle of a record is told up to there', async () => {
  const state = fresh();
  const host = await startEasy(state, {});
  await host.prepare('c1');
  await host.host.close(1000);
  const segment = join(state, 'journal', '000001.journal');
  const whole = types(state, 'c1').length;
  truncateSync(segment, 400);
  assert.ok(types(state, 'c1').length < whole);
});

why.run();
