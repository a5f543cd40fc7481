/** Policies that go wrong: while they follow, soon after they were put in place, again and again, at the start. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { easyBinding } from '../bench/easy_binding.ts';
import type { HttpRequest } from '../host/binding.ts';
import { failingPolicy } from './failing_policy.ts';
import { done, makeHosts, refused, replays, said } from './swap_suite.ts';
import { policyFile, policyFiles } from './swap_world.ts';

const failing = suite('host: a swapped policy fails');
const { top, start } = makeHosts('swap-failing');
const { shipped, same } = policyFiles(join(top, 'policies'));
const bad = policyFile(failingPolicy(join(top, 'failing')));
const trusted = [shipped.digest, same.digest, bad.digest];
/** The host's alarm keeps no process alive; here it is waited for. */
const awake = setInterval(() => undefined, 1000);

const fall = { type: 'operator', verb: 'fall' };

failing(
  'a state that the new policy refuses leaves the old one, and a swap after it is as any other',
  async () => {
    const host = await start({ trusted });
    assert.is((await host.prepare('unwanted')).ok, true);
    refused(
      await host.host.swap(bad.file),
      'follow',
      /refuses the snapshot: container.id: planted in restore/,
    );
    assert.is(host.host.policy().digest, shipped.digest);
    assert.is((await host.prepare('b')).ok, true);
    assert.is((await host.cleanup('unwanted')).ok, true);
    await host.host.isolator.idle(2000);
    done(await host.host.swap(bad.file));
    assert.is(host.host.policy().digest, bad.digest);
    assert.is((await host.prepare('c')).ok, true);
    await host.host.close(2000);
    assert.equal(host.machine.mountedNames(), ['v-b', 'v-c']);
    assert.equal(host.fatal, []);
    assert.is(said(host, 'swap-refused').length, 1);
    assert.is(said(host, 'diverged').length + said(host, 'policy-failed').length, 0);
    replays(host.state);
  },
);

failing(
  'a trap while it follows ends the swap, and the old policy answers the event that did it',
  async () => {
    const host = await start({ trusted });
    const swapping = host.host.swap(bad.file);
    const falls: Promise<unknown>[] = [];
    let isOver = false;
    swapping.then(() => {
      isOver = true;
    });
    while (!isOver) {
      falls.push(host.call(fall));
      await new Promise((next) => setImmediate(next));
    }
    refused(
      await swapping,
      // What is left to hear when its turn has come is heard in that turn.
      ['follow', 'swap'],
      /event \d+ \(operator\) was decided once, and not a second time: .*planted in operator/,
    );
    for (const answer of (await Promise.all(falls)) as { error: string }[])
      assert.not.match(answer.error, /policy-failed/);
    assert.is(host.host.policy().digest, shipped.digest);
    assert.is((await host.prepare('b')).ok, true);
    await host.host.close(2000);
    assert.equal(host.fatal, []);
    replays(host.state);
  },
);

failing('one that fails soon after it was put in place goes back at once', async () => {
  const host = await start({ trusted });
  assert.is((await host.prepare('a')).ok, true);
  done(await host.host.swap(bad.file));
  const answer = await host.call(fall);
  assert.match(answer.error, /policy-failed/);
  assert.is(host.host.policy().digest, shipped.digest);
  assert.is(said(host, 'policy-replaced').length, 1);
  assert.not.match(
    (await host.call(fall)).error,
    /policy-failed/,
    'the policy of before knows no such verb, and says so',
  );
  assert.is((await host.prepare('b')).ok, true);
  await host.host.isolator.idle(2000);
  assert.equal(host.machine.mountedNames(), ['v-a', 'v-b']);
  await host.host.close(2000);
  assert.equal(host.fatal, []);
  replays(host.state);
  const next = await start({ state: host.state, containers: ['a', 'b'], machine: host.machine });
  assert.is(next.host.policy().digest, shipped.digest);
  assert.equal(
    next.host.policy().before.map(({ digest }) => digest),
    [shipped.digest, bad.digest],
  );
  for (const id of ['a', 'b']) assert.match((await next.prepare(id)).error, new RegExp(`v-${id}`));
  await next.host.close(2000);
});

