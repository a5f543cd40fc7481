import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Effect, WorkEffect } from '../host/frames/types.ts';
import { failed } from './machine.ts';
import { createWorld, driverOps, isWork, kinds, prepareEvent, RECOVER, type World } from './world.ts';

const V1 = { volume: 'v1:data' };

function first(effects: Effect[]): WorkEffect {
  return effects.find(isWork) as WorkEffect;
}

/** Performs truthfully until an effect of this kind is next, and returns that. */
function until(world: World, effects: Effect[], kind: string): Effect[] {
  let now = effects;
  while (kinds(now)[0] !== kind) {
    now = world.send({ type: 'done', effect: first(now).effect, ...world.machine.answer(first(now)) });
  }
  return now;
}

const counts = suite('policy: whose driver mount it is');

counts('a mount that another client of the driver made is never unmounted', () => {
  const world = createWorld();
  const mount = until(world, world.send(prepareEvent('c1', V1)), 'mount');
  world.machine.driverMounts.set('ebs/v1', 900);
  const refused = world.send({
    type: 'done',
    effect: first(mount).effect,
    ...failed('unreachable', 'ECONNREFUSED', 'nobody'),
  });
  world.play([...refused, ...world.send({ type: 'cleanup', id: 'c1' })]);
  world.pass(600_000);
  assert.not(driverOps(world.all).includes('unmount v1'));
  assert.is(world.machine.driverMounts.get('ebs/v1'), 900);
});

counts('after an unmount the mount of another client stays, and is not asked for again', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const unmount = until(world, world.send({ type: 'cleanup', id: 'c1' }), 'unmount');
  world.play(
    world.send({ type: 'done', effect: first(unmount).effect, ok: true, value: { stillMounted: true } }),
  );
  world.pass(600_000);
  assert.equal(driverOps(world.all), ['get v1', 'mount v1', 'unmount v1']);
});

counts('what is still mounted for another client is mounted once more for the next task', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const unmount = until(world, world.send({ type: 'cleanup', id: 'c1' }), 'unmount');
  world.send(prepareEvent('c2', V1));
  const still = { ok: true, value: { stillMounted: true } };
  const effects = world.play(world.send({ type: 'done', effect: first(unmount).effect, ...still }));
  assert.equal(kinds(effects), ['mount', 'bind', 'place'], 'else it goes when the other one gives it back');
  assert.is(world.reply(effects).ok, true);
});

counts('a forgotten volume keeps its mount at the driver, and nothing of ours shows it', () => {
  const world = createWorld({ config: { lingerMs: 60_000 } });
  world.prepare('c1', V1);
  world.cleanup('c1');
  world.machine.silent.add('ebs');
  world.run({ type: 'operator', verb: 'forget', driver: 'ebs', name: 'v1' });
  assert.is(world.machine.managed.size, 0);
  world.pass(600_000);
  assert.not(driverOps(world.all).includes('unmount v1'));
  const again = world.reply(world.run({ type: 'operator', verb: 'forget', driver: 'ebs', name: 'v1' }));
  assert.is(again.error?.code, 'no-such-volume', 'also when the driver is gone for ever');
});

counts('a plain directory of which only our bind is left is mounted before it is bound again', () => {
  const world = createWorld({ recover: false, config: { drivers: { ebs: { plainDirs: true } } } });
  world.machine.managed.set('/m/ebs/v1', 51);
  const mounts = [{ target: '/m/ebs/v1', mountId: 51, dev: '8:1' }];
  world.run({ ...RECOVER, journal: 'damaged', orphans: ['x'], mounts });
  const order = kinds(world.prepare('c1', V1));
  assert.ok(order.indexOf('mount') >= 0 && order.indexOf('mount') < order.indexOf('bind'), order.join());
});

counts('a forgotten volume that is wanted at once is mounted once, and given back once', () => {
  const world = createWorld({ config: { lingerMs: 60_000 } });
  world.prepare('c1', V1);
  world.cleanup('c1');
  const detach = world.send({ type: 'operator', verb: 'forget', driver: 'ebs', name: 'v1' });
  world.send(prepareEvent('c2', V1));
  assert.equal(driverOps(world.play(detach)), ['mount v1']);
  world.cleanup('c2');
  assert.equal(driverOps(world.pass(70_000)), ['unmount v1']);
});

counts(
  'a mount that the driver may have counted twice is given back twice, while the kernel shows it',
  () => {
    const world = createWorld();
    world.prepare('c1', V1);
    world.machine.driverMounts.clear();
    world.run({ type: 'lost', target: '/d/ebs/v1' });
    world.prepare('c2', V1);
    world.cleanup('c1');
    const unmount = until(world, world.send({ type: 'cleanup', id: 'c2' }), 'unmount');
    const still = { ok: true, value: { stillMounted: true } };
    const early = world.play(world.send({ type: 'done', effect: first(unmount).effect, ...still }));
    assert.equal(kinds(early), [], 'not without a pause');
    world.pass(1_000);
    assert.is(driverOps(world.all).filter((op) => op === 'unmount v1').length, 2);
    assert.is(world.machine.driverMounts.size, 0);
  },
);

