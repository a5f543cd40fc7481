import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Effect } from '../host/frames/types.ts';
import { V1 } from './policy_steps.ts';
import { end, only, timeout, until } from './policy_under_way.ts';
import { createWorld, driverOps, kinds, openPolicy, prepareEvent, RECOVER, type World } from './world.ts';

const reboot = suite('policy: after a reboot');
const LIVES = {
  id: 'c1',
  labels: Object.entries(V1),
  env: [],
  volumes: [],
  sandbox: '/s/c1',
  pid: 9,
  mounts: [],
};

/** The machine has been switched off and on: no mount is left. */
function rebooted(world: World, fields: Record<string, unknown> = {}) {
  world.machine.managed.clear();
  world.machine.driverMounts.clear();
  return world.run({ ...RECOVER, journal: 'whole', bootId: 'boot-2', ...fields });
}

reboot(
  'a container on a list of before holds nothing, and does not keep its disk from being given back',
  () => {
    for (const journal of ['whole', 'damaged']) {
      const world = createWorld();
      world.prepare('c1', V1);
      const effects = rebooted(world, { journal, containers: [LIVES] });
      assert.equal(driverOps(effects), ['unmount v1'], journal);
      assert.not(effects.some(({ type }) => type === 'limit'));
      assert.is(world.reply(world.prepare('c1', { volume: 'v2' })).ok, true, 'the id is free');
    }
  },
);

reboot('an empty recovery gives back every volume that was owed, and no other', () => {
  const world = createWorld();
  world.prepare('c1', { 'volume.a': 'v1', 'volume.b': 'source=n1,volume-driver=nfs' });
  world.prepare('c2', { volume: 'v2' });
  world.cleanup('c2');
  assert.equal(driverOps(rebooted(world)).sort(), ['unmount n1', 'unmount v1']);
  assert.equal(kinds(world.pass(3_600_000)), []);
});

reboot('what nobody claimed is given back, whatever orphans of before are still named', () => {
  const world = createWorld({ recover: false });
  world.machine.managed.set('/m/ebs/v1', 51);
  world.machine.driverMounts.set('ebs/v1', 50);
  const mounts = [{ target: '/m/ebs/v1', mountId: 51, dev: '7:1' }];
  assert.equal(driverOps(world.run({ ...RECOVER, journal: 'damaged', orphans: ['x'], mounts })), []);
  assert.equal(driverOps(rebooted(world, { orphans: ['x'] })), ['unmount v1']);
});

/** A task comes while what was there before the reboot is looked at for the first time. */
function wantedAgain(others: boolean, upTo?: string): { world: World; effects: Effect[] } {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.managed.clear();
  world.machine.driverMounts.clear();
  const look = only(world.send({ ...RECOVER, journal: 'whole', bootId: 'boot-2' }), 'observe');
  if (others) world.machine.driverMounts.set('ebs/v1', 900);
  world.send(prepareEvent('c2', V1));
  const begun = end(world, look, world.machine.answer(look));
  return { world, effects: upTo ? [until(world, begun, upTo)] : world.play(begun) };
}

reboot('what is wanted again at once is given back once, and not a second time for the time before', () => {
  const { world, effects } = wantedAgain(false);
  assert.equal(driverOps(effects), ['mount v1']);
  const unmount = until(world, world.send({ type: 'cleanup', id: 'c2' }), 'unmount');
  world.play(end(world, unmount, { ok: true, value: { stillMounted: true } }));
  assert.equal(driverOps(world.pass(600_000)), [], 'what is left is of another client');
});

reboot('what another client has mounted since is mounted for the next task too', () => {
  const { world, effects } = wantedAgain(true);
  assert.equal(driverOps(effects), ['mount v1']);
  assert.is(world.reply(effects).ok, true);
});

reboot('who comes while the time before is given back is mounted once, and given back once', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.managed.clear();
  world.machine.driverMounts.clear();
  const unmount = until(world, world.send({ ...RECOVER, journal: 'whole', bootId: 'boot-2' }), 'unmount');
  world.send(prepareEvent('c2', V1));
  const effects = world.play(end(world, unmount, world.machine.answer(unmount)));
  assert.equal(driverOps(effects), ['mount v1']);
  assert.equal(driverOps(world.cleanup('c2')), ['unmount v1']);
});

reboot('a host that dies while the time before is given back counts what is mounted next', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.managed.clear();
  world.machine.driverMounts.clear();
  until(world, world.send({ ...RECOVER, journal: 'whole', bootId: 'boot-2' }), 'unmount');
  world.run({ type: 'restart', bootId: 'boot-2', mounts: [] });
  world.send(prepareEvent('c2', V1));
  assert.equal(driverOps(world.pass(40_000)), ['mount v1']);
  assert.equal(driverOps(world.cleanup('c2')), ['unmount v1']);
});

reboot('a mount without an answer that is there after all is used, and not asked for once more', () => {
  const { world, effects } = wantedAgain(false, 'mount');
  const early = end(world, only(effects, 'mount'), timeout);
  assert.equal(driverOps(early), []);
  world.machine.driverMounts.set('ebs/v1', 70);
  const late = world.pass(10_000);
  assert.equal(driverOps(late), []);
  assert.is(world.reply(late).ok, true);
});

reboot('a volume that was forgotten after it is counted anew', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.run({ type: 'operator', verb: 'hold', driver: 'ebs', name: 'v1' });
  world.machine.driverMounts.clear();
  world.run({ ...RECOVER, journal: 'whole', bootId: 'boot-2' });
  const look = only(world.send({ type: 'operator', verb: 'forget', driver: 'ebs', name: 'v1' }), 'observe');
  world.send(prepareEvent('c2', V1));
  const effects = world.play(end(world, look, world.machine.answer(look)));
  assert.equal(driverOps(effects), ['mount v1']);
  assert.equal(driverOps(world.cleanup('c2')), ['unmount v1']);
});

reboot('the same boot is no reboot: what runs keeps its volume', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const effects = world.run({ ...RECOVER, journal: 'whole', containers: [LIVES] });
  assert.equal(driverOps(effects), []);
});

const wakes = suite('policy: wake-ups');

/** The times that were told, in order. */
function told(world: World): number[] {
  return world.all.flatMap((effect) => (effect.type === 'wake' ? [effect.at] : []));
}

wakes('a wake-up is told when it changes, and taken back when nothing is due any more', () => {
  const world = createWorld({ config: { lingerMs: 5_000 } });
  world.prepare('c1', V1);
  world.cleanup('c1');
  const due = told(world).at(-1) as number;
  assert.is(due, world.now + 5_000);
  const count = told(world).length;
  world.send({ type: 'tick' });
  assert.is(told(world).length, count, 'not told again');
  world.prepare('c2', V1);
  assert.is(told(world).at(-1), 0, 'it does not linger any more');
});

wakes('after a restore the wake-up is told once more: nobody else remembers it', () => {
  const world = createWorld({ config: { lingerMs: 5_000 } });
  world.prepare('c1', V1);
  world.cleanup('c1');
  const due = told(world).at(-1);
  const twin = openPolicy();
  twin.restore(world.policy.snapshot() as Uint8Array);
  world.policy.step = twin.step;
  world.send({ type: 'tick' });
  assert.equal(told(world).slice(-2), [due, due]);
});

for (const tests of [reboot, wakes]) tests.run();
