/** What no test noticed until faults were made by rule: each title says what would break. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failed } from './machine.ts';
import { end, perform, upTo, V1 } from './policy_steps.ts';
import { CONFIG, createWorld, driverOps, kinds, prepareEvent } from './world.ts';

type Labels = Record<string, string> | [string, string][];
type More = Record<string, unknown>;

/** The answer to a prepare, as `code message (hint)`; `ok` when it is not refused. */
function answerOf(labels: Labels, more: More = {}, config: More = {}, volumes = ['ebs/v1']): string {
  const world = createWorld({ config, volumes });
  const { ok, error } = world.reply(world.prepare('c1', labels, more));
  return ok ? 'ok' : `${error?.code} ${error?.message} (${error?.hint})`;
}

const values = suite('policy: what ends leave out');

values('a get that is answered without a word finds no volume', () => {
  const world = createWorld();
  const effects = end(world, upTo(world, 'get'), { ok: true });
  assert.is(world.reply(effects).error?.code, 'no-such-volume');
});

values(
  'an unmount that is answered without a word is done, however often the driver was asked to mount',
  () => {
    const world = createWorld();
    world.prepare('c1', V1);
    world.machine.driverMounts.clear();
    world.run({ type: 'lost', target: '/d/ebs/v1' });
    world.prepare('c2', V1);
    world.cleanup('c1');
    let effects = world.send({ type: 'cleanup', id: 'c2' });
    while (!kinds(effects).includes('unmount')) effects = perform(world, effects);
    world.machine.driverMounts.clear();
    assert.equal(kinds(end(world, effects, { ok: true })), []);
    assert.equal(kinds(world.pass(60_000)), []);
  },
);

values('a bind that does not say of which mount it is counts for whichever the kernel shows', () => {
  const world = createWorld();
  const effects = upTo(world, 'bind');
  world.machine.managed.set('/m/ebs/v1', 7);
  world.play(end(world, effects, { ok: true, value: { mountId: 7 } }));
  assert.equal(kinds(world.run({ type: 'lost', target: '/d/ebs/v1' })), ['observe']);
});

values('a look that does not say whether the driver answered takes nothing for gone', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const effects = world.send({ type: 'lost', target: '/d/ebs/v1' });
  const more = end(world, effects, { ok: true, value: { managed: [], driver: {}, pinnedBy: [] } });
  assert.not.ok(more.some(({ type }) => type === 'limit'));
});

values('a look that names neither mount nor process tells of number 0', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  let effects = world.send({ type: 'cleanup', id: 'c1' });
  effects = perform(world, effects);
  const value = { managed: [{ mode: 'rw' }], driver: { answered: true, exists: true }, pinnedBy: [{}] };
  effects = end(world, effects, { ok: true, value });
  const told = effects.flatMap((effect) => (effect.type === 'alert' ? [effect.message] : []));
  assert.equal(told, ['process 0 still has volume ebs/v1 in its mount namespace']);
  assert.is((effects.find(({ type }) => type === 'detach') as { mountId?: number }).mountId, 0);
});

const retired = suite('policy: drivers that are not configured any more');

const GONE = { type: 'configure', config: { ...CONFIG, defaultDriver: 'nfs', drivers: { nfs: {} } } };

retired('a volume that a task waits for is asked for before it is mounted, as without any setting', () => {
  const world = createWorld();
  end(world, upTo(world, 'get'), failed('failed', 'EIO', 'x'));
  world.run(GONE);
  assert.equal(driverOps(world.pass(1000)), ['get v1', 'mount v1']);
});

retired('nobody is made the owner, as without any setting', () => {
  const world = createWorld();
  const effects = world.send(prepareEvent('c1', V1, { user: 'u' }));
  world.run(GONE);
  const bind = world.play(effects).find(({ type }) => type === 'bind');
  assert.ok(bind);
  assert.not.ok('owner' in (bind as object) && (bind as { owner?: string }).owner, JSON.stringify(bind));
});

retired('what is found of it at a recovery is no plain directory', () => {
  const world = createWorld({ recover: false });
  world.machine.driverMounts.set('old/v1', 50);
  const holder = {
    id: 'c1',
    labels: [
      ['volume', 'v1:d'],
      ['volume-driver', 'old'],
    ],
    env: [],
    volumes: [],
    sandbox: '/s',
  };
  world.run({
    type: 'recover',
    journal: 'damaged',
    bootId: 'boot-1',
    containers: [{ ...holder, mounts: [{ target: '/s/d', mountId: 9, dev: '7:1' }] }],
    orphans: [],
    mounts: [{ target: '/d/old/v1', mountId: 50, dev: '7:1' }],
    part: 0,
    last: true,
  });
  const binds = world.all.flatMap((effect) => (effect.type === 'bind' ? [effect.plain ?? false] : []));
  assert.equal(binds, [false]);
});

const linger = suite('policy: sections without a linger');

