/** One test for each mistake that the policy once made. Titles say what went wrong. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Effect, WorkEffect } from '../host/frames/types.ts';
import { failed } from './machine.ts';
import { CONFIG, createWorld, driverOps, isWork, kinds, prepareEvent, RECOVER, type World } from './world.ts';

const bugs = suite('policy: mistakes made once');
const V1 = { volume: 'v1:data' };
const MOUNT = {
  target: '/m/ebs/v1',
  mountId: 50,
  source: '/dev/loop1',
  fstype: 'ext4',
  root: '/',
  dev: '7:1',
};
const timeout = failed('timeout', 'timeout', 'no answer');

function first(effects: Effect[]): WorkEffect {
  return effects.find(isWork) as WorkEffect;
}

function end(world: World, effects: Effect[], outcome: Record<string, unknown>): Effect[] {
  return world.send({ type: 'done', effect: first(effects).effect, ...outcome });
}

/** Performs truthfully until an effect of this kind is next, and returns that. */
function until(world: World, effects: Effect[], kind: string): Effect[] {
  let now = effects;
  while (kinds(now)[0] !== kind) now = end(world, now, world.machine.answer(first(now)));
  return now;
}

function alive(id: string, mounts: object[] = []) {
  return { id, labels: Object.entries(V1), env: [], volumes: [], sandbox: `/s/${id}`, pid: 9, mounts };
}

bugs('one task with hundreds of labels, options or a huge label cannot exhaust the memory', () => {
  const world = createWorld();
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`volume.${i}`, `v${i}:p${i}`]));
  assert.match(world.reply(world.send(prepareEvent('c', many))).error?.message ?? '', /more than 64 volumes/);
  const options = `source=v1,create${',volume-opt=a=b'.repeat(1)}${Array.from({ length: 900 }, (_, i) => `,volume-opt=k${i}=v`).join('')}`;
  assert.match(
    world.reply(world.send(prepareEvent('c', { volume: options }))).error?.message ?? '',
    /more than 64 options/,
  );
  for (let i = 0; i < 400; i += 1) {
    const huge = { volume: `v1:${'x'.repeat(200_000)}` };
    assert.match(
      world.reply(world.send(prepareEvent('c', huge))).error?.message ?? '',
      /more than 16384 characters/,
    );
  }
});

bugs('a recovery of 10,000 containers and 50,000 mounts in parts fits into the memory', () => {
  const world = createWorld({ recover: false });
  for (let part = 0; part < 100; part += 1) {
    const containers = Array.from({ length: 100 }, (_, i) => ({
      ...alive(`c${part}.${i}`),
      labels: [['volume', `x${part}-${i}`]],
    }));
    const mounts = Array.from({ length: 500 }, (_, i) => ({
      ...MOUNT,
      target: `/m/ebs/x${part}-${i}`,
      dev: `7:${part * 500 + i}`,
    }));
    const last = part === 99;
    const effects = world.send({ ...RECOVER, journal: 'whole', part, last, containers, mounts });
    assert.is(world.reply(effects).ok, true);
    if (last)
      assert.is(kinds(effects).length, 10_000, 'each claimed volume is looked at, the others are left alone');
  }
});

bugs('the driver mounted anew: the old bind is replaced, not handed to the next task', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const old = world.machine.managed.get('/m/ebs/v1');
  world.machine.driverMounts.clear();
  world.run({ type: 'lost', target: '/d/ebs/v1' });
  assert.is(world.reply(world.prepare('c2', V1)).ok, true);
  assert.not.equal(world.machine.managed.get('/m/ebs/v1'), old);
});

bugs('somebody mounted it anew behind our back: the old bind is replaced', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const old = world.machine.managed.get('/m/ebs/v1');
  world.machine.driverMounts.set('ebs/v1', 4000);
  assert.equal(kinds(world.run({ type: 'lost', target: '/d/ebs/v1' })), ['observe', 'detach', 'bind']);
  assert.not.equal(world.machine.managed.get('/m/ebs/v1'), old);
});

bugs('with a lost journal a living orphan keeps what it has', () => {
  const world = createWorld({ recover: false });
  world.machine.managed.set('/m/ebs/v1', 50);
  world.machine.driverMounts.set('ebs/v1', 49);
  const effects = world.run({ ...RECOVER, journal: 'damaged', orphans: ['c1'], mounts: [MOUNT] });
  assert.not(kinds([...effects, ...world.pass(600_000)]).includes('detach'));
  assert.equal(kinds(world.cleanup('c1')).slice(-3), ['detach', 'observe', 'unmount']);
});

