import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pack } from '../host/frames/codec.ts';
import { decodeEffects } from '../host/frames/effect_frame.ts';
import type { Effect } from '../host/frames/types.ts';
import { createWorld, kinds, type World } from './world.ts';

const GOOD = { agentId: 'a1', root: '/m', drivers: { ebs: {}, nfs: {} } };

function refusalOf(config: Record<string, unknown>, world = createWorld()): string {
  const { ok, error } = world.reply(world.send({ type: 'configure', config: { ...GOOD, ...config } }));
  assert.is(ok, false, 'it was taken');
  return `${error?.code} ${error?.message} (${error?.hint})`;
}

/** Sends a frame that the host would not make. */
function raw(world: World, data: unknown): Effect[] {
  return decodeEffects(world.policy.step(pack(data)));
}

const config = suite('policy: configuration');

config('every rule of a configuration is told by field, reason and next step', () => {
  const long = 'x'.repeat(256);
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ agentId: '' }, /^bad-config config: the agentId is empty \(write a name/],
    [{ agentId: long }, /agentId is longer than 255 bytes/],
    [{ root: '/m/../n' }, /config\.root: the container path "\/m\/\.\.\/n" has "\.\." in it/],
    [{ root: 'm' }, /config\.root: "m" is not absolute \(write a path that starts with \/\)/],
    [{ root: '/m//x' }, /config\.root: "\/m\/\/x" is not in its shortest form \(write \/m\/x\)/],
    [{ drivers: { 'e/s': {} } }, /config\.drivers: the driver name "e\/s" has "\/" at position 2/],
    [{ defaultDriver: 'esb' }, /defaultDriver: "esb" is not one of the drivers \(did you mean ebs\?\)/],
    [{ defaultDriver: 'gluster' }, /\(configured are ebs and nfs\)/],
    [{ defaultDriver: 'x', drivers: {} }, /\(configured are none\)/],
    [{ offers: { vols: { driver: 'gone', volumes: [] } } }, /config\.offers\.vols\.driver: is not one of/],
    [{ allowedTargets: ['/a/../b'] }, /config\.allowedTargets: .* has "\.\." in it/],
    [{ allowedTargets: ['data'] }, /config\.allowedTargets: "data" is not absolute/],
    [{ allowedTargets: ['/a//b'] }, /"\/a\/\/b" is not in its shortest form \(write \/a\/b\)/],
    [{ allowedTargets: ['/'] }, /is the root directory/],
    [{ allowedTargets: ['/m'] }, /lie in one another/],
    [{ root: '/m/x', allowedTargets: ['/m'] }, /lie in one another/],
    [{ drivers: { ebs: { chown: 'always' } } }, /config\.drivers\.ebs\.chown: must be never or firstHolder/],
    [{ drivers: { ebs: { maxInFlight: 0 } } }, /config\.drivers\.ebs\.maxInFlight: must be a whole number/],
    [{ drivers: { ebs: { lingerMs: 604800001 } } }, /config\.drivers\.ebs\.lingerMs/],
    [{ drivers: { ebs: { create: 'yes' } } }, /config\.drivers\.ebs\.create: must be true or false/],
    [{ volumes: { 'ebs/v1': { sharing: 'some' } } }, /config\.volumes\.ebs\/v1\.sharing: must be shared or/],
    [{ prepareMs: 0 }, /config\.prepareMs: must be at least 1/],
    [{ settleMs: 1.5 }, /config\.settleMs: must be a whole number/],
  ];
  for (const [change, text] of cases) assert.match(refusalOf(change), text);
});