linger('a volume with a section of its own lingers as its driver says', () => {
  const drivers = { ebs: { lingerMs: 500 }, nfs: {} };
  const world = createWorld({ config: { drivers, volumes: { 'ebs/v1': { sharing: 'shared' } } } });
  world.prepare('c1', V1);
  assert.equal(kinds(world.cleanup('c1')), []);
  assert.equal(kinds(world.pass(600)), ['detach', 'observe', 'unmount']);
});

const short = suite('policy: names of one letter');

short('a root of one letter is a root: absolute paths lie in it', () => {
  const world = createWorld();
  const place = world
    .prepare('c1', { volume: 'v1:/x' }, { rootfs: '/' })
    .find(({ type }) => type === 'place');
  assert.equal((place as { targets?: unknown } | undefined)?.targets, [{ base: 'rootfs', path: '/x' }]);
});

short('a container of one letter is the parent of those inside of it', () => {
  const world = createWorld();
  world.prepare('a', V1);
  assert.equal(world.reply(world.prepare('a.b', { volume: 'v2' })).mounts, []);
});

short('an allowed option of one letter is proposed for another', () => {
  const drivers = { ebs: { create: true, createOptions: ['a'] } };
  assert.match(
    answerOf({ volume: 'source=v1,create,volume-opt=b=1' }, {}, { drivers }),
    /\(did you mean a\?\)$/,
  );
});

short('an offer of one letter is told, and a volume of one letter is proposed', () => {
  const offers = { e: { driver: 'ebs', volumes: ['v'] } };
  assert.match(answerOf({ volume: 'v' }, {}, { offers }), /\(have the framework accept e:\{v\}\)$/);
  assert.match(answerOf({ volume: 'w' }, {}, { offers, requireOffer: true }), /\(did you mean v\?\)$/);
});

const labels = suite('policy: labels whose values look like keys');

labels('a value that is called like a key is a value', () => {
  const volumes = ['ebs/volume', 'ebs/volume-driver', 'ebs/v1', 'ebs/volume.b'];
  assert.is(answerOf([['volume.a', 'volume']], {}, {}, volumes), 'ok');
  assert.is(
    answerOf(
      [
        ['volume.a', 'volume-driver'],
        ['volume.b', 'v1'],
      ],
      {},
      {},
      volumes,
    ),
    'ok',
  );
  assert.is(
    answerOf(
      [
        ['volume.a', 'volume.b'],
        ['volume.b', 'v1'],
      ],
      {},
      {},
      volumes,
    ),
    'ok',
  );
});

labels('the second of three labels given again is told', () => {
  const twice: Labels = [
    ['volume.a', 'v1:a'],
    ['volume.b', 'v2:b'],
    ['volume.b', 'v3:c'],
  ];
  assert.match(answerOf(twice), /^bad-label label volume\.b is given twice/);
});

labels('a path may have a sign of the long syntax in it', () => {
  assert.is(answerOf({ volume: 'v1:a=b' }), 'ok');
  assert.match(answerOf({ volume: ':a=b' }), /^bad-name label volume: the volume name is empty/);
  assert.match(answerOf({ volume: 'readonly,create' }), /no source=<volume> is given/);
});

const many = suite('policy: as many as there may be');

const names = (count: number) => Array.from({ length: count }, (_, i) => `v${i}`);

many(
  '64 volumes are taken, by label or by description, and with one more the source that is too much is named',
  () => {
    const volumes = names(65).map((name) => `ebs/${name}`);
    const labels = (count: number) => names(count).map((name): [string, string] => [`volume.${name}`, name]);
    const described = (count: number) => ({ volumes: names(count).map((name) => ({ name })) });
    assert.is(answerOf(labels(64), {}, {}, volumes), 'ok');
    assert.is(answerOf([], described(64), {}, volumes), 'ok');
    assert.match(answerOf(labels(65), {}, {}, volumes), /^bad-label label volume\.v64: more than 64 volumes/);
    assert.match(answerOf([], described(65), {}, volumes), /^bad-label container c1: more than 64 volumes/);
  },
);

many('64 options are taken, and not one more', () => {
  const drivers = { ebs: { create: true, createOptions: names(65) } };
  const label = (count: number) => ({
    volume: `source=v1,create,${names(count)
      .map((name) => `volume-opt=${name}=1`)
      .join(',')}`,
  });
  assert.is(answerOf(label(64), {}, { drivers }), 'ok');
  assert.match(answerOf(label(65), {}, { drivers }), /: more than 64 options for one volume/);
});

many('a label as long as one may be is read', () => {
  assert.match(answerOf({ volume: `v1:${'x'.repeat(16_381)}` }), /^bad-path/);
  assert.match(answerOf({ volume: `v1:${'x'.repeat(16_382)}` }), /more than 16384 characters/);
});

for (const each of [values, retired, linger, short, labels, many]) each.run();
