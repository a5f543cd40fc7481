import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failed } from './machine.ts';
import { end, nextWork, perform, timeout, upTo, V1 } from './policy_steps.ts';
import { createWorld, isWork, kinds, prepareEvent, type World } from './world.ts';

const driver = suite('policy: answers of a driver');

driver('a driver without Get is told so, with the setting that helps', () => {
  const world = createWorld();
  const get = world.send(prepareEvent('c1', V1));
  const { error } = world.reply(end(world, get, failed('refused', 'unsupported', '')));
  assert.is(error?.message, 'get ebs/v1: unsupported');
  assert.match(error?.hint ?? '', /mountNeverCreates/);
});

driver('a volume that is not there is told without words of the driver, when it says none', () => {
  const world = createWorld();
  const get = world.send(prepareEvent('c1', V1));
  const { error } = world.reply(end(world, get, { ok: true, value: { exists: false } }));
  assert.is(error?.message, 'driver ebs has no volume v1');
});

driver('a create that is refused fails the task, one that fails otherwise is tried again', () => {
  const config = { drivers: { ebs: { create: true } }, defaultDriver: 'ebs' };
  const create = (world: World) => upTo(world, 'create', { volume: 'source=new,create' });
  const refused = createWorld({ config });
  assert.is(
    refused.reply(end(refused, create(refused), failed('refused', 'E', 'no space'))).error?.message,
    'create ebs/new: no space',
  );
  const flaky = createWorld({ config });
  assert.equal(kinds(end(flaky, create(flaky), failed('failed', 'E', 'busy'))), []);
  assert.is(flaky.reply(flaky.pass(1000)).ok, true);
});

driver('a mount that answers no absolute path is no success, and may be owed', () => {
  const world = createWorld({ config: { prepareMs: 1000 } });
  const mount = upTo(world, 'mount');
  end(world, mount, { ok: true, value: { mountpoint: 'relative' } });
  assert.ok(world.machine.driverMounts.size === 0);
  const snapshot = world.policy.snapshot();
  assert.ok(snapshot);
  const reply = world.reply(world.pass(1000));
  assert.is(reply.ok, true, 'after a look it is mounted again');
});

driver('a driver that nobody reaches at Mount has mounted nothing', () => {
  const world = createWorld();
  const effects = end(world, upTo(world, 'mount'), failed('unreachable', 'ECONNREFUSED', 'nobody listens'));
  assert.equal(kinds(effects), []);
  assert.equal(kinds(world.pass(400)).slice(0, 1), ['mount'], 'no observe before the next try');
});

driver('retryMaxMs 0 tries again at once, not never', () => {
  const world = createWorld({ config: { retryMaxMs: 0 } });
  end(world, upTo(world, 'mount'), failed('failed', 'E', ''));
  assert.is(world.reply(world.pass(10)).ok, true);
});

driver(
  'a bind that fails is looked at and made again; refused for another reason than a missing mount it names that',
  () => {
    const world = createWorld();
    assert.equal(kinds(end(world, upTo(world, 'bind'), failed('failed', 'EIO', ''))), []);
    const later = world.pass(2000);
    assert.equal(kinds(later), ['observe', 'bind', 'place']);
    const other = createWorld();
    const { error } = other.reply(
      end(other, upTo(other, 'bind'), failed('refused', 'EPERM', 'not permitted')),
    );
    assert.is(`${error?.code} ${error?.message}`, 'driver-failed bind ebs/v1: not permitted');
  },
);

driver('after a failed bind the next waits for its pause', () => {
  const world = createWorld();
  const observe = end(world, upTo(world, 'bind'), timeout);
  assert.equal(kinds(observe), []);
  world.now += 150;
  world.send({ type: 'operator', verb: 'hold', driver: 'ebs', name: 'v1' });
  const looked = world.send({ type: 'lost', target: '/m/ebs/v1' });
  assert.equal(kinds(looked), [], 'nothing begins before the pause is over');
});

driver('a reader whose bind is refused is answered, the writer keeps the volume', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const bind = world.send(prepareEvent('c2', { volume: 'v1:data:ro' }));
  assert.is(world.reply(end(world, bind, failed('refused', 'EPERM', 'no'))).error?.code, 'driver-failed');
  assert.equal([...world.machine.managed.keys()], ['/m/ebs/v1']);
});

driver('a detach that fails is told, looked at and done again', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const failedDetach = end(
    world,
    world.send({ type: 'cleanup', id: 'c1' }),
    failed('failed', 'EBUSY', 'busy'),
  );
  assert.equal(
    failedDetach.flatMap((effect) => (effect.type === 'alert' ? [effect.code] : [])),
    ['detach-failed'],
  );
  assert.equal(kinds(world.pass(2000)), ['observe', 'detach', 'observe', 'unmount']);
});

driver('a path that cannot be made is told by its code where there are no words', () => {
  const world = createWorld();
  const { error } = world.reply(end(world, upTo(world, 'place'), failed('failed', 'ELOOP', '')));
  assert.is(error?.message, 'container c1: ELOOP');
});

driver('a driver whose unmount leaves a mount behind is asked again while it may be owed one', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  let effects = world.send({ type: 'cleanup', id: 'c1' });
  while (!kinds(effects).includes('unmount')) effects = perform(world, effects);
  const after = end(world, effects, { ok: true, value: { stillMounted: true } });
  assert.equal(
    kinds(after),
    [],
    'one was owed and has been given back: what is left is the mount of another client',
  );
  assert.is(world.machine.driverMounts.size, 1);
});

driver(
  'an unmount without an answer keeps the next mount waiting until it is settled, whatever failed before it',
  () => {
    for (const first of [timeout, failed('failed', 'E', 'busy')]) waitsAfter([first, timeout]);
  },
);

function waitsAfter(outcomes: Record<string, unknown>[]): void {
  const world = createWorld({ config: { settleMs: 5_000 } });
  world.prepare('c1', V1);
  let effects = world.send({ type: 'cleanup', id: 'c1' });
  for (const outcome of outcomes) {
    while (!kinds(effects).includes('unmount'))
      effects = effects.some(isWork) ? perform(world, effects) : nextWork(world);
    effects = end(world, effects, outcome);
  }
  const prepared = world.play(world.send(prepareEvent('c2', V1)));
  assert.ok(!prepared.some((effect) => effect.type === 'reply'), 'it may still vanish');
  assert.is(world.reply(world.pass(30_000)).ok, true);
}

driver.run();
