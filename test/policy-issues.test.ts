/** What other systems got wrong, by the number under which it was reported. Titles say what would break. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Effect, WorkEffect } from '../host/frames/types.ts';
import { failed } from './machine.ts';
import { end, perform, timeout, upTo, V1 } from './policy_steps.ts';
import { createWorld, driverOps, isWork, kinds, prepareEvent, RECOVER, type World } from './world.ts';

const issues = suite('policy: what other systems got wrong');
const BOTH = { 'volume.a': 'v1:a', 'volume.b': 'source=n1,target=b,volume-driver=nfs' };
const HOUR_MS = 3_600_000;

/** A container as the agent names it after a start. */
function alive(id: string, labels: Record<string, string> = V1) {
  return {
    id,
    labels: Object.entries(labels),
    env: [],
    volumes: [],
    sandbox: `/s/${id}`,
    pid: 9,
    mounts: [],
  };
}

function mountsOf(world: World) {
  return [...world.machine.managed].map(([target, mountId]) => ({ target, mountId, dev: '7:1' }));
}

function recover(world: World, fields: Record<string, unknown>) {
  return world.run({ ...RECOVER, journal: 'whole', mounts: mountsOf(world), ...fields });
}

function count(world: World, op: string): number {
  return driverOps(world.all).filter((called) => called === op).length;
}

issues(
  'mesos-module-dvdi 95: after an agent restart the volume of an orphan that still runs was unmounted',
  () => {
    const world = createWorld();
    world.prepare('c1', V1);
    const effects = [...recover(world, { orphans: ['c1'] }), ...world.pass(HOUR_MS)];
    assert.equal(kinds(effects), ['observe'], 'it is looked at, and nothing else');
    assert.equal(kinds(world.cleanup('c1')), ['detach', 'observe', 'unmount'], 'its cleanup is what ends it');
  },
);

issues(
  'kubernetes 120150: before all that runs was known again, what was not yet known was unmounted',
  () => {
    const world = createWorld();
    world.prepare('c1', V1);
    const part = { ...RECOVER, journal: 'whole' };
    const early = [
      ...world.run({ ...part, mounts: mountsOf(world), last: false }),
      ...world.run({ type: 'tick' }),
      ...world.pass(HOUR_MS),
    ];
    assert.equal(kinds(early), []);
    const effects = world.run({ ...part, part: 1, containers: [alive('c1')] });
    assert.equal(kinds([...effects, ...world.pass(HOUR_MS)]), ['observe']);
  },
);

issues(
  'moby 35120: a restart lost the count, and the end of one container took the volume of another',
  () => {
    const world = createWorld();
    world.prepare('c1', V1);
    world.prepare('c2', V1);
    world.run({ type: 'restart', bootId: 'boot-1', mounts: mountsOf(world) });
    recover(world, { containers: [alive('c1'), alive('c2')] });
    assert.equal(kinds([...world.cleanup('c1'), ...world.pass(HOUR_MS)]), []);
    assert.equal(kinds(world.cleanup('c2')), ['detach', 'observe', 'unmount']);
  },
);

issues(
  'MESOS-10126: an unmount that failed kept its container counted, and the volume was never unmounted',
  () => {
    const world = createWorld();
    world.prepare('c1', V1);
    let effects = world.send({ type: 'cleanup', id: 'c1' });
    assert.is(world.reply(effects).ok, true, 'the agent is not told of it');
    while (!kinds(effects).includes('unmount')) effects = perform(world, effects);
    end(world, effects, failed('failed', 'driver-failed', 'device is busy'));
    assert.is(world.reply(world.prepare('c2', V1)).ok, true);
    assert.equal(kinds(world.cleanup('c2')), ['detach', 'observe', 'unmount']);
    assert.is(world.machine.driverMounts.size, 0);
  },
);

