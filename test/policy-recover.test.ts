import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createWorld, driverOps, kinds, prepareEvent, RECOVER, type World } from './world.ts';

const V1 = { volume: 'v1:data' };
const MOUNT = {
  target: '/m/ebs/v1',
  mountId: 50,
  source: '/dev/loop1',
  fstype: 'ext4',
  root: '/',
  dev: '7:1',
};

/** A container as the agent names it at a recovery. */
function alive(id: string, labels: Record<string, string>, mounts: object[] = []) {
  return { id, labels: Object.entries(labels), env: [], volumes: [], sandbox: `/s/${id}`, pid: 9, mounts };
}

/** The mounts of the machine as the kernel's table has them. */
function table(world: World) {
  return [...world.machine.managed].map(([target, mountId]) => ({ ...MOUNT, target, mountId }));
}

function recover(world: World, fields: Record<string, unknown>) {
  return world.run({ ...RECOVER, journal: 'whole', mounts: table(world), ...fields });
}

const known = suite('policy: recover, journal whole');

known('nothing is decided before recover has come', () => {
  const world = createWorld({ recover: false });
  const effects = world.send(prepareEvent('c1', V1));
  assert.is(world.reply(effects).error?.code, 'not-recovered');
});

known('a container that lives keeps its volume: it is looked at, nothing is called', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const effects = recover(world, { containers: [alive('c1', V1)] });
  assert.equal(kinds(effects), ['observe']);
  assert.is(world.machine.driverMounts.size, 1);
  assert.equal(kinds(world.cleanup('c1')), ['detach', 'observe', 'unmount']);
});

known('a container that the agent no longer knows is dropped and its volume unmounted', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  assert.equal(kinds(recover(world, {})), ['observe', 'detach', 'observe', 'unmount']);
  assert.is(world.machine.managed.size + world.machine.driverMounts.size, 0);
});

known('an orphan that the agent names keeps its volume until its cleanup', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  assert.equal(kinds(recover(world, { orphans: ['c1'] })), ['observe']);
  assert.equal(kinds(world.cleanup('c1')), ['detach', 'observe', 'unmount']);
});

known('a crash inside a prepare leaves no leak, whatever the driver did meanwhile', () => {
  const world = createWorld();
  const get = world.send(prepareEvent('c1', V1));
  const effect = get[0] as { effect: number };
  world.send({ type: 'done', effect: effect.effect, ok: true, value: { exists: true } });
  world.machine.driverMounts.set('ebs/v1', 60);
  recover(world, { orphans: ['c1'] });
  world.cleanup('c1');
  world.pass(60_000);
  assert.is(world.machine.driverMounts.size, 0);
});

known('a late success of a mount that was in flight at the crash is found and undone', () => {
  const world = createWorld();
  const get = world.send(prepareEvent('c1', V1))[0] as { effect: number };
  world.send({ type: 'done', effect: get.effect, ok: true, value: { exists: true } });
  recover(world, {});
  world.pass(5_000);
  world.machine.driverMounts.set('ebs/v1', 60);
  world.pass(60_000);
  assert.is(world.machine.driverMounts.size, 0);
});

known('our bind gone, the driver mount there: bound again for the container that lives', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.managed.clear();
  const effects = recover(world, { containers: [alive('c1', V1)] });
  assert.equal(kinds(effects), ['observe', 'bind']);
  assert.not(effects.some(({ type }) => type === 'limit'));
});

known('the driver mount gone and the container without its own: it is sent limit', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.managed.clear();
  world.machine.driverMounts.clear();
  const effects = recover(world, { containers: [alive('c1', V1)] });
  assert.ok(effects.some((effect) => effect.type === 'limit' && effect.id === 'c1'));
});

known(
  'the driver mount gone but the container has its own: the host side is put back, nobody is limited',
  () => {
    const world = createWorld();
    world.prepare('c1', V1);
    world.machine.managed.clear();
    world.machine.driverMounts.clear();
    const effects = recover(world, { containers: [alive('c1', V1, [{ ...MOUNT, target: '/s/c1/data' }])] });
    assert.not(effects.some(({ type }) => type === 'limit'));
    assert.equal(kinds(effects), ['observe', 'mount', 'bind']);
  },
);

known('after a reboot nobody holds anything, and what the driver still counts is given back once', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.managed.clear();
  world.machine.driverMounts.clear();
  const effects = recover(world, { bootId: 'boot-2' });
  assert.equal(driverOps(effects), ['unmount v1']);
  assert.equal(kinds(world.pass(600_000)), []);
});

