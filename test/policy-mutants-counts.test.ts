/** What the driver is owed, counted wrong without a test that noticed; each title says what would break. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failed } from './machine.ts';
import { end, timeout, unmounting, until, V1 } from './policy_under_way.ts';
import { createWorld, driverOps, openPolicy, prepareEvent } from './world.ts';

const counts = suite('policy: what a driver is owed');

counts('what a driver still has mounted for somebody else is no debt below none', () => {
  const world = createWorld();
  const mount = until(world, world.send(prepareEvent('c1', V1)), 'mount');
  world.machine.driverMounts.set('ebs/v1', 70);
  world.play(end(world, mount, failed('failed', 'EIO', 'odd')));
  world.pass(5_000);
  const unmount = until(world, world.send({ type: 'cleanup', id: 'c1' }), 'unmount');
  world.send(prepareEvent('c2', V1));
  const bind = end(world, unmount, { ok: true, value: { stillMounted: true } });
  const snapshot = world.policy.snapshot() as Uint8Array;
  openPolicy().restore(snapshot);
  assert.ok(world.reply(world.play(bind)).ok);
});

counts('an unmount without an answer is not asked for again once the mount is gone', () => {
  const world = createWorld();
  end(world, unmounting(world), timeout);
  world.now += 30_000;
  const second = until(world, world.send({ type: 'tick' }), 'unmount');
  end(world, second, failed('unreachable', 'ECONNREFUSED', 'nobody listens'));
  world.machine.driverMounts.clear();
  assert.equal(driverOps(world.pass(60_000)), []);
});

counts.run();
