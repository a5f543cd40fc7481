/** Faults in what is owed and in how sure a record is that only a few sequences show. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Effect } from '../host/frames/types.ts';
import { end, only, until, V1 } from './policy_under_way.ts';
import { createWorld, driverOps, kinds, prepareEvent, RECOVER, type World } from './world.ts';

const owed = suite('policy: counts and records, fault by fault');

/** What a driver says to an Unmount when another client still has the volume mounted. */
const stillMounted = { ok: true, value: { stillMounted: true } };

const record = ({ policy }: World) => (policy.status(5, 0, 1) as Record<string, unknown>[])[0] ?? {};
const told = ({ policy }: World) => (policy.status(1, 0, 1) as Record<string, unknown>[])[0] ?? {};

/** No doubt is left but the one that a test is about: nothing is unknown. */
function isUnsure(world: World): void {
  const { exists, mounted, rw, ro } = told(world);
  assert.not([exists, mounted, rw, ro].includes('unknown'), JSON.stringify(told(world)));
  assert.is(record(world).isSure, false);
}

/** Somebody takes the driver's mount away, and the policy is told. */
function take(world: World): Effect[] {
  world.machine.driverMounts.clear();
  return world.run({ type: 'lost', target: '/d/ebs/v1' });
}

/** The host comes back, and looks: this is what it is shown under the root. */
function seen(world: World, ...managed: number[]): Effect[] {
  const look = only(world.send({ type: 'restart', bootId: 'boot-1', mounts: [] }), 'observe');
  const answer = world.machine.answer(look) as { ok: true; value: object };
  const shown = managed.map((mountId) => ({ mode: 'rw', mountId }));
  return end(world, look, { ok: true, value: { ...answer.value, managed: shown } });
}

owed('a record is not sure while nobody knows what our bind shows', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  assert.is(record(world).isSure, true);
  assert.equal(kinds(seen(world, 999)), ['detach'], 'it is another mount than was made');
  isUnsure(world);
});

owed('a record is not sure while mounts are stacked under our bind', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  assert.equal(kinds(seen(world, 999, record(world).rwMountId as number)), []);
  isUnsure(world);
});

owed('a record is not sure when even one mount was counted that the kernel does not show', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  take(world);
  assert.is(told(world).mounted, 'no');
  isUnsure(world);
});

owed('what is mounted after a reboot is counted anew: a second one counts twice', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.driverMounts.clear();
  world.machine.managed.clear();
  const look = only(world.send({ ...RECOVER, journal: 'whole', bootId: 'boot-2' }), 'observe');
  world.send(prepareEvent('c2', V1));
  const effects = world.play(end(world, look, world.machine.answer(look)));
  assert.is(world.reply(effects).ok, true);
  assert.is(record(world).owedBefore, false);
  take(world);
  assert.is(world.reply(world.prepare('c3', V1)).ok, true);
  world.cleanup('c2');
  const unmount = until(world, world.send({ type: 'cleanup', id: 'c3' }), 'unmount');
  world.machine.driverMounts.set('ebs/v1', 900);
  end(world, unmount, stillMounted);
  assert.equal(driverOps(world.pass(100_000)), ['unmount v1'], 'the second of two');
});

owed('what an Unmount left mounted is told as mounted, though none was shown before', () => {
  const world = createWorld();
  for (const id of ['c1', 'c2']) {
    world.prepare(id, V1);
    take(world);
  }
  world.cleanup('c1');
  const unmount = until(world, world.send({ type: 'cleanup', id: 'c2' }), 'unmount');
  assert.is(told(world).mounted, 'no');
  world.machine.driverMounts.set('ebs/v1', 900);
  end(world, unmount, stillMounted);
  assert.is(told(world).mounted, 'yes');
  assert.equal(driverOps(world.pass(100_000)), ['unmount v1']);
});

owed.run();