config('a driver that is there twice, and records of another length, are refused', () => {
  const world = createWorld();
  const driver = (name: string) => [name, ...Array(12).fill(null)];
  const rest = (drivers: unknown, volumes: unknown, offers: unknown) => [
    'a1',
    '/m',
    null,
    null,
    null,
    null,
    null,
    null,
    drivers,
    volumes,
    offers,
    null,
    null,
  ];
  const cases: [unknown, RegExp][] = [
    [rest([driver('ebs'), driver('ebs')], [], []), /config\.drivers: ebs is there twice/],
    [rest([['ebs']], [], []), /config\.drivers: has another number of fields/],
    [rest([], [['ebs/v1']], []), /config\.volumes: has another number of fields/],
    [rest([], [], [['vols']]), /config\.offers: has another number of fields/],
    [['a1'], /config: has another number of fields/],
  ];
  for (const [fields, text] of cases)
    assert.match(world.reply(raw(world, [1, 1, 0, 900, fields])).error?.message ?? '', text);
});

config('a good configuration may leave out or name everything', () => {
  const world = createWorld();
  const full = {
    ...GOOD,
    defaultDriver: 'ebs',
    allowedTargets: ['/srv'],
    drivers: { ebs: { sharing: 'shared', chown: 'never', maxInFlight: 1024 }, nfs: { chown: 'firstHolder' } },
    volumes: { 'ebs/v1': { lingerMs: 5 }, 'ebs/v2': {} },
    offers: { vols: { driver: 'nfs', volumes: ['n1'] } },
    discovered: ['gluster'],
  };
  assert.is(world.reply(world.send({ type: 'configure', config: full })).ok, true);
  assert.is(
    world.reply(world.send({ type: 'configure', config: { agentId: 'a1', root: '/m', drivers: {} } })).ok,
    true,
  );
});

config('calls before the first configuration are refused, and what nobody waits for is told', () => {
  const world = createWorld();
  const fresh = createWorld({ config: { agentId: '' }, recover: false });
  for (const type of ['cleanup', 'destroy'])
    assert.is(fresh.reply(fresh.send({ type, id: 'c1' })).error?.code, 'not-recovered');
  const recover = {
    type: 'recover',
    journal: 'new',
    bootId: 'b',
    containers: [],
    orphans: [],
    mounts: [],
    part: 0,
    last: true,
  };
  assert.is(fresh.reply(fresh.send(recover)).error?.code, 'not-recovered');
  for (const event of [
    { type: 'lost', target: '/m/ebs/v1' },
    { type: 'restart', bootId: 'b', mounts: [] },
  ])
    assert.is(fresh.send(event)[0]?.type, 'alert');
  assert.equal(fresh.send({ type: 'tick' }), []);
  assert.equal(kinds(world.send({ type: 'swap', digest: 'abc' })), []);
});

const linger = suite('policy: linger');

linger("the volume's own linger counts before the driver's, and that before the agent's", () => {
  const drivers = { ebs: { lingerMs: 2000 }, nfs: {} };
  const world = createWorld({
    config: { lingerMs: 1000, drivers, volumes: { 'ebs/v2': { lingerMs: 3000 }, 'ebs/v3': {} } },
  });
  const times: number[] = [];
  for (const label of ['v1', 'source=v2', 'source=n1,volume-driver=nfs']) {
    world.prepare('c', { volume: label });
    const from = world.now;
    assert.equal(kinds(world.cleanup('c')), []);
    const waits: number[] = [];
    for (let ms = 0; ms < 4000 && world.machine.driverMounts.size > 0; ms += 100) {
      world.pass(100);
      waits.push(world.now - from);
    }
    times.push(Math.round((waits.at(-1) ?? 0) / 1000));
  }
  assert.equal(times, [2, 3, 1]);
});

linger('a volume of a driver that is no longer configured does not linger', () => {
  const world = createWorld({ config: { lingerMs: 1000 } });
  world.prepare('c1', { volume: 'v1' });
  world.send({
    type: 'configure',
    config: { agentId: 'a1', root: '/m', drivers: { nfs: {} }, lingerMs: 1000 },
  });
  assert.equal(kinds(world.cleanup('c1')), ['detach', 'observe', 'unmount']);
});

config.run();
linger.run();