bugs('what a lost journal made untouchable stays so over the next restart', () => {
  const world = createWorld({ recover: false });
  world.machine.managed.set('/m/ebs/v1', 50);
  world.machine.driverMounts.set('ebs/v1', 49);
  const lives = { ...alive('c1'), labels: [] };
  world.run({ ...RECOVER, journal: 'damaged', containers: [lives], mounts: [MOUNT] });
  const effects = world.run({ ...RECOVER, journal: 'whole', containers: [lives], mounts: [MOUNT] });
  assert.not(kinds([...effects, ...world.pass(600_000)]).includes('detach'));
});

bugs('a journal that never saw a recovery is not taken for the whole story', () => {
  const world = createWorld({ recover: false });
  world.machine.managed.set('/m/ebs/v1', 50);
  world.machine.driverMounts.set('ebs/v1', 49);
  const lives = { ...alive('c1'), labels: [] };
  const effects = world.run({ ...RECOVER, journal: 'whole', containers: [lives], mounts: [MOUNT] });
  assert.not(kinds([...effects, ...world.pass(600_000)]).includes('detach'));
});

bugs(
  'an unmount that timed out may still come true: no new task gets the volume before that is settled',
  () => {
    const world = createWorld();
    world.prepare('c1', V1);
    const unmount = until(world, world.send({ type: 'cleanup', id: 'c1' }), 'unmount');
    end(world, unmount, timeout);
    const effects = [...world.prepare('c2', V1), ...world.pass(5_000)];
    assert.not(kinds(effects).includes('bind'));
    world.machine.driverMounts.delete('ebs/v1');
    assert.is(world.reply(world.pass(30_000)).ok, true);
    assert.is(world.machine.driverMounts.has('ebs/v1'), true);
  },
);

bugs('an unmount that timed out may hit the next mount, although the volume is seen gone', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  end(world, until(world, world.send({ type: 'cleanup', id: 'c1' }), 'unmount'), timeout);
  world.machine.driverMounts.clear();
  const early = world.prepare('c2', V1);
  assert.not(kinds(early).includes('bind'));
  world.machine.driverMounts.clear();
  assert.is(world.reply(world.pass(35_000)).ok, true);
  assert.is(world.machine.driverMounts.size, 1);
});

bugs('an unmount that timed out and never came true: the volume is used after settleMs', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  end(world, until(world, world.send({ type: 'cleanup', id: 'c1' }), 'unmount'), timeout);
  const effects = [...world.prepare('c2', V1), ...world.pass(40_000)];
  assert.is(world.reply(effects).ok, true);
  assert.equal(driverOps(effects), []);
});

bugs('a lingering volume goes down after a restart too: the wake-up is told again', () => {
  const world = createWorld({ config: { lingerMs: 5000 } });
  world.prepare('c1', V1);
  world.cleanup('c1');
  const all = world.all.length;
  world.run({
    ...RECOVER,
    journal: 'whole',
    mounts: [{ ...MOUNT, mountId: world.machine.managed.get('/m/ebs/v1') }],
  });
  assert.ok(world.all.slice(all).some(({ type }) => type === 'wake'));
  world.pass(6_000);
  assert.is(world.machine.driverMounts.size, 0);
});

bugs('a root that is not in its shortest form is refused: host and policy would read it differently', () => {
  const world = createWorld();
  for (const root of ['/m/', '//m', '/m/./x']) {
    const reply = world.reply(world.send({ type: 'configure', config: { ...CONFIG, root } }));
    assert.match(reply.error?.message ?? '', /not in its shortest form/);
  }
});

bugs('a repeated prepare is not answered ok while the mount is being looked for, or lost', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const looking = world.send({ type: 'restart', bootId: 'boot-1', mounts: [] });
  assert.equal(world.send(prepareEvent('c1', V1)), []);
  world.machine.driverMounts.clear();
  world.machine.managed.clear();
  const effects = world.play(looking);
  assert.ok(effects.some(({ type }) => type === 'limit'));
  assert.is(world.reply(effects).error?.code, 'not-mounted');
  assert.is(world.reply(world.send(prepareEvent('c1', V1))).error?.code, 'not-mounted');
});

