/** What the simulator found when binds and detaches came true late, and after lost journals: one test each. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { end, only, timeout, unmounting, until, V1 } from './policy_under_way.ts';
import { createWorld, driverOps, kinds, prepareEvent, RECOVER } from './world.ts';

const bugs = suite('policy: binds that nobody vouches for');
const RO = { volume: 'v1:data:ro' };

/** Rows of a mount table: the bind for writing, and the driver's mount. */
function row(target: string, mountId: number, dev = '7:1') {
  return { target, mountId, source: '/dev/loop1', fstype: 'ext4', root: '/', dev };
}

bugs('a detach that timed out took the bind from the task that had been given it meanwhile', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const late = only(world.send({ type: 'cleanup', id: 'c1' }), 'detach');
  const first = world.machine.managed.get('/m/ebs/v1');
  end(world, late, timeout);
  const effects = [...world.run(prepareEvent('c2', V1)), ...world.pass(5_000)];
  assert.is(world.reply(effects).ok, true);
  assert.equal(kinds(effects), ['observe', 'detach', 'bind', 'place']);
  assert.not.equal(world.machine.managed.get('/m/ebs/v1'), first, 'what the late detach may take is gone');
});

bugs('a detach that was open when the host died took the bind of the next task', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  only(world.send({ type: 'cleanup', id: 'c1' }), 'detach');
  const before = world.machine.managed.get('/m/ebs/v1');
  const look = only(world.send({ type: 'restart', bootId: 'boot-1', mounts: [] }), 'observe');
  world.send(prepareEvent('c2', V1));
  assert.is(world.reply(world.play(end(world, look, world.machine.answer(look)))).ok, true);
  assert.not.equal(world.machine.managed.get('/m/ebs/v1'), before);
});

bugs('a detach of one mode that timed out does not touch the bind of the other, which is held', () => {
  const world = createWorld();
  world.prepare('c0', RO);
  world.prepare('c1', V1);
  const held = world.machine.managed.get('/m/.ro/ebs/v1');
  world.machine.driverMounts.set('ebs/v1', world.machine.driverMounts.get('ebs/v1') as number);
  const looked = only(world.send({ type: 'lost', target: '/m/ebs/v1' }), 'observe');
  world.machine.managed.delete('/m/ebs/v1');
  const bind = until(world, end(world, looked, world.machine.answer(looked)), 'bind');
  world.machine.answer(bind);
  end(world, bind, timeout);
  world.pass(60_000);
  assert.is(world.machine.managed.get('/m/.ro/ebs/v1'), held);
  assert.ok(world.machine.managed.has('/m/ebs/v1'));
});

bugs('a bind that timed out and came after the next one lay on top of it, and may show another mount', () => {
  const world = createWorld();
  const late = until(world, world.send(prepareEvent('c1', V1)), 'bind');
  end(world, late, timeout);
  const early = world.pass(20_000);
  assert.not(kinds(early).includes('bind'), 'it may still come');
  world.machine.answer(late);
  const effects = world.pass(20_000);
  assert.equal(
    kinds(effects).filter((kind) => kind !== 'observe'),
    ['detach', 'bind', 'place'],
  );
  assert.is(world.reply(effects).ok, true);
});

bugs(
  'a bind that timed out and never came is made again after settleMs, and nothing is forgotten before',
  () => {
    const world = createWorld();
    const late = until(world, world.send(prepareEvent('c1', V1)), 'bind');
    world.send({ type: 'cleanup', id: 'c1' });
    end(world, late, timeout);
    assert.not(kinds(world.pass(20_000)).includes('unmount'));
    world.machine.answer(late);
    assert.equal(driverOps(world.pass(120_000)), ['unmount v1']);
    assert.is(world.machine.managed.size, 0, 'what came late was taken away');
  },
);

bugs('below a bind that was taken down another one is looked for', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const detach = only(world.send({ type: 'cleanup', id: 'c1' }), 'detach');
  end(world, detach, { ok: false, error: { code: 'EBUSY', message: 'busy', kind: 'failed' } });
  world.now += 1000;
  const look = only(world.send({ type: 'tick' }), 'observe');
  const driver = { answered: true, exists: true, path: '/d/ebs/v1', pathMountId: 100 };
  const managed = [
    { mode: 'rw', mountId: 101 },
    { mode: 'rw', mountId: 102 },
  ];
  const upper = only(end(world, look, { ok: true, value: { managed, driver, pinnedBy: [] } }), 'detach');
  assert.is((upper as { mountId: number }).mountId, 102);
  only(end(world, upper, { ok: true }), 'observe');
});