failing(
  'an installed one that fails three times in a row gives way; twice is not enough, nor are they in a row with much between',
  async () => {
    const host = await start({ policy: shipped.file });
    assert.is((await host.prepare('a')).ok, true);
    await host.host.close(2000);
    const second = await start({
      state: host.state,
      containers: ['a'],
      machine: host.machine,
      policy: bad.file,
    });
    assert.is(second.host.policy().digest, bad.digest, 'another file than before takes over');
    assert.equal(said(second, 'diverged'), []);
    for (const _ of [1, 2]) assert.match((await second.call(fall)).error, /policy-failed/);
    for (let i = 0; i < 70; i += 1) await second.cleanup('nobody');
    for (const _ of [1, 2]) assert.match((await second.call(fall)).error, /policy-failed/);
    assert.is(second.host.policy().digest, bad.digest);
    assert.match((await second.call(fall)).error, /policy-failed/);
    assert.is(second.host.policy().digest, shipped.digest);
    assert.match(
      said(second, 'policy-replaced')[0] as string,
      /failed 3 times in a row.*decides again from event \d+/,
    );
    assert.is((await second.prepare('b')).ok, true);
    await second.host.close(2000);
    assert.equal(second.fatal, []);
    replays(host.state);
    const third = await start({
      state: host.state,
      containers: ['a', 'b'],
      machine: host.machine,
      policy: bad.file,
    });
    assert.is(third.host.policy().digest, shipped.digest, 'the same file again does not bring it back');
    assert.is(third.host.policy().installed, bad.digest);
    await third.host.close(2000);
  },
);

failing(
  'a trap at the configuration gives way to the policy of before; where there is none the start is refused with a sentence',
  async () => {
    const host = await start({ policy: shipped.file });
    assert.is((await host.call({ type: 'operator', verb: 'drain' })).ok, true);
    await host.host.close(2000);
    const second = await start({ state: host.state, machine: host.machine, policy: bad.file });
    assert.is(second.host.policy().digest, shipped.digest);
    assert.is(said(second, 'policy-replaced').length, 1);
    assert.match((await second.prepare('b')).error, /drain/);
    await second.host.close(2000);
    replays(host.state);
    const alone = await start({ policy: bad.file });
    assert.is((await alone.call({ type: 'operator', verb: 'drain' })).ok, true);
    await alone.host.close(2000);
    let why = '';
    await start({ state: alone.state, machine: alone.machine, policy: bad.file }).catch((error) => {
      why = error.message;
    });
    assert.match(why, /fails at the configuration .* no policy of this journal can take its place/);
  },
);

failing(
  'a restart of the host that the policy fails at gives way to the policy of before; where there is none the start is refused with a sentence',
  async () => {
    const host = await start({ policy: shipped.file });
    for (const id of ['fall', 'a']) assert.is((await host.prepare(id)).ok, true);
    await host.host.close(2000);
    const { state, machine } = host;
    const second = await start({ state, machine, policy: bad.file, restarted: true });
    assert.is(second.host.policy().digest, shipped.digest);
    assert.match(said(second, 'policy-replaced')[0] ?? '', /fails at the restart of its host/);
    assert.match((await second.prepare('fall')).error, /v-fall/);
    assert.is((await second.cleanup('fall')).ok, true);
    await second.host.isolator.idle(2000);
    assert.equal(machine.mountedNames(), ['v-a']);
    await second.host.close(2000);
    replays(state);
    const alone = await start({ policy: bad.file });
    assert.is((await alone.prepare('fall')).ok, true);
    await alone.host.close(2000);
    let why = '';
    await start({ ...alone, policy: bad.file, restarted: true }).catch((error) => {
      why = error.message;
    });
    assert.match(why, /fails at the restart of its host, and no policy of this journal/);
    assert.is(alone.machine.mountedNames().length, 1, 'nothing was touched');
  },
);

failing('a recovery that the policy fails at twice is offered to the one before it', async () => {
  const host = await start({ policy: shipped.file });
  assert.is((await host.prepare('fall')).ok, true);
  await host.host.close(2000);
  const second = await start({
    state: host.state,
    containers: ['fall'],
    machine: host.machine,
    policy: bad.file,
  });
  assert.is(second.host.policy().digest, shipped.digest);
  assert.match((await second.prepare('fall')).error, /v-fall/);
  await second.host.close(2000);
  assert.equal(second.fatal, []);
  replays(host.state);
});