issues('mesos-module-dvdi 88: an unmount that hung kept every other volume from being mounted', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  let effects = world.send({ type: 'cleanup', id: 'c1' });
  while (!kinds(effects).includes('unmount')) effects = perform(world, effects);
  assert.is(world.reply(world.prepare('c2', { volume: 'v2:data' })).ok, true);
  assert.is(world.reply(world.cleanup('c2')).ok, true);
  assert.is(world.machine.driverMounts.has('ebs/v2'), false);
});

issues('mesos-module-dvdi 88: a mount that timed out was repeated, and the driver counted two', () => {
  const world = createWorld();
  const mount = upTo(world, 'mount');
  end(world, mount, timeout);
  world.pass(15_000);
  world.machine.driverMounts.set('ebs/v1', 77);
  assert.is(world.reply(world.pass(20_000)).ok, true);
  world.cleanup('c1');
  world.pass(HOUR_MS);
  assert.equal([count(world, 'mount v1'), count(world, 'unmount v1')], [1, 1]);
});

issues(
  'MESOS-7439: a mount that was under way when the agent went down was repeated, and the driver counted two',
  () => {
    const world = createWorld();
    upTo(world, 'mount');
    recover(world, {});
    world.pass(10_000);
    world.prepare('c2', V1);
    world.machine.driverMounts.set('ebs/v1', 77);
    assert.is(world.reply(world.pass(30_000)).ok, true);
    world.cleanup('c2');
    world.pass(HOUR_MS);
    assert.equal([count(world, 'mount v1'), count(world, 'unmount v1')], [1, 1]);
    assert.is(world.machine.driverMounts.size, 0);
  },
);

issues(
  'mesos-module-dvdi 93: a crash after the mount and before its record left the volume mounted for ever',
  () => {
    const world = createWorld();
    const mount = upTo(world, 'mount');
    world.machine.answer(mount.find(isWork) as never);
    assert.is(world.machine.driverMounts.size, 1, 'the driver has done it, and nobody heard');
    recover(world, {});
    world.pass(60_000);
    assert.is(world.machine.driverMounts.size, 0);
  },
);

issues('MESOS-5352: of the volumes of one container the first that failed kept the others mounted', () => {
  const world = createWorld();
  world.prepare('c1', BOTH);
  world.machine.silent.add('ebs');
  assert.is(world.reply(world.cleanup('c1')).ok, true);
  assert.equal([...world.machine.driverMounts.keys()], ['ebs/v1']);
  world.machine.silent.clear();
  world.pass(60_000);
  assert.is(world.machine.driverMounts.size, 0);
});

issues('MESOS-9507: one record that could not be read kept the agent from starting', () => {
  const world = createWorld({ recover: false });
  world.machine.managed.set('/m/ebs/v1', 50);
  world.machine.driverMounts.set('ebs/v1', 49);
  const effects = recover(world, {
    journal: 'damaged',
    containers: [alive('bad', { volume: '' }), alive('worse', { volume: '../..' }), alive('good')],
  });
  assert.is(world.reply(effects).ok, true);
  const named = effects.flatMap((effect) =>
    effect.type === 'alert' ? [`${effect.code} ${effect.container}`] : [],
  );
  for (const id of ['bad', 'worse']) assert.ok(named.includes(`unreadable-container ${id}`), named.join());
  world.cleanup('bad');
  world.cleanup('worse');
  world.pass(HOUR_MS);
  assert.is(world.machine.driverMounts.size, 1, 'the good one holds its volume');
  assert.is(world.reply(world.prepare('c2', { volume: 'v2' })).ok, true);
});

issues(
  'rexray 171: a driver that had restarted and forgotten its counts unmounted under a second container',
  () => {
    const world = createWorld();
    world.prepare('c1', V1);
    world.prepare('c2', V1);
    assert.equal(
      driverOps(world.cleanup('c1')),
      [],
      'a driver without a count would take the mount away now',
    );
    const forgets = failed('refused', 'driver-refused', 'volume is not mounted');
    let effects = world.send({ type: 'cleanup', id: 'c2' });
    while (!kinds(effects).includes('unmount')) effects = perform(world, effects);
    world.machine.driverMounts.clear();
    end(world, effects, forgets);
    world.pass(HOUR_MS);
    assert.is(count(world, 'unmount v1'), 1, 'the kernel shows that it is gone, whatever the driver says');
    assert.is(world.reply(world.send(prepareEvent('c3', {}))).ok, true);
  },
);

