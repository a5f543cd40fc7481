import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Effect, WorkEffect } from '../host/frames/types.ts';
import { failed } from './machine.ts';
import { createWorld, driverOps, isWork, kinds, prepareEvent, type World } from './world.ts';

const V1 = { volume: 'v1:data' };

function first(effects: Effect[]): WorkEffect {
  const work = effects.find(isWork);
  if (!work) throw new Error('nothing is under way');
  return work;
}

/** Ends one effect as given, performing nothing. */
function end(world: World, effects: Effect[], outcome: Record<string, unknown>): Effect[] {
  return world.send({ type: 'done', effect: first(effects).effect, ...outcome });
}

const timeout = failed('timeout', 'timeout', 'no answer');

const sharing = suite('policy: sharing');

sharing('one volume goes up by get, mount, bind, place and comes down by detach, observe, unmount', () => {
  const world = createWorld();
  assert.equal(kinds(world.prepare('c1', V1)), ['get', 'mount', 'bind', 'place']);
  assert.equal(kinds(world.cleanup('c1')), ['detach', 'observe', 'unmount']);
  assert.is(world.machine.managed.size + world.machine.driverMounts.size, 0);
});

sharing('a second container costs no driver call, and the volume stays until the last is gone', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  assert.equal(kinds(world.prepare('c2', { volume: 'v1:other' })), ['place']);
  assert.equal(kinds(world.cleanup('c1')), []);
  assert.is(world.machine.managed.size, 1);
  assert.equal(kinds(world.cleanup('c2')), ['detach', 'observe', 'unmount']);
});

sharing('a read-only user gets a mount of its own, which goes with the others', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  assert.equal(kinds(world.prepare('c2', { volume: 'v1:data:ro' })), ['bind', 'place']);
  world.cleanup('c1');
  assert.equal(kinds(world.cleanup('c2')), ['detach', 'detach', 'observe', 'unmount']);
});

sharing('an exclusive volume refuses the second container and names the first', () => {
  const world = createWorld({ config: { volumes: { 'ebs/v1': { sharing: 'exclusive' } } } });
  world.prepare('c1', V1);
  const { error } = world.reply(world.prepare('c2', V1));
  assert.is(error?.code, 'exclusive');
  assert.match(error?.message ?? '', /c1/);
  world.cleanup('c1');
  assert.is(world.reply(world.prepare('c2', V1)).ok, true);
});

sharing('two volumes or none: when one cannot be had the other is given back', () => {
  const world = createWorld();
  const effects = world.prepare('c1', { 'volume.a': 'v1', 'volume.b': 'nope' });
  const replies = effects.filter(({ type }) => type === 'reply');
  assert.is(replies.length, 1);
  assert.is(world.reply(effects).error?.code, 'no-such-volume');
  assert.is(world.machine.managed.size + world.machine.driverMounts.size, 0);
});

const idempotence = suite('policy: idempotence');

idempotence('the same prepare again joins while it is under way, and every caller is answered once', () => {
  const world = createWorld();
  const begun = world.send(prepareEvent('c1', V1));
  assert.equal(world.send(prepareEvent('c1', V1)), []);
  const replies = world.play(begun).filter(({ type }) => type === 'reply');
  assert.is(replies.length, 2);
  assert.equal(driverOps(world.all), ['get v1', 'mount v1']);
});

idempotence('the same prepare after the answer gets the same answer, without effects', () => {
  const world = createWorld();
  const answer = world.reply(world.prepare('c1', V1));
  const again = world.prepare('c1', V1);
  assert.is(again.length, 1);
  assert.equal(world.reply(again).mounts, answer.mounts);
});

idempotence('the same container with other volumes is a conflict and changes nothing', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  assert.is(world.reply(world.prepare('c1', { volume: 'v2' })).error?.code, 'conflict');
  assert.is(world.machine.managed.size, 1);
});

idempotence('cleanup of the unknown, and twice, is answered ok', () => {
  const world = createWorld();
  assert.is(world.reply(world.cleanup('nobody')).ok, true);
  world.prepare('c1', V1);
  world.cleanup('c1');
  const again = world.cleanup('c1');
  assert.is(world.reply(again).ok, true);
  assert.is(again.length, 1);
});

const lazy = suite('policy: lazy unmount');

