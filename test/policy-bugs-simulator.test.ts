/** One test for each mistake of the policy that the simulator found, in the events to which it was shrunk. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failed } from './machine.ts';
import { end, only, timeout, unmounting, until, V1 } from './policy_under_way.ts';
import { createWorld, driverOps, kinds, prepareEvent, RECOVER } from './world.ts';

const bugs = suite('policy: mistakes that the simulator found');
const nothing = { managed: [], driver: { answered: true, exists: true }, pinnedBy: [] };

bugs('a prepare was answered ok while one of its volumes was being taken down', () => {
  const world = createWorld();
  world.prepare('c1', { 'volume.a': 'v1:a' });
  const detach = only(world.send({ type: 'cleanup', id: 'c1' }), 'detach');
  const both = world.run(prepareEvent('c2', { 'volume.a': 'v1:a', 'volume.b': 'v2:b' }));
  assert.not(both.some(({ type }) => type === 'reply'));
  const after = world.play(end(world, detach, world.machine.answer(detach)));
  assert.is(world.reply(after).ok, true);
  assert.ok(world.machine.managed.has('/m/ebs/v1'));
});

bugs('a bind that vanished before its end was told counted as there', () => {
  const world = createWorld();
  const bind = until(world, world.send(prepareEvent('c1', V1)), 'bind');
  const outcome = world.machine.answer(bind);
  world.machine.managed.clear();
  world.send({ type: 'lost', target: '/m/ebs/v1' });
  const reply = world.reply(world.play(end(world, bind, outcome)));
  assert.is(reply.ok, true);
  assert.ok(world.machine.managed.has('/m/ebs/v1'), 'bound again before the answer');
});

bugs('what a driver counts twice was given back once, when the kernel showed no mount', () => {
  const world = createWorld();
  const place = until(world, world.send(prepareEvent('c1', V1)), 'place');
  world.machine.driverMounts.clear();
  const bind = until(world, world.send({ type: 'lost', target: '/d/ebs/v1' }), 'bind');
  world.machine.driverMounts.clear();
  const notMounted = failed('refused', 'not-mounted', 'no mount of its own');
  const after = world.play(end(world, bind, notMounted));
  end(world, place, { ok: true });
  assert.equal(kinds([...after, ...world.pass(1_000)]), ['observe', 'unmount', 'observe', 'unmount']);
});

bugs('a long count was given back in one go, dozens of unmounts within a second', () => {
  const world = createWorld();
  for (let count = 1; count <= 5; count += 1) {
    world.prepare(`c${count}`, V1);
    world.machine.driverMounts.clear();
    world.run({ type: 'lost', target: '/d/ebs/v1' });
  }
  for (let count = 1; count <= 5; count += 1) world.cleanup(`c${count}`);
  const unmounts = () => driverOps(world.all).filter((op) => op === 'unmount v1').length;
  assert.is(unmounts(), 1);
  world.pass(10_000);
  assert.is(unmounts(), 5);
});

bugs('an unmount timed out, and a second one was sent that the driver counted as well', () => {
  const world = createWorld();
  end(world, unmounting(world), timeout);
  assert.equal(kinds(world.pass(29_000)), [], 'the first may still come true');
  world.machine.driverMounts.clear();
  world.run({ type: 'restart', bootId: 'boot-1', mounts: [] });
  const early = [...world.prepare('c2', V1), ...world.pass(500)];
  assert.not(early.some(({ type }) => type === 'reply'));
  assert.is(world.reply(world.pass(35_000)).ok, true);
});

bugs(
  'an unmount of what was not shown, timed out: that nothing is shown does not say that it is over',
  () => {
    const world = createWorld();
    world.prepare('c1', V1);
    world.machine.driverMounts.clear();
    world.machine.managed.clear();
    const looked = world.send({ ...RECOVER, journal: 'whole', bootId: 'boot-2' });
    end(world, until(world, looked, 'unmount'), timeout);
    const early = [...world.prepare('c2', V1), ...world.pass(5_000)];
    assert.not(early.some(({ type }) => type === 'reply'));
    assert.is(world.reply(world.pass(35_000)).ok, true);
  },
);

bugs('a look that began before settleMs was over and ended after it led to a second mount', () => {
  const world = createWorld();
  end(world, until(world, world.send(prepareEvent('c1', V1)), 'mount'), timeout);
  world.now += 29_000;
  const look = only(world.send({ type: 'tick' }), 'observe');
  world.machine.driverMounts.set('ebs/v1', 77);
  world.now += 2_000;
  const after = world.play(end(world, look, { ok: true, value: nothing }));
  assert.is(world.reply(after).ok, true);
  assert.not(kinds(after).includes('mount'));
});

bugs('a mount that timed out was forgotten while another client showed the volume', () => {
  const world = createWorld();
  end(world, until(world, world.send(prepareEvent('c1', V1)), 'mount'), timeout);
  world.send({ type: 'cleanup', id: 'c1' });
  world.machine.driverMounts.set('ebs/v1', 77);
  assert.not(kinds(world.pass(29_000)).includes('unmount'), 'our own may still come');
  assert.ok(kinds(world.pass(5_000)).includes('unmount'));
});

bugs('bound anew for writing, the old read-only bind counted as new', () => {
  const world = createWorld();
  world.prepare('c1', { volume: 'v1:data:ro' });
  world.machine.driverMounts.set('ebs/v1', 500);
  world.prepare('c2', V1);
  world.prepare('c3', { volume: 'v1:data:ro' });
  const detached = world.all
    .filter(({ type }) => type === 'detach')
    .map((effect) => (effect as { target: string }).target);
  assert.ok(detached.includes('/m/.ro/ebs/v1'));
});

bugs('of plain directories nobody sees that an unmount is over: it hit the next task', () => {
  const world = createWorld({ config: { drivers: { ebs: { plainDirs: true }, nfs: {} } } });
  end(world, unmounting(world), timeout);
  world.machine.driverMounts.clear();
  const effects = world.run(prepareEvent('c2', V1));
  assert.not(kinds(effects).includes('mount'));
  assert.ok(kinds(world.pass(35_000)).includes('mount'));
});

bugs('with a lost journal the end of one task took the bind of a living orphan', () => {
  const world = createWorld({ recover: false });
  world.machine.driverMounts.set('ebs/v1', 60);
  world.machine.managed.set('/m/ebs/v1', 61);
  const mounts = [
    { target: '/m/ebs/v1', mountId: 61, source: '/dev/loop1', fstype: 'ext4', root: '/', dev: '7:1' },
  ];
  const known = {
    id: 'c1',
    labels: Object.entries(V1),
    env: [],
    volumes: [],
    sandbox: '/s/c1',
    pid: 9,
    mounts: [],
  };
  world.run({ ...RECOVER, journal: 'damaged', containers: [known], orphans: ['c2'], mounts });
  world.cleanup('c1');
  assert.ok(world.machine.managed.has('/m/ebs/v1'));
  world.cleanup('c2');
  assert.not(world.machine.managed.has('/m/ebs/v1'));
});

bugs('a bind that timed out and was made was used, although the driver had mounted anew since', () => {
  const world = createWorld();
  const bind = until(world, world.send(prepareEvent('c1', V1)), 'bind');
  world.machine.answer(bind);
  world.machine.driverMounts.set('ebs/v1', 500);
  end(world, bind, timeout);
  const after = world.pass(5_000);
  assert.ok(kinds(after).includes('detach'));
  assert.is(world.reply(after).ok, true);
});

bugs('each repeated prepare of a holder put off the answer to the one before it', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.silent.add('ebs');
  world.machine.driverMounts.clear();
  world.send({ type: 'lost', target: '/m/ebs/v1' });
  world.send(prepareEvent('c1', V1));
  world.now += 30_000;
  world.send(prepareEvent('c1', V1));
  world.now += 15_000;
  const replies = world.send({ type: 'tick' }).filter(({ type }) => type === 'reply');
  assert.is(replies.length, 2);
});

bugs.run();
