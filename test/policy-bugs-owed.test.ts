/** Mounts that are not ours, or not for long, and were given to tasks: counts of before, and mounts of which nobody heard the end. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failed } from './machine.ts';
import { end, only, timeout, until, V1 } from './policy_under_way.ts';
import { createWorld, driverOps, kinds, prepareEvent, type World } from './world.ts';

/** What a driver says to an Unmount when another client still has the volume mounted. */
const stillMounted = { ok: true, value: { stillMounted: true } };

/** Somebody takes the driver's mount away, and the policy is told. */
function take(world: World) {
  world.machine.driverMounts.clear();
  world.run({ type: 'lost', target: '/d/ebs/v1' });
}

const bugs = suite('policy: what is owed');

bugs(
  'a second Mount after the first was taken counted twice, and the mount of another client passed for it',
  () => {
    const world = createWorld();
    world.prepare('c1', V1);
    take(world);
    world.prepare('c2', V1);
    world.cleanup('c1');
    const unmount = until(world, world.send({ type: 'cleanup', id: 'c2' }), 'unmount');
    world.machine.driverMounts.set('ebs/v1', 900);
    end(world, unmount, stillMounted);
    const effects = world.prepare('c3', V1);
    assert.is(world.reply(effects).ok, true);
    assert.ok(driverOps(effects).includes('mount v1'), 'it is mounted for us');
    const ended = [...world.cleanup('c3'), ...world.pass(100_000)];
    assert.equal(driverOps(ended), ['unmount v1'], 'and given back');
  },
);

bugs('more counted as stale than was owed, and a volume was mounted again and again', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  take(world);
  world.prepare('c2', V1);
  world.cleanup('c1');
  const first = until(world, world.send({ type: 'cleanup', id: 'c2' }), 'unmount');
  world.machine.driverMounts.set('ebs/v1', 900);
  end(world, first, stillMounted);
  world.now += 1000;
  const second = until(world, world.send({ type: 'tick' }), 'unmount');
  world.send(prepareEvent('c3', V1));
  const effects = world.play(end(world, second, stillMounted));
  assert.equal(driverOps(effects), ['mount v1']);
  assert.is(world.reply(effects).ok, true);
});

bugs('what another client mounted where one of ours had been taken passed for ours', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  take(world);
  const look = only(world.send({ type: 'cleanup', id: 'c1' }), 'detach');
  const observe = until(world, end(world, look, world.machine.answer(look)), 'observe');
  world.machine.driverMounts.set('ebs/v1', 900);
  world.send(prepareEvent('c2', V1));
  const effects = world.play(end(world, observe, world.machine.answer(observe)));
  assert.is(world.reply(effects).ok, true);
  assert.ok(driverOps(effects).includes('mount v1'));
});

bugs(
  'a mount whose end nobody heard was given to a task while its driver was silent, which took it away as it started',
  () => {
    for (const outcome of [timeout, failed('failed', 'ECONNRESET', 'cut off')]) {
      const world = createWorld();
      const mount = until(world, world.send(prepareEvent('c1', V1)), 'mount');
      world.machine.driverMounts.set('ebs/v1', 100);
      world.machine.silent.add('ebs');
      const silent = [...world.play(end(world, mount, outcome)), ...world.pass(10_000)];
      assert.equal(
        kinds(silent).filter((kind) => kind !== 'observe'),
        [],
        'the kernel shows it, and the driver does not say whether it stays',
      );
      world.machine.silent.clear();
      const after = world.pass(10_000);
      assert.ok(kinds(after).includes('bind'));
      assert.is(world.reply(after).ok, true);
    }
  },
);

bugs.run();