bugs('a repeated prepare of a holder whose driver is gone runs out without taking its hold away', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.silent.add('ebs');
  world.machine.driverMounts.set('ebs/v1', 0);
  world.machine.driverMounts.delete('ebs/v1');
  world.run({ type: 'restart', bootId: 'boot-1', mounts: [] });
  assert.equal(world.send(prepareEvent('c1', V1)), []);
  const reply = world.reply(world.pass(46_000));
  assert.is(reply.ok, false);
  assert.is(world.reply(world.prepare('c2', { volume: 'n1', 'volume-driver': 'nfs' })).ok, true);
  assert.not(world.all.some((effect) => effect.type === 'driver' && effect.op === 'unmount'));
});

bugs('a repeated prepare that still waits is answered when its container is cleaned up', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.send({ type: 'restart', bootId: 'boot-1', mounts: [] });
  world.send(prepareEvent('c1', V1));
  const replies = world.send({ type: 'cleanup', id: 'c1' });
  assert.equal(
    replies.map((effect) => effect.type === 'reply' && (effect.error?.code ?? 'ok')),
    ['destroyed', 'ok'],
  );
});

bugs('a driver that refuses to mount again for a holder is not asked without a pause', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.managed.clear();
  world.machine.driverMounts.clear();
  const own = [{ ...MOUNT, target: '/s/c1/data' }];
  let effects = world.send({ ...RECOVER, journal: 'whole', containers: [alive('c1', own)] });
  effects = until(world, effects, 'mount');
  end(world, effects, failed('refused', 'driver-refused', 'busy'));
  world.machine.volumes.delete('ebs/v1');
  const tries = driverOps(world.pass(60_000)).length;
  assert.ok(tries > 0 && tries < 40, `${tries} calls in a minute`);
});

bugs('the options of a task that is gone are not used to create the volume of another', () => {
  const world = createWorld({
    volumes: [],
    config: { drivers: { ebs: { create: true, createOptions: ['size'] } } },
  });
  const get = world.send(prepareEvent('c1', { volume: 'fresh' }));
  world.send({ type: 'cleanup', id: 'c1' });
  world.send(prepareEvent('c2', { volume: 'source=fresh,create,volume-opt=size=500' }));
  const [create] = end(world, get, { ok: true, value: { exists: false } });
  assert.equal(create?.type === 'driver' && [create.op, create.options], ['create', { size: '500' }]);
});

bugs('the agent id cannot change while driver mounts are counted under it', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const reply = world.reply(world.send({ type: 'configure', config: { ...CONFIG, agentId: 'a2' } }));
  assert.match(reply.error?.message ?? '', /config\.agentId: cannot change/);
});

bugs('the loss of a driver mount is noticed when the driver answers a directory in it', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  assert.equal(kinds(world.send({ type: 'lost', target: '/d/ebs' })), ['observe']);
});

bugs('a new waiter does not sit out the pause of an old failure', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.managed.clear();
  world.machine.driverMounts.clear();
  world.machine.silent.add('ebs');
  const own = [{ ...MOUNT, target: '/s/c1/data' }];
  world.run({ ...RECOVER, journal: 'whole', containers: [alive('c1', own)] });
  world.pass(600_000);
  world.machine.silent.clear();
  world.now += 1;
  assert.is(world.reply(world.prepare('c2', V1)).ok, true);
});

bugs('a driver that is no longer configured keeps plain directories plain', () => {
  const drivers = { ebs: { plainDirs: true }, nfs: {} };
  const world = createWorld({ config: { drivers } });
  world.prepare('c1', V1);
  world.send({ type: 'configure', config: { ...CONFIG, defaultDriver: 'nfs', drivers: { nfs: {} } } });
  world.machine.driverMounts.set('ebs/v1', 0);
  const observe = world.send({ type: 'restart', bootId: 'boot-1', mounts: [] });
  const seen = {
    managed: [{ mode: 'rw', mountId: 101 }],
    driver: { answered: true, exists: true },
    pinnedBy: [],
  };
  assert.not(end(world, observe, { ok: true, value: seen }).some(({ type }) => type === 'limit'));
});

bugs('a prepare without time is refused by the configuration', () => {
  const world = createWorld();
  const reply = world.reply(world.send({ type: 'configure', config: { ...CONFIG, prepareMs: 0 } }));
  assert.match(reply.error?.message ?? '', /config\.prepareMs: must be at least 1/);
});

bugs.run();