failing(
  'a recovery that no policy could take waits for one that can; what ended meanwhile is not brought back',
  async () => {
    const host = await start({ policy: bad.file });
    assert.is((await host.prepare('fall')).ok, true);
    assert.is((await host.prepare('gone')).ok, true);
    await host.host.close(2000);
    const second = await start({
      state: host.state,
      containers: ['fall', 'gone'],
      machine: host.machine,
      policy: bad.file,
      trusted,
    });
    assert.match((await second.prepare('new')).error, /not-recovered/);
    assert.is((await second.cleanup('gone')).ok, true, 'a cleanup never fails');
    done(await second.host.swap(same.file));
    for (let i = 0; i < 200 && !second.host.isolator.recovered(); i += 1)
      await new Promise((next) => setTimeout(next, 10));
    assert.match((await second.prepare('fall')).error, /v-fall/);
    await second.host.isolator.idle(2000);
    assert.equal(second.machine.mountedNames(), ['v-fall']);
    await second.host.close(2000);
    assert.equal(second.fatal, []);
    replays(host.state);
  },
);

/** The driver never answers for the volume of `late`. */
function hungMachine() {
  const machine = easyBinding();
  const post = (request: HttpRequest) =>
    request.body.includes('"v-late"') ? new Promise<never>(() => undefined) : machine.post(request);
  return { ...machine, post };
}

failing(
  'a timer that always traps makes nothing else trap: time stands still until another policy decides',
  async () => {
    const host = await start({
      policy: bad.file,
      machine: hungMachine(),
      config: { prepareMs: 300 },
      trusted,
    });
    const late = host.prepare('late');
    await new Promise((next) => setTimeout(next, 600));
    const failures = said(host, 'policy-failed').length;
    assert.is(failures, 3, host.notices.join('\n'));
    assert.is(said(host, 'policy-timers-held').length, 1);
    for (const id of ['a', 'b', 'c', 'd']) assert.is((await host.prepare(id)).ok, true);
    assert.is((await host.cleanup('a')).ok, true);
    assert.is(said(host, 'policy-failed').length, failures, 'no event failed since');
    done(await host.host.swap(same.file));
    assert.match((await late).error, /timeout/, 'what was due is done');
    assert.is((await host.prepare('e')).ok, true);
    await host.host.close(500);
    assert.equal(host.fatal, []);
    replays(host.state);
  },
);

failing(
  'a timer that always traps does not keep the next host from its start: time stands still there too',
  async () => {
    const options = { policy: bad.file, machine: hungMachine(), config: { prepareMs: 300 } };
    const host = await start(options);
    void host.prepare('late');
    await new Promise((next) => setTimeout(next, 600));
    assert.is(said(host, 'policy-timers-held').length, 1, host.notices.join('\n'));
    await host.host.close(100);
    const second = await start({ ...options, state: host.state });
    assert.is(said(second, 'policy-timers-held').length, 1, second.notices.join('\n'));
    assert.is((await second.prepare('a')).ok, true);
    await second.host.close(500);
    replays(host.state);
  },
);

failing(
  'a timer that traps gives way to the policy of before, and a restart meanwhile does not change that',
  async () => {
    const machine = hungMachine();
    const host = await start({ policy: shipped.file, machine, config: { prepareMs: 300 } });
    await host.host.close(2000);
    const second = await start({ state: host.state, policy: bad.file, machine, config: { prepareMs: 300 } });
    const { ok, error } = await second.prepare('late');
    assert.is(ok, false);
    assert.match(error, /timeout/);
    assert.is(second.host.policy().digest, shipped.digest);
    await second.host.close(500);
    replays(host.state);
    const third = await start({ state: host.state, policy: bad.file, machine, config: { prepareMs: 300 } });
    assert.is(third.host.policy().digest, shipped.digest);
    await third.host.close(500);
  },
);

failing.after(() => {
  clearInterval(awake);
  rmSync(top, { recursive: true, force: true });
});
failing.run();
