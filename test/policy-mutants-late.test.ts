/** Ends that come late, taken for others without a test that noticed; each title says what would break. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Effect } from '../host/frames/types.ts';
import { failed } from './machine.ts';
import { end, perform, upTo, V1 } from './policy_steps.ts';
import { createWorld, isWork, kinds, prepareEvent } from './world.ts';

const late = suite('policy: ends that come late');

const RESTART = { type: 'restart', bootId: 'boot-1', mounts: [] };

function alerts(effects: Effect[]): string[] {
  return effects.flatMap((effect) =>
    effect.type === 'alert' ? [`${effect.code} ${effect.volume ?? ''}`.trim()] : [],
  );
}

/** A volume that is held while its detach is under way, and a restart after which nothing is begun. */
function held() {
  const world = createWorld();
  world.prepare('c1', V1);
  const detach = world.send({ type: 'cleanup', id: 'c1' });
  world.send({ type: 'operator', verb: 'hold', driver: 'ebs', name: 'v1' });
  assert.equal(kinds(world.send(RESTART)), []);
  return { world, detach };
}

late('an end from before a restart is late, also when nothing was begun since', () => {
  const { world, detach } = held();
  assert.equal(alerts(end(world, detach, { ok: true })), ['unknown-effect ebs/v1']);
});

late('an end from before a restart may mean a volume that is off the record', () => {
  const { world, detach } = held();
  assert.ok(world.reply(world.send({ type: 'operator', verb: 'forget', driver: 'ebs', name: 'v1' })).ok);
  assert.equal(alerts(end(world, detach, { ok: true })), ['unknown-effect']);
});

late('what is under way while a late end comes says nothing either: it is looked at once more', () => {
  const world = createWorld();
  const mount = upTo(world, 'mount');
  const look = world.send(RESTART);
  assert.equal(alerts(end(world, mount, failed('failed', 'EIO', 'x'))), ['unknown-effect ebs/v1']);
  world.machine.driverMounts.set('ebs/v1', 40);
  assert.equal(kinds(perform(world, look)), ['observe']);
});

late('the first effect of all that ends twice means its volume, and number 0 means none', () => {
  const world = createWorld();
  const get = world.send(prepareEvent('c1', V1));
  assert.is(get.find(isWork)?.effect, 1);
  end(world, get, failed('failed', 'EIO', 'x'));
  assert.equal(alerts(world.send({ type: 'done', effect: 0, ok: true })), ['unknown-effect']);
  const again = end(world, get, { ok: true, value: { exists: true } });
  assert.equal(alerts(again), ['unknown-effect ebs/v1']);
  assert.equal(kinds(again), ['observe']);
  assert.equal(kinds(perform(world, again)), ['mount']);
});

late('a mount that comes to light under one that was taken away is not given to the next task', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const detach = world.send({ type: 'cleanup', id: 'c1' });
  world.send(prepareEvent('c2', V1));
  assert.equal(kinds(end(world, detach, { ok: true, value: { mountId: 600 } })), ['detach']);
});

late('a task inside of another one is one however short its own name is', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const reply = world.reply(world.prepare('c1.', { volume: 'v2' }));
  assert.equal([reply.ok, reply.mounts], [true, []]);
});

late.run();