const STACKED = 65_536;
const TARGET = '/m/ebs/v1';

/** The parts of a recovery with so many mounts at one target, and as many of the same file system at the driver's path. */
function* stackedParts(ids: number[]) {
  const row = (target: string, mountId: number) => ({
    target,
    mountId,
    source: '/dev/xvdn',
    fstype: 'ext4',
    root: '/data',
    dev: '202:208',
  });
  const all = ids.flatMap((id) => [row('/var/lib/rexray/volumes/prometheus', id + STACKED), row(TARGET, id)]);
  const size = 1024;
  for (let at = 0; at < all.length; at += size) {
    const last = at + size >= all.length;
    yield { ...RECOVER, journal: 'whole', part: at / size, mounts: all.slice(at, at + size), last };
  }
}

/** A kernel that has only this stack, and a driver. `tells` is whether a detach says what it uncovered. */
function answerFrom(
  stack: number[],
  world: World,
  tells: boolean,
  effect: WorkEffect,
): Record<string, unknown> {
  if (effect.type === 'detach') {
    assert.is(effect.mountId, stack.pop(), 'the one on top goes first');
    return { ok: true, value: tells && stack.length > 0 ? { mountId: stack.at(-1) } : {} };
  }
  if (effect.type !== 'observe') return world.machine.answer(effect);
  const managed = stack.slice(-8).map((mountId) => ({ mode: 'rw', mountId }));
  const id = world.machine.driverMounts.get('ebs/v1');
  const driver = {
    answered: true,
    exists: true,
    ...(id === undefined ? {} : { path: '/d/ebs/v1', pathMountId: id }),
  };
  return { ok: true, value: { managed, driver, pinnedBy: [] } };
}

/** Recovers with so many stacked mounts, and returns the effects of which each began after the end of the one before. */
function unstack(world: World, size: number, tells: boolean): string[] {
  const stack = Array.from({ length: size }, (_, at) => 100 + at);
  world.machine.driverMounts.set('ebs/v1', 99);
  let effects: Effect[] = [];
  for (const part of stackedParts([...stack])) effects = world.send(part);
  const seen: string[] = [];
  for (let work = effects.filter(isWork); work.length > 0; work = effects.filter(isWork)) {
    assert.is(work.length, 1, 'one at a time');
    const [one] = work as [WorkEffect];
    seen.push(...kinds(work));
    effects = world.send({ type: 'done', effect: one.effect, ...answerFrom(stack, world, tells, one) });
  }
  assert.equal([stack.length, world.machine.driverMounts.size], [0, 0]);
  return seen;
}

issues(
  'rexray 1130: 65,536 mounts stacked at one target could not be taken away, or took the machine with them',
  () => {
    const world = createWorld({ recover: false });
    const before = world.policy.memorySize();
    const seen = unstack(world, STACKED, true);
    assert.is(seen.filter((kind) => kind === 'detach').length, STACKED);
    assert.is(seen.length, STACKED + 3, 'besides them two looks and an unmount');
    assert.ok(
      world.policy.memorySize() <= 4 * before,
      `${before} bytes grew to ${world.policy.memorySize()}`,
    );
    const told = world.all.filter((effect) => effect.type === 'alert');
    assert.is(told.length, 1, 'one alert, not one for each');
  },
);

issues('rexray 1130: where nobody says what a detach uncovered, it is looked for', () => {
  const seen = unstack(createWorld({ recover: false }), 40, false);
  assert.is(seen.filter((kind) => kind === 'detach').length, 40);
});

issues.run();
