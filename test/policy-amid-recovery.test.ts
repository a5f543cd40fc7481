import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { end, perform, upTo, V1 } from './policy_steps.ts';
import { createWorld, kinds, prepareEvent, RECOVER, type World } from './world.ts';

const amid = suite('policy: amid a recovery');
const PART = { ...RECOVER, journal: 'whole' };

/** A volume whose unmount fails and waits for its next try. */
function withRetry(world: World): void {
  world.prepare('c1', V1);
  world.machine.silent.add('ebs');
  world.cleanup('c1');
}

amid('a retry whose time comes between two parts unmounted what a later part would have named', () => {
  const world = createWorld();
  withRetry(world);
  world.machine.silent.clear();
  world.run({ ...PART, last: false });
  world.now += 120_000;
  assert.equal(kinds(world.send({ type: 'tick' })), []);
  const last = world.send({ ...PART, part: 1 });
  assert.equal(kinds(last), ['observe'], 'now all is looked at');
});

amid('a prepare between two parts is refused: the recovery would have made it void without an answer', () => {
  const world = createWorld();
  world.run({ ...PART, last: false });
  const effects = world.send(prepareEvent('c1', V1));
  assert.is(world.reply(effects).error?.code, 'not-recovered');
  world.run({ ...PART, part: 1 });
  assert.is(world.reply(world.prepare('c1', V1)).ok, true);
});

amid('what ends between two parts is heard, and nothing follows before the last', () => {
  const world = createWorld();
  const mount = upTo(world, 'mount');
  world.run({ ...PART, last: false });
  assert.equal(kinds(perform(world, mount)), []);
  assert.equal(kinds(world.send({ type: 'lost', target: '/d/ebs/v1' })), []);
  assert.equal(kinds(world.send({ ...PART, part: 1, orphans: ['c1'] })), ['observe']);
});

amid('a host that died between two parts and came back waited for the rest for ever', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.run({ ...PART, orphans: ['c1'], last: false });
  assert.equal(kinds(world.run({ type: 'restart', bootId: 'boot-1', mounts: [] })), ['observe']);
  assert.is(world.reply(world.prepare('c1', V1)).ok, true, 'the holder is as before');
});

amid('parts that are thrown away leave the times running', () => {
  const world = createWorld();
  withRetry(world);
  world.run({ ...PART, last: false });
  world.now += 120_000;
  world.send({ type: 'tick' });
  const refused = world.send({ ...PART, part: 7 });
  assert.is(world.reply(refused).error?.code, 'bad-frame');
  assert.is(kinds(refused).length, 1, 'the retry is not forgotten');
});

amid('a mount that ends after the last part is looked at, and not repeated while it may come true', () => {
  const world = createWorld();
  const mount = upTo(world, 'mount');
  world.run(PART);
  const late = end(world, mount, { ok: true, value: { mountpoint: '/d/ebs/v1' } });
  assert.equal(kinds(world.play(late)), ['observe']);
  assert.not(kinds(world.pass(29_000)).includes('mount'));
});

amid.run();