known('a mount under the root without a record is an orphan and is taken down', () => {
  const world = createWorld({ recover: false });
  world.machine.managed.set('/m/ebs/v1', 50);
  world.machine.driverMounts.set('ebs/v1', 49);
  assert.equal(kinds(recover(world, {})), ['observe', 'detach', 'observe', 'unmount']);
});

known('a mount under the root that is none of ours is named and left alone', () => {
  const world = createWorld({ recover: false });
  const effects = recover(world, { mounts: [{ ...MOUNT, target: '/m/a/b/c/d' }] });
  assert.equal(kinds(effects), []);
  assert.ok(effects.some((effect) => effect.type === 'alert' && effect.code === 'foreign-under-root'));
});

const lost = suite('policy: recover, journal new or damaged');

for (const journal of ['new', 'damaged']) {
  lost(`${journal}: holders come from the labels of what runs`, () => {
    const world = createWorld({ recover: false });
    world.machine.managed.set('/m/ebs/v1', 50);
    world.machine.driverMounts.set('ebs/v1', 49);
    const mounts = [MOUNT, { ...MOUNT, target: '/d/ebs/v1', mountId: 49 }];
    const effects = recover(world, { journal, containers: [alive('c1', V1)], mounts });
    assert.equal(kinds(effects), ['observe']);
    assert.equal(kinds(world.cleanup('c1')), ['detach', 'observe', 'unmount']);
  });

  lost(`${journal}: what nobody claims is left alone while a container of before lives`, () => {
    const world = createWorld({ recover: false });
    world.machine.managed.set('/m/ebs/v1', 50);
    world.machine.driverMounts.set('ebs/v1', 49);
    const effects = recover(world, { journal, containers: [alive('c1', {})] });
    assert.not(kinds(effects).includes('detach'));
    assert.not(kinds(world.pass(600_000)).includes('detach'));
    assert.equal(kinds(world.cleanup('c1')).slice(-3), ['detach', 'observe', 'unmount']);
  });
}

lost('a container without readable labels holds what its own mount table shows', () => {
  const world = createWorld({ recover: false });
  world.machine.managed.set('/m/ebs/v1', 50);
  world.machine.driverMounts.set('ebs/v1', 49);
  const mounts = [{ ...MOUNT, target: '/s/c1/data' }];
  recover(world, { journal: 'damaged', containers: [alive('c1', { volume: ':::' }, mounts)] });
  assert.equal(kinds(world.pass(600_000)), []);
  assert.is(world.machine.driverMounts.size, 1);
  assert.equal(kinds(world.cleanup('c1')), ['detach', 'observe', 'unmount']);
});

const parts = suite('policy: recover in parts, restart, lost');

parts('nothing is decided before the last part, and a part out of order is refused', () => {
  const world = createWorld({ recover: false });
  world.machine.managed.set('/m/ebs/v1', 50);
  const one = { ...RECOVER, journal: 'whole', mounts: [MOUNT], last: false };
  assert.equal(kinds(world.run(one)), []);
  assert.is(world.reply(world.send({ ...one, part: 5 })).error?.code, 'bad-frame');
  assert.equal(kinds(world.run(one)), []);
  const last = world.send({ ...one, part: 1, last: true, mounts: [], containers: [alive('c1', V1)] });
  assert.equal(kinds(last), ['observe']);
});

parts('when only the host died holders stay and open prepares are void', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.send(prepareEvent('c2', { volume: 'v2' }));
  const effects = world.run({ type: 'restart', bootId: 'boot-1', mounts: table(world) });
  assert.not(effects.some(({ type }) => type === 'reply'));
  world.pass(120_000);
  assert.equal([...world.machine.driverMounts.keys()], ['ebs/v1']);
});

parts('a managed mount that somebody took away is bound again', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.managed.clear();
  assert.equal(kinds(world.run({ type: 'lost', target: '/m/ebs/v1' })), ['observe', 'bind']);
});

parts('a driver mount that somebody took away limits its holders', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.driverMounts.clear();
  const effects = world.run({ type: 'lost', target: '/d/ebs/v1' });
  assert.ok(effects.some(({ type }) => type === 'limit'));
  assert.is(world.reply(world.cleanup('c1')).ok, true);
});

for (const tests of [known, lost, parts]) tests.run();