counts('a mount that only may have been counted is given back too, while the kernel shows it', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.driverMounts.clear();
  world.run({ type: 'lost', target: '/d/ebs/v1' });
  const mount = until(world, world.send(prepareEvent('c2', V1)), 'mount');
  world.machine.driverMounts.set('ebs/v1', 70);
  const odd = failed('failed', 'driver-failed', 'odd');
  world.play(world.send({ type: 'done', effect: first(mount).effect, ...odd }));
  assert.is(world.reply(world.pass(5_000)).ok, true);
  world.cleanup('c1');
  const unmount = until(world, world.send({ type: 'cleanup', id: 'c2' }), 'unmount');
  const still = { ok: true, value: { stillMounted: true } };
  world.play(world.send({ type: 'done', effect: first(unmount).effect, ...still }));
  world.pass(60_000);
  assert.is(world.machine.driverMounts.size, 0);
});

const holds = suite('policy: what a container holds');

holds('no answer before the last of several volumes is there', () => {
  const world = createWorld();
  const begun = world.send(prepareEvent('c1', { 'volume.a': 'v1', 'volume.b': 'v2' }));
  const [one, two] = begun.filter(isWork) as [WorkEffect, WorkEffect];
  assert.not(world.play([one]).some(({ type }) => type === 'reply'));
  assert.is(world.reply(world.play([two])).ok, true);
});

holds('a destroyed container keeps its volume until its cleanup', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  assert.equal(kinds(world.run({ type: 'destroy', id: 'c1' })), []);
  assert.is(world.machine.driverMounts.size, 1);
  assert.is(world.reply(world.prepare('c1', V1)).error?.code, 'destroyed');
  assert.equal(kinds(world.cleanup('c1')), ['detach', 'observe', 'unmount']);
});

for (const [mode, labels] of [
  ['writing', V1],
  ['reading', { volume: 'v1:data:ro' }],
] as const)
  holds(`an old bind for ${mode} is taken away before the driver is asked to mount anew`, () => {
    const world = createWorld();
    world.prepare('c1', labels);
    world.machine.driverMounts.clear();
    world.run({ type: 'lost', target: '/d/ebs/v1' });
    const order = kinds(world.prepare('c2', labels));
    assert.ok(order.indexOf('detach') >= 0 && order.indexOf('detach') < order.indexOf('mount'), order.join());
  });

holds('after a reboot an agent that names a container of before has nothing held for it', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.managed.clear();
  world.machine.driverMounts.clear();
  world.run({ ...RECOVER, journal: 'whole', bootId: 'boot-2', orphans: ['c1'] });
  assert.equal(driverOps(world.all), ['get v1', 'mount v1', 'unmount v1']);
  assert.is(world.reply(world.prepare('c1', { volume: 'v2' })).ok, true, 'the id is free');
});

const operator = suite('policy: an operator decides');

const verb = (name: string) => ({ type: 'operator', verb: name, driver: 'ebs', name: 'v1' });

operator('hold keeps a volume mounted without users, release lets it go', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.run(verb('hold'));
  assert.equal(kinds(world.cleanup('c1')), []);
  assert.equal(kinds(world.pass(600_000)), []);
  assert.equal(kinds(world.run(verb('release'))), ['detach', 'observe', 'unmount']);
});

operator('retry does not wait for the pause', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.silent.add('ebs');
  world.cleanup('c1');
  world.pass(600_000);
  world.machine.silent.clear();
  world.now += 1;
  assert.ok(driverOps(world.run(verb('retry'))).includes('unmount v1'));
});

operator('forget is refused for what is held, and takes the rest off the record without touching it', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  assert.match(world.reply(world.run(verb('forget'))).error?.message ?? '', /held by container c1/);
  world.run(verb('hold'));
  world.cleanup('c1');
  assert.is(world.reply(world.run(verb('forget'))).ok, true);
  assert.equal(kinds(world.pass(600_000)), []);
  assert.is(world.machine.driverMounts.size, 1);
});

operator('drain refuses new volumes, lets tasks without any through, and resume ends it', () => {
  const world = createWorld();
  world.run({ type: 'operator', verb: 'drain' });
  assert.is(world.reply(world.prepare('c1', V1)).error?.code, 'draining');
  assert.is(world.reply(world.prepare('c2', {})).ok, true);
  world.run({ type: 'operator', verb: 'resume' });
  assert.is(world.reply(world.prepare('c1', V1)).ok, true);
});

for (const tests of [counts, holds, operator]) tests.run();