bugs('after a lost journal a task was given a bind that shows an older mount of the driver', () => {
  const world = createWorld({ recover: false });
  world.machine.managed.set('/m/ebs/v1', 50);
  world.machine.driverMounts.set('ebs/v1', 70);
  world.run({ ...RECOVER, journal: 'damaged', mounts: [row('/m/ebs/v1', 50, '7:1')], orphans: ['x'] });
  const effects = world.prepare('c1', V1);
  assert.is(world.reply(effects).ok, true);
  assert.not.equal(world.machine.managed.get('/m/ebs/v1'), 50);
});

bugs('after a lost journal a bind that shows the present mount is kept', () => {
  const world = createWorld({ recover: false });
  world.machine.managed.set('/m/ebs/v1', 50);
  world.machine.driverMounts.set('ebs/v1', 49);
  const mounts = [row('/d/ebs/v1', 49), row('/m/ebs/v1', 50)];
  world.run({ ...RECOVER, journal: 'damaged', mounts, orphans: ['x'] });
  assert.is(world.reply(world.prepare('c1', V1)).ok, true);
  assert.is(world.machine.managed.get('/m/ebs/v1'), 50);
});

bugs('after a lost journal a driver mount that had vanished was never given back', () => {
  const world = createWorld({ recover: false });
  world.machine.managed.set('/m/ebs/v1', 50);
  const effects = world.run({ ...RECOVER, journal: 'damaged', mounts: [row('/m/ebs/v1', 50)] });
  assert.equal(driverOps(effects), ['unmount v1'], 'a bind of ours is proof of a Mount of ours');
});

bugs('after a lost journal a task that still had its volume mounted was told that it had lost it', () => {
  const world = createWorld({ recover: false });
  const own = row('/s/c1/data', 900, '7:5');
  const c1 = {
    id: 'c1',
    labels: Object.entries(V1),
    env: [],
    volumes: [],
    sandbox: '/s/c1',
    pid: 9,
    mounts: [own],
  };
  const effects = world.run({ ...RECOVER, journal: 'damaged', containers: [c1] });
  assert.not(effects.some(({ type }) => type === 'limit'));
  const c2 = { ...c1, mounts: [] };
  const without = createWorld({ recover: false });
  const limited = without.run({ ...RECOVER, journal: 'damaged', containers: [c2] });
  assert.ok(
    limited.some(({ type }) => type === 'limit'),
    'neither driver nor container have it',
  );
});

bugs(
  'a volume was forgotten while a bind without an answer could still come, and nobody took that away',
  () => {
    const world = createWorld();
    end(world, until(world, world.send(prepareEvent('c1', V1)), 'bind'), timeout);
    world.send({ type: 'cleanup', id: 'c1' });
    world.pass(100);
    const forget = () =>
      world.reply(world.run({ type: 'operator', verb: 'forget', driver: 'ebs', name: 'v1' }));
    assert.match(`${forget().error?.code} ${forget().error?.message}`, /^conflict /);
    world.machine.silent.add('ebs');
    world.pass(120_000);
    assert.is(forget().ok, true);
  },
);

bugs('after a lost journal an exclusive volume was given to a second container while the first lived', () => {
  const world = createWorld({ recover: false, config: { volumes: { 'ebs/v1': { sharing: 'exclusive' } } } });
  world.machine.managed.set('/m/ebs/v1', 50);
  world.machine.driverMounts.set('ebs/v1', 49);
  const mounts = [row('/d/ebs/v1', 49), row('/m/ebs/v1', 50)];
  world.run({ ...RECOVER, journal: 'damaged', mounts, orphans: ['c1'] });
  const { error } = world.reply(world.prepare('c2', V1));
  assert.is(error?.code, 'exclusive');
  assert.match(error?.message ?? '', /its record is lost, and container c1 of before may hold it/);
  world.cleanup('c1');
  assert.is(world.reply(world.prepare('c2', V1)).ok, true);
});

