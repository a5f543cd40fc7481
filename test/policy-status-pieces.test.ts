/** How what the policy says is read: in pieces, as frames carry it, and without a trace. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { containers, counts, MANY, type Named, volume, volumes } from './policy_views.ts';
import { createWorld, prepareEvent } from './world.ts';

const status = suite('policy: status in pieces');

status('a state is read in pieces, each entry once, and counts add up', () => {
  const names = Array.from({ length: 7 }, (_, at) => `v${at}`);
  const world = createWorld({ volumes: [...names.map((name) => `ebs/${name}`), 'nfs/n1'] });
  for (const name of names) world.prepare(`c-${name}`, { volume: name });
  world.prepare('c-n', { volume: 'n1', 'volume-driver': 'nfs' });
  world.send({ type: 'operator', verb: 'hold', driver: 'ebs', name: 'v3' });
  world.run({ type: 'cleanup', id: 'c-v3' });
  const pieces = (read: typeof volumes) => {
    const all: Named[][] = [];
    for (let after = 0; ; after = all.at(-1)?.at(-1)?.seq as number) {
      all.push(read(world, after, 3));
      if ((all.at(-1) as Named[]).length < 3) return all;
    }
  };
  assert.equal(
    pieces(volumes).map((piece) => piece.map(({ name }) => name)),
    [
      ['v0', 'v1', 'v2'],
      ['v3', 'v4', 'v5'],
      ['v6', 'n1'],
    ],
  );
  assert.equal(
    pieces(containers).map((piece) => piece.map(({ id }) => id)),
    [['c-v0', 'c-v1', 'c-v2'], ['c-v4', 'c-v5', 'c-v6'], ['c-n']],
  );
  assert.equal(volumes(world, 0, 0), []);
  const none = { lingering: 0, unmounting: 0, uncertain: 0, failed: 0, retiring: 0, lost: 0, unclaimed: 0 };
  const all = counts(world);
  assert.equal(all, {
    next: 0,
    drivers: [
      { driver: 'ebs', mounting: 0, mounted: 6, held: 1, ...none },
      { driver: 'nfs', mounting: 0, mounted: 1, held: 0, ...none },
    ],
  });
  const first = counts(world, 0, 4);
  assert.is(first.next, volumes(world)[3]?.seq);
  assert.equal(first.drivers, [{ driver: 'ebs', mounting: 0, mounted: 3, held: 1, ...none }]);
  const rest = counts(world, first.next, 4);
  assert.is(rest.next, 0, 'the last piece is full and says that it is the last');
  assert.equal(rest.drivers, [
    { driver: 'ebs', mounting: 0, mounted: 3, held: 0, ...none },
    { driver: 'nfs', mounting: 0, mounted: 1, held: 0, ...none },
  ]);
});

status('an entry that goes while the state is read in pieces takes no other with it', () => {
  const names = ['v1', 'v2', 'v3', 'v4'];
  const world = createWorld({ volumes: names.map((name) => `ebs/${name}`) });
  for (const name of names) world.prepare(`c-${name}`, { volume: name });
  const [first, second] = volumes(world, 0, 2) as [Named, Named];
  const [one, two] = containers(world, 0, 2) as [Named, Named];
  world.cleanup('c-v2');
  assert.equal(
    volumes(world, second.seq as number).map(({ name }) => name),
    ['v3', 'v4'],
  );
  assert.equal(
    containers(world, two.seq as number).map(({ id }) => id),
    ['c-v3', 'c-v4'],
  );
  assert.is(volumes(world, 0, 1)[0]?.name, 'v1');
  assert.is(volumes(world, first.seq as number)[0]?.name, 'v3');
  assert.is(containers(world, one.seq as number)[0]?.id, 'c-v3');
  assert.is(counts(world, 0, 1).next, first.seq);
  assert.equal(counts(world, first.seq as number).drivers[0]?.mounted, 2);
  const [last] = volumes(world, 0, 1) as [Named];
  world.prepare('c-v2', { volume: 'v2' });
  world.cleanup('c-v1');
  world.prepare('c-v1', { volume: 'v1' });
  assert.equal(
    volumes(world, last.seq as number).map(({ name }) => name),
    ['v3', 'v4', 'v2', 'v1'],
    'a volume that came again is another one',
  );
});

status('the configuration comes as frames carry it', () => {
  const [config] = createWorld().policy.status(4, 0, 0) as [string];
  assert.is(config, 'a1');
});

status('the record of mounts has the numbers of the kernel, and whether they are sure', () => {
  const world = createWorld();
  world.prepare('c1', { volume: 'v1' });
  world.prepare('c2', { volume: 'v2:b:ro' });
  const records = (after: number, most: number) => world.policy.status(5, after, most) as Named[];
  const [first, second] = records(0, MANY) as [Named, Named];
  assert.equal([first.driver, first.name, second.name], ['ebs', 'v1', 'v2']);
  assert.equal(first.rwMountId, world.machine.managed.get('/m/ebs/v1'));
  assert.equal(second.roMountId, world.machine.managed.get('/m/.ro/ebs/v2'));
  const driver = world.machine.driverMounts.get('ebs/v1');
  assert.equal([first.driverMountId, first.rwFromId, first.roFromId], [driver, driver, 0]);
  assert.is(second.roFromId, world.machine.driverMounts.get('ebs/v2'));
  assert.equal([first.isSure, first.owedBefore, first.roMountId, second.rwMountId], [true, false, 0, 0]);
  assert.equal(
    records(0, 1).map(({ name }) => name),
    ['v1'],
  );
  assert.equal(
    records(first.seq as number, 1).map(({ name }) => name),
    ['v2'],
  );
  world.send({ type: 'restart', bootId: 'boot-1', mounts: [] });
  assert.is(records(0, 1)[0]?.isSure, false);
});

status('more than fifteen of anything are written as well', () => {
  const labels = Object.fromEntries(
    Array.from({ length: 20 }, (_, at) => [`volume.${at}`, `v1${at}:d${at}`]),
  );
  const world = createWorld({ volumes: Array.from({ length: 20 }, (_, at) => `ebs/v1${at}`) });
  world.prepare('c1', labels);
  assert.is(((containers(world)[0] as Named).volumes as Named[]).length, 20);
  for (let at = 0; at < 20; at += 1) world.prepare(`d${at}`, { volume: 'v10' });
  assert.is((volume(world).holders as string[]).length, 21);
});

status('asking changes nothing: effects and snapshots stay the same', () => {
  const [asked, left] = [createWorld(), createWorld()];
  for (const event of [
    prepareEvent('c1', { volume: 'v1' }),
    prepareEvent('c2', { volume: 'v1:data:ro', 'volume.b': 'v2' }),
    { type: 'cleanup', id: 'c1' },
    { type: 'operator', verb: 'drain' },
  ]) {
    const effects = asked.run(event);
    for (const what of [0, 1, 2, 3]) asked.policy.status(what, 0, MANY);
    assert.equal(effects, left.run(event));
    assert.equal(asked.policy.snapshot(), left.policy.snapshot());
    const before = volumes(asked);
    asked.policy.restore(asked.policy.snapshot() as Uint8Array);
    assert.equal(volumes(asked), before, 'a restored state tells the same');
  }
});

status.run();
