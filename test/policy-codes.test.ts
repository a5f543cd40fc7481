import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Effect } from '../host/frames/types.ts';
import { failed } from './machine.ts';
import { end, timeout, upTo, V1 } from './policy_steps.ts';
import { createWorld, driverOps, kinds, prepareEvent, type World } from './world.ts';

const codes = suite('policy: the codes of refused and failed calls');

type Way = (world: World) => Effect[];
type Config = Record<string, unknown>;

const ask =
  (labels: Record<string, string>, more = {}): Way =>
  (world) =>
    world.prepare('c1', labels, more);
const ebs = (driver: Config): Config => ({ drivers: { ebs: driver, nfs: {} } });
const EXCLUSIVE = ebs({ sharing: 'exclusive' });
const CREATE = ebs({ create: true, createOptions: ['size'] });
const sized = (size: number) => ({ volume: `source=v1,create,volume-opt=size=${size}` });

/** One way to each code that a call may be refused with; `storage` is the host's, which cannot write its journal then. */
const WAYS: Record<string, [Way, Config?]> = {
  'bad-frame': [(world) => world.send({ type: 'isolate', id: 'c1', pid: -1 })],
  'bad-label': [ask({ volume: 'v1:data:rx' })],
  'bad-name': [ask({ volume: 'v 1' })],
  'bad-path': [ask({ volume: 'v1:../etc' })],
  conflict: [ask({ 'volume.a': 'v1:data', 'volume.b': 'v2:data' })],
  'unknown-driver': [ask({ volume: 'v1', 'volume-driver': 'esb' })],
  'not-offered': [ask(V1), { requireOffer: true }],
  exclusive: [after(V1, ask(V1)), EXCLUSIVE],
  'read-only': [ask(V1), ebs({ readonly: true })],
  'no-such-volume': [ask({ volume: 'v9' })],
  'create-not-allowed': [ask({ volume: 'source=v1,create' })],
  'options-differ': [after(sized(5), ask(sized(6))), CREATE],
  'driver-refused': [(world) => end(world, upTo(world, 'mount'), failed('refused', 'E', 'zone b'))],
  'driver-unreachable': [silent],
  'driver-failed': [(world) => end(world, upTo(world, 'bind'), failed('refused', 'EPERM', 'no'))],
  'not-mounted': [(world) => end(world, upTo(world, 'bind'), failed('refused', 'not-mounted', 'no'))],
  'place-failed': [(world) => end(world, upTo(world, 'place'), failed('refused', 'ELOOP', 'a link'))],
  timeout: [
    (world) => [...end(world, upTo(world, 'mount'), timeout), ...world.pass(10_100)],
    { prepareMs: 10_000 },
  ],
  destroyed: [(world) => [...world.send({ type: 'destroy', id: 'c1' }), ...destroyed(world)]],
  draining: [drained],
  'not-recovered': [(world) => world.send(prepareEvent('c1', V1))],
};

function after(labels: Record<string, string>, way: Way): Way {
  return (world) => {
    world.prepare('c0', labels);
    return way(world);
  };
}

function silent(world: World): Effect[] {
  world.machine.silent.add('ebs');
  return [...world.prepare('c1', V1), ...world.pass(46_000)];
}

function drained(world: World): Effect[] {
  world.send({ type: 'operator', verb: 'drain' });
  return world.prepare('c1', V1);
}

function destroyed(world: World): Effect[] {
  world.send(prepareEvent('c1', V1));
  world.send({ type: 'destroy', id: 'c1' });
  return world.send(prepareEvent('c1', V1));
}

for (const [code, [way, config]] of Object.entries(WAYS))
  codes(`${code} can be had, says what is wrong, and what to do`, () => {
    const world = createWorld({
      config: config ?? {},
      ...(code === 'not-recovered' ? { recover: false } : {}),
    });
    const { error } = world.reply(way(world));
    assert.is(error?.code, code, error?.message);
    assert.ok((error?.message.length ?? 0) > 10, error?.message);
    assert.ok((error?.hint.length ?? 0) > 5, error?.hint);
  });

codes('what the design names and what can be had are the same codes', () => {
  const named = `bad-frame bad-label bad-name bad-path conflict unknown-driver not-offered exclusive read-only no-such-volume
    create-not-allowed options-differ driver-refused driver-unreachable driver-failed not-mounted place-failed timeout destroyed draining
    not-recovered`;
  assert.equal(Object.keys(WAYS), named.split(/\s+/));
});

codes('a refusal suggests what is nearest: an option, an offered volume, the resource that offers it', () => {
  const hint = (labels: Record<string, string>, config: Config) => {
    const world = createWorld({ config });
    return world.reply(world.prepare('c1', labels)).error?.hint;
  };
  assert.is(hint({ volume: 'source=v1,create,volume-opt=sise=5' }, CREATE), 'did you mean size?');
  const offers = { ebsvolumes: { driver: 'ebs', volumes: ['v1', 'vol-a'] } };
  assert.is(hint(V1, { offers }), 'have the framework accept ebsvolumes:{v1}');
  assert.is(hint({ volume: 'vol-b' }, { offers, requireOffer: true }), 'did you mean vol-a?');
  assert.match(
    hint({ volume: 'other-thing' }, { offers, requireOffer: true }) ?? '',
    /offers no such volume/,
  );
});

codes('an option given twice is told with its position', () => {
  const world = createWorld({ config: CREATE });
  const labels = { volume: 'source=v1,create,volume-opt=size=1,volume-opt=size=2' };
  const { error } = world.reply(world.prepare('c1', labels));
  assert.is(error?.message, 'label volume, position 36: the option size is given twice');
});

codes('no refusal begins anything', () => {
  const world = createWorld();
  for (const volume of ['v 1', 'v1:..', 'source=v1,volume-driver=x'])
    assert.equal(kinds(world.prepare('c1', { volume })), []);
  assert.equal(driverOps(world.all), []);
});

codes.run();
