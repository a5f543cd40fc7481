import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Effect, WorkEffect } from '../host/frames/types.ts';
import { end, nextWork, perform, timeout, upTo, V1 } from './policy_steps.ts';
import { createWorld, isWork, kinds, prepareEvent, RECOVER, type World } from './world.ts';

const recovery = suite('policy: recovery, details');
const named = (id: string, labels: [string, string][], mounts: unknown[] = []) => ({
  id,
  labels,
  env: [],
  volumes: [],
  sandbox: '/s',
  rootfs: null,
  pid: 7,
  mounts,
});

recovery('a bind in flight at a crash, to write or to read, is looked for and not made twice', () => {
  for (const label of ['v1:data', 'v1:data:ro']) {
    const world = createWorld();
    const bind = upTo(world, 'bind', { volume: label });
    world.machine.answer(bind.find(isWork) as WorkEffect);
    const effects = world.run({ type: 'restart', bootId: 'boot-1', mounts: [] });
    assert.equal(kinds([...effects, ...world.pass(60_000)]).slice(0, 3), ['observe', 'detach', 'observe']);
    assert.is(world.machine.managed.size, 0);
    assert.is(world.reply(world.prepare('c1', { volume: label })).ok, true);
  }
});

recovery('an unmount in flight at a crash may still come true', () => {
  for (const owed of [true, false]) {
    const world = createWorld({
      recover: owed ? {} : { journal: 'whole', mounts: [{ target: '/m/ebs/v1', mountId: 5, dev: '7:1' }] },
    });
    if (owed) world.prepare('c1', V1);
    else world.machine.driverMounts.set('ebs/v1', 100);
    let effects = owed ? world.send({ type: 'cleanup', id: 'c1' }) : nextOf(world);
    while (!kinds(effects).includes('unmount'))
      effects = effects.some(isWork) ? perform(world, effects) : nextWork(world);
    assert.equal(kinds(world.send({ type: 'restart', bootId: 'boot-1', mounts: [] })), []);
    const prepared = world.send(prepareEvent('c2', V1));
    assert.is(
      prepared.some((effect) => effect.type === 'reply'),
      false,
    );
  }
});

/** What the recovery of a world with one orphan mount looks at. */
function nextOf(world: World): Effect[] {
  world.machine.managed.set('/m/ebs/v1', 5);
  return world.send({
    type: 'restart',
    bootId: 'boot-1',
    mounts: [{ target: '/m/ebs/v1', mountId: 5, dev: '7:1' }],
  });
}

recovery('after a reboot what was never surely counted is not given back', () => {
  const world = createWorld();
  world.send(prepareEvent('c1', V1));
  const effects = world.run({ ...RECOVER, journal: 'whole', bootId: 'boot-2' });
  assert.is(kinds(effects).includes('unmount'), false);
});

recovery('an unmount of what the kernel does not show may run out too, and is not sent twice at once', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.driverMounts.clear();
  world.machine.managed.clear();
  let effects = world.send({ ...RECOVER, journal: 'whole', bootId: 'boot-2' });
  while (!kinds(effects).includes('unmount')) effects = perform(world, effects);
  assert.equal(kinds(end(world, effects, timeout)), []);
  assert.is(kinds(world.pass(100_000)).includes('mount'), false);
  assert.is(world.reply(world.prepare('c2', V1)).ok, true);
});

recovery('a container that a whole journal does not know holds what its labels say', () => {
  const world = createWorld();
  world.run({ ...RECOVER, journal: 'whole', containers: [named('c9', [['volume', 'v1:data']])] });
  assert.is(world.reply(world.prepare('c9', V1)).ok, false, 'it is not mounted: the holder is limited');
  assert.is(world.reply(world.cleanup('c9')).ok, true);
});

recovery('a destroyed container that the agent still names stays refused', () => {
  const world = createWorld();
  world.send(prepareEvent('c1', V1));
  world.send({ type: 'destroy', id: 'c1' });
  world.run({ ...RECOVER, journal: 'whole', containers: [named('c1', [['volume', 'v1:data']])] });
  assert.is(world.reply(world.prepare('c1', V1)).error?.code, 'destroyed');
});

recovery('with a lost journal a container holds what its label and its mounts say, each once', () => {
  const world = createWorld({ recover: false });
  const own = [
    { target: '/s/data', mountId: 9, dev: '7:1' },
    { target: '/s/more', mountId: 10, dev: '7:1' },
    { target: '/proc', mountId: 11, dev: '0:4' },
  ];
  const effects = world.run({
    ...RECOVER,
    journal: 'damaged',
    containers: [
      named(
        'c1',
        [
          ['volume.a', 'v2:a'],
          ['volume.b', 'v1:b'],
        ],
        own,
      ),
      named('c2', [['volume', 'v2:data']]),
      named('c3', [['volume', 'v1:data']]),
    ],
    mounts: [
      { target: '/m/ebs/v1', mountId: 5, dev: '7:1' },
      { target: '/home', mountId: 6, dev: '8:1' },
    ],
  });
  assert.is(world.reply(effects).ok, true);
  assert.match(JSON.stringify(effects), /no record of the mount \/m\/ebs\/v1; left alone/);
  for (const id of ['c1', 'c3', 'c2']) assert.is(world.reply(world.cleanup(id)).ok, true);
});

recovery('an orphan mount found when only the host restarted is taken down', () => {
  const world = createWorld();
  const effects = world.send({
    type: 'restart',
    bootId: 'boot-1',
    mounts: [{ target: '/m/.ro/ebs/v2', mountId: 5, dev: '7:9' }],
  });
  assert.match(
    JSON.stringify(effects),
    /no record of the mount \/m\/\.ro\/ebs\/v2; taken down when nobody has it/,
  );
  assert.equal(kinds(effects), ['observe']);
});

recovery('of mounts stacked at one target the topmost says which driver mount a volume shows', () => {
  /** What a task is given of an orphan mount, under which others lie: the file system of each, the topmost last. */
  const effectsWith = (...devs: string[]) => {
    const world = createWorld({ recover: false });
    const stack = devs.map((dev, at) => ({ target: '/m/ebs/v1', mountId: 50 + at, dev }));
    world.machine.driverMounts.set('ebs/v1', 9);
    world.machine.managed.set('/m/ebs/v1', 50 + devs.length - 1);
    const mounts = [...stack, { target: '/d/ebs/v1', mountId: 9, dev: '7:1' }];
    const c1 = named('c1', [['volume', 'v1:data']], [{ target: '/s/data', mountId: 70, dev: '7:1' }]);
    const found = world.run({ ...RECOVER, journal: 'whole', containers: [c1], mounts });
    return kinds([...found, ...world.prepare('c2', V1)]);
  };
  const alone = effectsWith('7:1');
  assert.equal(effectsWith('7:8', '7:9', '7:1'), alone);
  assert.equal(effectsWith('7:9', '7:1'), alone);
  assert.not.equal(effectsWith('7:1', '7:9', '7:8'), alone, 'what lies on top is of another file system');
});

recovery('what nobody claims is left alone until the last container of a lost journal is gone', () => {
  const world = createWorld({
    recover: {
      journal: 'damaged',
      orphans: ['a', 'b'],
      mounts: [{ target: '/m/ebs/v1', mountId: 5, dev: '7:1' }],
    },
  });
  assert.equal(kinds(world.cleanup('a')), []);
  assert.equal(kinds(world.cleanup('b')).slice(0, 1), ['observe']);
});

recovery.run();