lazy('a prepare during the detach waits for it and binds again without a driver call', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const detach = world.send({ type: 'cleanup', id: 'c1' });
  assert.equal(kinds(detach), ['detach']);
  assert.equal(world.send(prepareEvent('c2', V1)), []);
  assert.equal(kinds(world.play(detach)), ['detach', 'bind', 'place']);
  assert.is(world.reply(world.all).ok, true);
});

lazy('a prepare during the driver unmount waits for it and mounts', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  let effects = world.send({ type: 'cleanup', id: 'c1' });
  while (kinds(effects)[0] !== 'unmount') {
    effects = world.send({
      type: 'done',
      effect: first(effects).effect,
      ...world.machine.answer(first(effects)),
    });
  }
  assert.equal(world.send(prepareEvent('c2', V1)), []);
  assert.equal(kinds(world.play(effects)), ['unmount', 'mount', 'bind', 'place']);
});

lazy('linger keeps the volume mounted for the next task, and lets go when its time is over', () => {
  const world = createWorld({ config: { lingerMs: 5000 } });
  world.prepare('c1', V1);
  assert.equal(kinds(world.cleanup('c1')), []);
  assert.equal(kinds(world.pass(3000)), []);
  assert.equal(kinds(world.prepare('c2', V1)), ['place']);
  world.cleanup('c2');
  assert.equal(kinds(world.pass(4999)), []);
  assert.equal(kinds(world.pass(2)), ['detach', 'observe', 'unmount']);
});

lazy('a volume that a live container still has is not unmounted, whatever the count says', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.pinned.set('ebs/v1', 'c9');
  const effects = world.cleanup('c1');
  assert.equal(kinds(effects), ['detach', 'observe']);
  assert.ok(effects.some((effect) => effect.type === 'alert' && effect.code === 'pinned'));
  world.machine.pinned.clear();
  assert.equal(kinds(world.pass(60_000)), ['observe', 'unmount']);
});

const failures = suite('policy: failures');

failures('an answer of no is final: the prepare fails with the words of the driver', () => {
  const world = createWorld();
  const get = world.send(prepareEvent('c1', V1));
  const mount = end(world, get, { ok: true, value: { exists: true } });
  const effects = end(world, mount, failed('refused', 'driver-refused', 'volume is in zone b'));
  const { error } = world.reply(effects);
  assert.is(error?.code, 'driver-refused');
  assert.match(error?.message ?? '', /mount ebs\/v1: volume is in zone b/);
  assert.equal(kinds(effects), ['observe'], 'a failed mount is looked at before anything else');
});

failures('a driver that cannot be reached is tried again with growing pauses until the deadline', () => {
  const world = createWorld();
  world.machine.silent.add('ebs');
  const begun = world.prepare('c1', V1);
  assert.equal(kinds(begun), ['get']);
  const later = world.pass(44_990);
  assert.not(later.some(({ type }) => type === 'reply'));
  const tries = kinds(later).length;
  assert.ok(tries >= 8 && tries <= 30, `${tries} tries in 45 s`);
  const { error } = world.reply(world.pass(20));
  assert.is(error?.code, 'driver-unreachable');
  assert.match(error?.message ?? '', /within 45000 ms; last: get ebs\/v1: nobody listens/);
  assert.equal(kinds(world.pass(600_000)), [], 'nothing goes on when nobody wants it');
});

failures('a driver that comes back in time is not noticed by the task', () => {
  const world = createWorld();
  world.machine.silent.add('ebs');
  world.prepare('c1', V1);
  world.pass(10_000);
  world.machine.silent.clear();
  assert.is(world.reply(world.pass(6_000)).ok, true);
});

failures('a mount that timed out is observed, not repeated, while it may still come true', () => {
  const world = createWorld();
  const mount = end(world, world.send(prepareEvent('c1', V1)), { ok: true, value: { exists: true } });
  const observe = end(world, mount, timeout);
  assert.equal(kinds(observe), []);
  const soon = world.pass(20_000);
  assert.equal([...new Set(kinds(soon))], ['observe']);
  world.machine.driverMounts.set('ebs/v1', 77);
  assert.is(world.reply(world.pass(6_000)).ok, true);
  assert.equal(driverOps(world.all), ['get v1', 'mount v1'], 'the driver was asked to mount once');
});

failures('a mount that never came true is repeated only after settleMs', () => {
  const world = createWorld({ config: { prepareMs: 120_000 } });
  end(world, end(world, world.send(prepareEvent('c1', V1)), { ok: true, value: { exists: true } }), timeout);
  world.pass(29_000);
  assert.equal(driverOps(world.all), ['get v1', 'mount v1']);
  world.pass(10_000);
  assert.equal(driverOps(world.all), ['get v1', 'mount v1', 'mount v1']);
  assert.is(world.reply(world.all).ok, true);
});

