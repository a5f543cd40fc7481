/** Ends that come late, taken for others without a test that noticed; each title says what would break. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { unpack } from '../host/frames/codec.ts';
import type { Effect } from '../host/frames/types.ts';
import { failed } from './machine.ts';
import { end, perform, upTo, V1 } from './policy_steps.ts';
import { createWorld, isWork, kinds, prepareEvent, RECOVER } from './world.ts';

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
  assert.ok(world.reply(world.run({ type: 'operator', verb: 'forget', driver: 'ebs', name: 'v1' })).ok);
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

late(
  'a process is kept on the record until another one is told, whatever else comes for its container',
  () => {
    const world = createWorld();
    world.prepare('c1', V1);
    const pid = () =>
      ((unpack(world.policy.snapshot() as Uint8Array) as unknown[]).at(-3) as unknown[][])[0]?.[7];
    world.send({ type: 'isolate', id: 'c1', pid: 42 });
    world.send({ type: 'update', id: 'c1', resources: {} });
    assert.is(pid(), 42);
    const holder = {
      id: 'c1',
      labels: [['volume', 'v1:data']],
      env: [],
      volumes: [],
      sandbox: '/s',
      pid: 43,
      mounts: [],
    };
    world.run({ ...RECOVER, journal: 'whole', containers: [holder] });
    assert.is(pid(), 43);
  },
);

late('options are compared with those of a volume that lingers', () => {
  const drivers = { ebs: { create: true, createOptions: ['a', 'b'] } };
  const world = createWorld({ config: { drivers, lingerMs: 9000 } });
  world.prepare('c1', { volume: 'source=new,create,volume-opt=a=1' });
  world.cleanup('c1');
  const effects = world.prepare('c2', { volume: 'source=new,create,volume-opt=b=1' });
  assert.is(world.reply(effects).error?.code, 'options-differ');
});

late(
  'an exclusive volume is refused for those kept back only while there are any, and only if its record is lost',
  () => {
    const config = { lingerMs: 9000, drivers: { ebs: { sharing: 'exclusive' } } };
    const world = createWorld({ config, recover: false });
    world.machine.managed.set('/m/ebs/v1', 51);
    const mounts = [{ target: '/m/ebs/v1', mountId: 51, dev: '7:1' }];
    world.run({ ...RECOVER, journal: 'damaged', orphans: ['x'], mounts });
    world.prepare('c1', { volume: 'v2' });
    world.cleanup('c1');
    assert.ok(world.reply(world.prepare('c2', { volume: 'v2' })).ok);
    assert.is(world.reply(world.prepare('c3', V1)).error?.code, 'exclusive');
    const free = world.send({ type: 'cleanup', id: 'x' });
    world.send(prepareEvent('c3', V1));
    world.play(free);
    assert.ok(world.reply(world.all).ok);
  },
);

late(
  'a part of a recovery without those before it is refused, also the second one, and one past all numbers',
  () => {
    const world = createWorld();
    const said = (part: number) => world.reply(world.send({ ...RECOVER, part })).error?.message;
    assert.is(said(1), 'part: the parts before it are missing');
    assert.is(said(1_000_000), 'part: the parts before it are missing');
    assert.is(said(1_000_001), 'part: must be a whole number in its range');
  },
);

late.run();
