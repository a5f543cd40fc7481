/** What a driver is owed and who may forget it, counted wrong without a test that noticed; each title says what would break. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { failed } from './machine.ts';
import { end, only, timeout, unmounting, until, V1 } from './policy_under_way.ts';
import { createWorld, driverOps, kinds, openPolicy, prepareEvent } from './world.ts';

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

counts(
  'what an unmount brings to light, where one of ours was taken before, is given to the next task after a mount of its own',
  () => {
    const world = createWorld();
    world.prepare('c1', V1);
    world.machine.driverMounts.clear();
    world.run({ type: 'lost', target: '/d/ebs/v1' });
    world.prepare('c2', V1);
    world.cleanup('c1');
    const detach = only(world.send({ type: 'cleanup', id: 'c2' }), 'detach');
    world.machine.driverMounts.clear();
    const look = only(end(world, detach, world.machine.answer(detach)), 'observe');
    const unmount = only(end(world, look, world.machine.answer(look)), 'unmount');
    world.send(prepareEvent('c3', V1));
    world.machine.driverMounts.set('ebs/v1', 300);
    end(world, unmount, { ok: true, value: { stillMounted: true } });
    const effects = world.pass(1_000);
    assert.equal(kinds(effects), ['mount', 'bind', 'place']);
    assert.ok(world.reply(effects).ok);
  },
);

counts('a plain directory whose mount went wrong is not there because it was there before', () => {
  const world = createWorld({ config: { drivers: { ebs: { plainDirs: true } } } });
  const unmount = unmounting(world);
  world.send(prepareEvent('c2', V1));
  world.machine.driverMounts.clear();
  const mount = only(end(world, unmount, { ok: true, value: { stillMounted: false } }), 'mount');
  assert.equal(kinds(end(world, mount, failed('failed', 'EIO', 'odd'))), []);
  world.now += 5_000;
  const look = only(world.send({ type: 'tick' }), 'observe');
  assert.equal(kinds(end(world, look, world.machine.answer(look))), ['mount']);
});

const forgotten = suite('policy: a volume that an operator forgets');
const FORGET = { type: 'operator', verb: 'forget', driver: 'ebs', name: 'v1' };

/** A volume that lingers has been forgotten, and its bind is being taken away. */
function forgetLingering() {
  const world = createWorld({ config: { lingerMs: 60_000 } });
  world.prepare('c1', V1);
  world.cleanup('c1');
  const detach = only(world.send(FORGET), 'detach');
  return { world, detach };
}

forgotten('what the driver had of it may vanish without an alarm', () => {
  const { world, detach } = forgetLingering();
  assert.equal(world.send({ type: 'lost', target: '/d/ebs/v1' }), []);
  assert.equal(end(world, detach, world.machine.answer(detach)), []);
});

forgotten('its linger is over, in a restored state as well', () => {
  const { world } = forgetLingering();
  const restored = openPolicy();
  restored.restore(world.policy.snapshot() as Uint8Array);
  const tick = encodeEvent({ type: 'tick', at: world.now });
  for (const policy of [restored, world.policy]) policy.step(tick);
  assert.equal(restored.snapshot(), world.policy.snapshot());
});

for (const tests of [counts, forgotten]) tests.run();