failures('a mount in flight when its prepare runs out is undone when it comes', () => {
  const world = createWorld({ config: { prepareMs: 1000 } });
  const mount = end(world, world.send(prepareEvent('c1', V1)), { ok: true, value: { exists: true } });
  const { error } = world.reply(world.pass(1001));
  assert.is(error?.code, 'timeout');
  const effects = world.play(mount);
  assert.equal(kinds(effects), ['mount', 'observe', 'unmount']);
  assert.is(world.machine.driverMounts.size, 0);
});

failures('an unmount that fails is tried for ever, backs off to a minute, and pins nothing else', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.silent.add('ebs');
  world.cleanup('c1');
  world.pass(3_600_000);
  const tries = driverOps(world.all).filter((op) => op === 'unmount v1').length;
  assert.ok(tries > 50 && tries < 120, `${tries} tries in an hour`);
  assert.is(world.reply(world.prepare('c2', { volume: 'n1', 'volume-driver': 'nfs' })).ok, true);
  world.machine.silent.clear();
  world.pass(90_000);
  assert.is(world.machine.driverMounts.has('ebs/v1'), false);
});

failures('a volume found mounted in spite of an error is used', () => {
  const world = createWorld();
  const mount = end(world, world.send(prepareEvent('c1', V1)), { ok: true, value: { exists: true } });
  world.machine.driverMounts.set('ebs/v1', 55);
  end(world, mount, failed('failed', 'driver-failed', 'odd'));
  assert.is(world.reply(world.pass(5_000)).ok, true);
  assert.equal(driverOps(world.all), ['get v1', 'mount v1']);
});

failures('a driver that answers a path which is no mount fails the task and hands out nothing', () => {
  const world = createWorld();
  const mount = end(world, world.send(prepareEvent('c1', V1)), { ok: true, value: { exists: true } });
  const effects = world.play(end(world, mount, { ok: true, value: { mountpoint: '/d/ebs/v1' } }));
  assert.is(world.reply(effects).error?.code, 'not-mounted');
  assert.is(world.machine.managed.size, 0);
  assert.ok(driverOps(effects).includes('unmount v1'), 'the driver counted a mount: it is given back');
});

failures('a container path that cannot be made fails the task and unmounts', () => {
  const world = createWorld();
  let effects = world.send(prepareEvent('c1', V1));
  while (kinds(effects)[0] !== 'place') {
    effects = world.send({
      type: 'done',
      effect: first(effects).effect,
      ...world.machine.answer(first(effects)),
    });
  }
  const after = world.play(end(world, effects, failed('refused', 'ELOOP', 'a link is in the way')));
  assert.is(world.reply(after).error?.code, 'place-failed');
  assert.is(world.machine.driverMounts.size, 0);
});

const ending = suite('policy: destroy and cleanup');

ending('destroy answers an open prepare at once, and what is in flight is undone', () => {
  const world = createWorld();
  const mount = end(world, world.send(prepareEvent('c1', V1)), { ok: true, value: { exists: true } });
  const replies = world.send({ type: 'destroy', id: 'c1' });
  assert.equal(
    replies.map((effect) => effect.type === 'reply' && (effect.error?.code ?? 'ok')),
    ['destroyed', 'ok'],
  );
  world.play(mount);
  assert.is(world.machine.driverMounts.size, 0);
});

ending('after a destroy the id is refused until its cleanup', () => {
  const world = createWorld();
  world.send(prepareEvent('c1', V1));
  world.send({ type: 'destroy', id: 'c1' });
  assert.is(world.reply(world.send(prepareEvent('c1', V1))).error?.code, 'destroyed');
  world.cleanup('c1');
  world.pass(60_000);
  assert.is(world.reply(world.prepare('c1', { volume: 'v2' })).ok, true);
});

ending('cleanup of a container whose prepare is open answers both, the prepare first', () => {
  const world = createWorld();
  world.send(prepareEvent('c1', V1));
  const replies = world.send({ type: 'cleanup', id: 'c1' });
  assert.equal(
    replies.map((effect) => effect.type === 'reply' && (effect.error?.code ?? 'ok')),
    ['destroyed', 'ok'],
  );
});

for (const tests of [sharing, idempotence, lazy, failures, ending]) tests.run();
