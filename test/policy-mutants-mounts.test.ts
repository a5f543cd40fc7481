/** Mounts found at a recovery, or lost, that were taken for others without a test that noticed; each title says what would break. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { end, perform, upTo, V1 } from './policy_steps.ts';
import { createWorld, kinds, openPolicy, RECOVER } from './world.ts';

const recoveries = suite('policy: mounts that a recovery is told');

const holder = { id: 'c1', labels: [['volume', 'v1:d']], env: [], volumes: [], sandbox: '/s/c1', mounts: [] };

/** What is done after a damaged journal with these mounts; those below /m are there, and 40 is the driver's. */
function adopt(...mounts: [target: string, mountId: number, dev: string][]): string[] {
  return adoptFor('v1:d', mounts);
}

function adoptFor(volume: string, mounts: [target: string, mountId: number, dev: string][]): string[] {
  const world = createWorld({ recover: false });
  world.machine.driverMounts.set('ebs/v1', 40);
  for (const [target, mountId] of mounts)
    if (target.startsWith('/m/')) world.machine.managed.set(target, mountId);
  const told = mounts.map(([target, mountId, dev]) => ({ target, mountId, dev }));
  return kinds(world.run({ ...RECOVER, journal: 'damaged', containers: [asking(volume)], mounts: told }));
}

const asking = (volume: string) => ({ ...holder, labels: [['volume', volume]] });

recoveries('of mounts stacked at one place only the last counts, also when they come first', () => {
  assert.equal(adopt(['/m/ebs/v1', 50, '7:2'], ['/m/ebs/v1', 51, '7:1'], ['/d/ebs/v1', 40, '7:1']), [
    'observe',
  ]);
});

recoveries('a bind of which two mounts may be the source is replaced', () => {
  const ours: [string, number, string] = ['/m/ebs/v1', 51, '7:1'];
  assert.equal(adopt(ours, ['/d/ebs/v1', 40, '7:1'], ['/elsewhere', 41, '7:1']), [
    'observe',
    'detach',
    'bind',
  ]);
  assert.equal(adopt(ours, ['/d/ebs/v1', 40, '7:1'], ['/elsewhere', 41, '7:9']), ['observe']);
});

recoveries(
  'of two binds of one file system neither is replaced, of two file systems the one that shows no driver mount is',
  () => {
    const rw: [string, number, string] = ['/m/ebs/v1', 51, '7:1'];
    const driver: [string, number, string] = ['/d/ebs/v1', 40, '7:1'];
    assert.equal(adopt(rw, ['/m/.ro/ebs/v1', 52, '7:1'], driver), ['observe']);
    for (const ro of ['7:2', '7:1']) assert.equal(adopt(['/m/.ro/ebs/v1', 52, ro], rw, driver), ['observe']);
    const old: [string, number, string] = ['/m/ebs/v1', 51, '7:2'];
    assert.equal(adopt(old, ['/m/.ro/ebs/v1', 52, '7:1'], driver), ['observe', 'detach', 'bind']);
    const read = (ro: string) => adoptFor('v1:d:ro', [rw, ['/m/.ro/ebs/v1', 52, ro], driver]);
    assert.equal(read('7:2'), ['observe', 'detach', 'bind'], 'the one to read with, for who reads');
    assert.equal(read('7:1'), ['observe']);
    const either: [string, number, string] = ['/elsewhere', 41, '7:1'];
    assert.equal(adopt(rw, ['/m/.ro/ebs/v1', 52, '7:1'], driver, either), ['observe', 'detach', 'bind']);
  },
);

recoveries(
  'of two doubtful binds only the one that somebody holds is made anew when the driver mounts anew',
  () => {
    const world = createWorld({ recover: false });
    world.machine.driverMounts.set('ebs/v1', 40);
    world.machine.managed.set('/m/ebs/v1', 51).set('/m/.ro/ebs/v1', 52);
    const targets = ['/m/ebs/v1', '/m/.ro/ebs/v1', '/d/ebs/v1', '/elsewhere'];
    const mounts = targets.map((target, i) => ({ target, mountId: [51, 52, 40, 41][i], dev: '7:1' }));
    world.run({ ...RECOVER, journal: 'damaged', containers: [holder], mounts });
    world.machine.driverMounts.set('ebs/v1', 60);
    const effects = world.run({ type: 'lost', target: '/d/ebs/v1' });
    assert.equal(kinds(effects), ['observe', 'detach', 'bind']);
  },
);

recoveries(
  'a bind that another one has taken the place of is replaced, although the record knows its volume',
  () => {
    const world = createWorld();
    world.prepare('c1', V1);
    world.machine.managed.set('/m/ebs/v1', 777);
    const mounts = [{ target: '/m/ebs/v1', mountId: 777, dev: '7:1' }];
    const effects = world.run({ ...RECOVER, journal: 'whole', containers: [holder], mounts });
    assert.equal(kinds(effects), ['observe', 'detach', 'bind']);
  },
);

recoveries('a task that has its volume at an absolute path keeps it when the driver has lost it', () => {
  const world = createWorld();
  const mounts = [{ target: '/data', mountId: 9, dev: '7:1' }];
  const absolute = { ...holder, labels: [['volume', 'v1:/data']], rootfs: '/r', mounts };
  const effects = world.run({ ...RECOVER, journal: 'whole', containers: [absolute] });
  assert.not.ok(effects.some(({ type }) => type === 'limit'));
  assert.ok(kinds(effects).includes('mount'));
});

recoveries('who is kept back after a lost journal is still kept back in a restored state', () => {
  const world = createWorld({ recover: false });
  world.run({ ...RECOVER, journal: 'damaged', containers: [holder, { ...holder, id: 'c2' }] });
  const snapshot = world.policy.snapshot() as Uint8Array;
  const restored = openPolicy();
  restored.restore(snapshot);
  assert.equal(restored.snapshot(), snapshot);
});

recoveries('when all below / is lost, so is what a driver has mounted', () => {
  const world = createWorld();
  perform(world, upTo(world, 'place'));
  assert.equal(kinds(world.send({ type: 'lost', target: '/' })), ['observe']);
});

recoveries('two tasks that differ in the name of their first option alone are not the same', () => {
  const drivers = { ebs: { create: true, createOptions: ['a', 'b'] } };
  const world = createWorld({ config: { drivers } });
  world.prepare('c1', { volume: 'source=new,create,volume-opt=a=1' });
  const effects = world.prepare('c1', { volume: 'source=new,create,volume-opt=b=1' });
  assert.is(world.reply(effects).error?.code, 'conflict');
});

recoveries('mounts that were stacked once are not looked for when they are gone', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const look = world.send({ type: 'lost', target: '/m/ebs/v1' });
  const driver = { answered: true, exists: true, path: '/d/ebs/v1', pathMountId: 100 };
  const managed = [7, 8].map((mountId) => ({ mode: 'rw', mountId }));
  const detach = end(world, look, { ok: true, value: { managed, driver, pinnedBy: [] } });
  world.machine.managed.clear();
  const again = end(world, detach, { ok: true });
  assert.equal(kinds(world.play(again)), ['observe', 'bind']);
  world.machine.driverMounts.set('ebs/v1', 900);
  assert.equal(kinds(world.run({ type: 'lost', target: '/d/ebs/v1' })), ['observe', 'detach', 'bind']);
});

recoveries.run();
