/** What a prepare may count on: its own time, its own options, and nothing left over from one that failed. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Effect } from '../host/frames/types.ts';
import { failed } from './machine.ts';
import { end, perform, V1 } from './policy_steps.ts';
import { CONFIG, createWorld, driverOps, kinds, prepareEvent, RECOVER } from './world.ts';

const times = suite('policy: prepare');
const CREATE = { drivers: { ebs: { create: true, createOptions: ['size'] }, nfs: {} } };
const sized = (size: number) => ({ volume: `source=v1,create,volume-opt=size=${size}` });

times('each prepare has the whole of its time, counted from when it came', () => {
  const world = createWorld({ config: { prepareMs: 10_000 } });
  world.machine.silent.add('ebs');
  world.prepare('c1', V1);
  world.pass(6_000);
  world.prepare('c2', V1);
  const refused = (ms: number) =>
    world.pass(ms).flatMap((effect) => (effect.type === 'reply' ? [effect.ok] : []));
  assert.equal([refused(3_900), refused(200)], [[], [false]], 'the first at 10 s');
  assert.equal([refused(5_500), refused(1_000)], [[], [false]], 'the second at 16 s');
});

times('a clock that goes back does not end what has just begun', () => {
  const world = createWorld({ config: { prepareMs: 1_000 } });
  world.machine.silent.add('ebs');
  world.now = 50_000;
  world.send({ type: 'tick' });
  world.run({ ...prepareEvent('c1', V1), at: 10 });
  assert.equal(
    world.send({ type: 'tick', at: 2_000 }).filter(({ type }) => type === 'reply'),
    [],
    'it came at 50 s, whatever it says',
  );
  world.now = 51_100;
  assert.is(world.reply(world.send({ type: 'tick' })).ok, false);
});

times(
  'other options are refused while the first task still waits: it got the volume with the options of the first',
  () => {
    const world = createWorld({ config: CREATE });
    const get = world.send(prepareEvent('c1', sized(5)));
    assert.is(world.reply(world.send(prepareEvent('c2', sized(6)))).error?.code, 'options-differ');
    const third = world.send(prepareEvent('c3', sized(5)));
    assert.equal(third, [], 'the same ones wait together');
    const replies = world.play(get).filter((effect) => effect.type === 'reply' && effect.ok);
    assert.is(replies.length, 2);
  },
);

times('a prepare that failed does not linger, and leaves nothing', () => {
  const world = createWorld({ config: { lingerMs: 60_000 } });
  const [one, two] = world.send(prepareEvent('c1', { 'volume.a': 'v1', 'volume.b': 'v2' }));
  world.play([one as Effect]);
  assert.is(world.machine.managed.size, 1, 'the first is all there');
  const refused = failed('refused', 'driver-refused', 'zone b');
  const effects = world.play(end(world, perform(world, [two as Effect]), refused));
  assert.is(world.reply(effects).error?.code, 'driver-refused');
  assert.equal([world.machine.managed.size, world.machine.driverMounts.size], [0, 0]);
});

times('after a prepare that failed the same id may be prepared anew, with other volumes', () => {
  const world = createWorld();
  assert.is(world.reply(world.prepare('c1', { volume: 'nope' })).ok, false);
  assert.is(world.reply(world.prepare('c1', { volume: 'v2' })).ok, true);
});

times('a path that Get answers is a hint: only a mount of its own makes a volume mounted', () => {
  const world = createWorld();
  const get = world.send(prepareEvent('c1', V1));
  const effects = end(world, get, { ok: true, value: { exists: true, mountpoint: '/d/ebs/v1' } });
  assert.equal(kinds(effects), ['mount']);
});

times(
  'an exclusive driver may have a shared volume, and a second prepare of the holder is no second holder',
  () => {
    const drivers = { ebs: { sharing: 'exclusive' }, nfs: {} };
    const world = createWorld({ config: { drivers, volumes: { 'ebs/v2': { sharing: 'shared' } } } });
    world.prepare('c1', { volume: 'v2' });
    assert.is(world.reply(world.prepare('c2', { volume: 'v2' })).ok, true);
    world.prepare('c3', V1);
    assert.is(world.reply(world.prepare('c3', V1)).ok, true);
    const { error } = world.reply(world.prepare('c4', V1));
    assert.match(error?.message ?? '', /exclusive and held by container c3/);
  },
);

times(
  'a destroy while volumes are on their way begins nothing for the container, and undoes what comes',
  () => {
    const world = createWorld();
    const begun = world.send(prepareEvent('c1', { 'volume.a': 'v1:a', 'volume.b': 'v2:b' }));
    const replies = world.send({ type: 'destroy', id: 'c1' });
    assert.equal(kinds(replies), []);
    const after = world.play(begun);
    assert.not(
      kinds(after).some((kind) => ['mount', 'bind', 'place'].includes(kind)),
      kinds(after).join(),
    );
    world.cleanup('c1');
    assert.is(world.machine.driverMounts.size, 0);
  },
);

const drivers = suite('policy: what drivers answer to an unmount');

drivers('a driver that refuses to unmount is asked again as long as the kernel shows the mount', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  let effects = world.send({ type: 'cleanup', id: 'c1' });
  while (!kinds(effects).includes('unmount')) effects = perform(world, effects);
  end(world, effects, failed('refused', 'driver-refused', 'device is busy'));
  assert.ok(driverOps(world.pass(5_000)).includes('unmount v1'));
  assert.is(world.machine.driverMounts.size, 0);
});

drivers('after a reboot a driver is asked to give back once, whatever it answers', () => {
  for (const kind of ['refused', 'failed', 'timeout'] as const) {
    const world = createWorld();
    world.prepare('c1', V1);
    world.machine.managed.clear();
    world.machine.driverMounts.clear();
    let effects = world.send({ ...RECOVER, journal: 'whole', bootId: 'boot-2' });
    while (!kinds(effects).includes('unmount')) effects = perform(world, effects);
    end(world, effects, failed(kind, 'E', 'odd'));
    assert.not(driverOps(world.pass(3_600_000)).includes('unmount v1'), kind);
  }
});

const losses = suite('policy: losses and changes');

losses('a driver mount that vanished limits nobody as long as the driver does not answer', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.driverMounts.clear();
  world.machine.silent.add('ebs');
  const limited = (ms: number) => world.pass(ms).some(({ type }) => type === 'limit');
  world.run({ type: 'lost', target: '/d/ebs/v1' });
  assert.is(limited(600_000), false);
  world.machine.silent.clear();
  assert.is(limited(61_000), true, 'now the driver says that it is detached');
});

losses(
  'a driver that is taken out of the configuration takes no new volume, and its old ones go down',
  () => {
    const world = createWorld();
    world.prepare('c1', V1);
    const config = { ...CONFIG, defaultDriver: 'nfs', drivers: { nfs: {} } };
    assert.is(world.reply(world.send({ type: 'configure', config })).ok, true);
    const label = { volume: 'v2', 'volume-driver': 'ebs' };
    assert.is(world.reply(world.prepare('c2', label)).error?.code, 'unknown-driver');
    assert.is(world.machine.driverMounts.size, 1, 'the holder keeps what it has');
    assert.equal(kinds(world.cleanup('c1')), ['detach', 'observe', 'unmount']);
  },
);

losses('what a new configuration forbids is forbidden to the next task, and taken from nobody', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.prepare('c2', V1);
  const config = { ...CONFIG, drivers: { ebs: { sharing: 'exclusive', readonly: true }, nfs: {} } };
  const effects = world.run({ type: 'configure', config });
  assert.equal(kinds(effects), []);
  assert.is(world.reply(world.prepare('c3', V1)).error?.code, 'read-only');
  assert.is(world.reply(world.prepare('c3', { volume: 'v1:d:ro' })).error?.code, 'exclusive');
  assert.is(world.machine.managed.size, 1);
});

for (const tests of [times, drivers, losses]) tests.run();