bugs(
  'a mount that had vanished while its driver was silent counted as there, and one of two was given back',
  () => {
    const world = createWorld();
    world.prepare('c1', V1);
    const detach = only(world.send({ type: 'cleanup', id: 'c1' }), 'detach');
    const look = only(end(world, detach, world.machine.answer(detach)), 'observe');
    const value = { managed: [], driver: { answered: false }, pinnedBy: [] };
    assert.equal(kinds(end(world, look, { ok: true, value })), [], 'nothing is known');
    assert.equal(kinds(world.pass(10_000)).slice(0, 2), ['observe', 'unmount']);
  },
);

bugs('a task was given a bind that a forgotten record had made, of a mount that was gone', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.silent.add('ebs');
  world.machine.driverMounts.clear();
  const lost = world.run({ type: 'lost', target: '/d/ebs/v1' });
  assert.not(kinds(lost).includes('detach'));
  world.send({ type: 'cleanup', id: 'c1' });
  const old = world.machine.managed.get('/m/ebs/v1');
  const forgotten = world.run({ type: 'operator', verb: 'forget', driver: 'ebs', name: 'v1' });
  assert.is(world.reply(forgotten).ok, true);
  assert.equal(kinds(forgotten), ['detach'], 'nothing of ours is left behind');
  world.machine.silent.clear();
  const mount = until(world, world.send(prepareEvent('c2', V1)), 'mount');
  world.send({ type: 'lost', target: '/m/ebs/v1' });
  const effects = world.play(end(world, mount, world.machine.answer(mount)));
  assert.is(world.reply(effects).ok, true);
  assert.not.equal(world.machine.managed.get('/m/ebs/v1'), old);
});

bugs('a mount that an open unmount had taken counted as owed, and another client lost its own for it', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.driverMounts.clear();
  world.machine.managed.clear();
  const looked = world.send({ ...RECOVER, journal: 'whole', bootId: 'boot-2' });
  end(world, until(world, looked, 'unmount'), timeout);
  world.run(prepareEvent('c2', V1));
  assert.equal(driverOps(world.pass(29_000)), [], 'nothing is mounted that it could take');
  world.run({ type: 'cleanup', id: 'c2' });
  assert.equal(driverOps(world.pass(120_000)), []);
});

bugs('what somebody takes away long after an open unmount is still owed', () => {
  const world = createWorld();
  end(world, unmounting(world), timeout);
  world.machine.driverMounts.clear();
  world.pass(120_000);
  const mount = until(world, world.send(prepareEvent('c2', V1)), 'mount');
  const answer = world.machine.answer(mount);
  world.machine.driverMounts.clear();
  assert.equal(driverOps(world.play(end(world, mount, answer))), ['unmount v1']);
});

bugs('after a reboot a task was given a plain directory that the driver had not mounted again', () => {
  const world = createWorld({ config: { drivers: { ebs: { plainDirs: true }, nfs: {} } } });
  world.prepare('c1', V1);
  world.machine.driverMounts.clear();
  world.machine.managed.clear();
  world.machine.silent.add('ebs');
  world.run({ ...RECOVER, journal: 'whole', bootId: 'boot-2' });
  world.machine.silent.clear();
  const effects = [...world.prepare('c2', V1), ...world.pass(10_000)];
  assert.is(world.reply(effects).ok, true);
  assert.ok(driverOps(effects).includes('mount v1'));
});

bugs('a new task waited for the pause that an old pin had begun', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const detach = only(world.send({ type: 'cleanup', id: 'c1' }), 'detach');
  const look = only(end(world, detach, world.machine.answer(detach)), 'observe');
  world.machine.pinned.set('ebs/v1', 'c1');
  world.send(prepareEvent('c2', V1));
  const effects = world.play(end(world, look, world.machine.answer(look)));
  assert.is(world.reply(effects).ok, true, 'without a tick');
});

bugs('an unmount that is under way when its task comes again is waited for', () => {
  const world = createWorld();
  const unmount = unmounting(world);
  assert.equal(kinds(world.send(prepareEvent('c2', V1))), []);
  assert.is(world.reply(world.play(end(world, unmount, world.machine.answer(unmount)))).ok, true);
});

bugs.run();
