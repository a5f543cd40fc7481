import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failed } from './machine.ts';
import { end, perform, timeout, upTo, V1 } from './policy_steps.ts';
import { createWorld, kinds, prepareEvent } from './world.ts';

const late = suite('policy: late and odd events');

late('a place that ends after its container was cleaned up changes nothing', () => {
  const world = createWorld();
  const place = upTo(world, 'place');
  world.run({ type: 'cleanup', id: 'c1' });
  const before = world.policy.snapshot();
  assert.equal(end(world, place, { ok: true }), []);
  assert.not.equal(world.policy.snapshot(), before, 'it is no longer under way');
});

late('the deadline while paths are being made names the sandbox', () => {
  const world = createWorld({ config: { prepareMs: 500 } });
  upTo(world, 'place');
  world.now += 1000;
  const { error } = world.reply(world.send({ type: 'tick' }));
  assert.is(`${error?.code} ${error?.message}`, 'timeout the container paths were not made in time');
});

late('the deadline names the volume that is missing, not the one that is there', () => {
  const world = createWorld({ config: { prepareMs: 500 } });
  world.prepare('c0', { volume: 'v1:data' });
  world.machine.silent.add('ebs');
  world.prepare('c1', { 'volume.a': 'v1:a', 'volume.b': 'v2:b' });
  assert.match(
    world.reply(world.pass(600)).error?.message ?? '',
    /^volume ebs\/v2 was not there within 500 ms/,
  );
});

late('destroy of nobody is ok; isolate and update of somebody and nobody too', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  for (const id of ['c1', 'nobody']) {
    assert.is(world.reply(world.send({ type: 'isolate', id, pid: 7 })).ok, true);
    assert.is(world.reply(world.send({ type: 'update', id, resources: [['cpus', 1]] })).ok, true);
  }
  assert.is(world.reply(world.send({ type: 'destroy', id: 'nobody' })).ok, true);
  assert.is(world.reply(world.send({ type: 'destroy', id: 'c1' })).ok, true);
  assert.is(world.reply(world.prepare('c1', V1)).error?.code, 'destroyed');
});

late('lost mounts: of nobody, of the reader, of a driver that some volumes do not use', () => {
  const world = createWorld();
  world.prepare('c1', { 'volume.a': 'v1:a:ro', 'volume.b': 'source=n1,target=b,volume-driver=nfs' });
  assert.equal(world.send({ type: 'lost', target: '/m/ebs/unknown' }), []);
  world.machine.managed.delete('/m/.ro/ebs/v1');
  assert.equal(kinds(world.run({ type: 'lost', target: '/m/.ro/ebs/v1' })), ['observe', 'bind']);
  world.machine.driverMounts.delete('nfs/n1');
  const effects = world.run({ type: 'lost', target: '/d/nfs' });
  assert.equal(
    effects.flatMap((effect) => (effect.type === 'limit' ? [effect.id] : [])),
    ['c1'],
  );
});

late('a limited holder does not hold a volume, and the next task on it is refused at once', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.volumes.delete('ebs/v1');
  world.machine.driverMounts.delete('ebs/v1');
  world.machine.managed.clear();
  world.run({ type: 'lost', target: '/d/ebs/v1' });
  const effects = world.prepare('c2', { 'volume.a': 'v1:a', 'volume.b': 'v2:b' });
  assert.is(world.reply(effects).error?.code, 'no-such-volume');
  assert.equal(
    kinds(effects),
    [],
    'what was just learnt is not asked again, and the other volume is left alone',
  );
  assert.is(world.reply(world.prepare('c1', V1)).error?.code, 'not-mounted');
  assert.equal(kinds(world.run({ type: 'lost', target: '/d/ebs/v1' })), []);
});

late('a stale read-only bind is replaced too', () => {
  const world = createWorld();
  world.prepare('c1', { volume: 'v1:data:ro' });
  world.machine.driverMounts.set('ebs/v1', 999);
  const effects = world.run({ type: 'lost', target: '/d/ebs/v1' });
  assert.equal(kinds(effects), ['observe', 'detach', 'bind']);
});

late('operator: nonsense, the unknown, and what is being worked on', () => {
  const world = createWorld();
  const ask = (verb: string, name: string) => {
    const { error } = world.reply(world.send({ type: 'operator', verb, driver: 'ebs', name }));
    return `${error?.code} ${error?.message} (${error?.hint})`;
  };
  assert.match(
    ask('annihilate', 'v1'),
    /unknown verb "annihilate" \(known are retry, hold, release, forget, drain and resume\)/,
  );
  assert.match(ask('hold', 'v9'), /^no-such-volume there is no record of volume ebs\/v9/);
  world.prepare('c1', V1);
  world.send({ type: 'cleanup', id: 'c1' });
  assert.match(ask('forget', 'v1'), /^conflict volume ebs\/v1 is being worked on/);
});

late('a mount that vanishes while an effect is under way is looked at after it', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const bind = world.send(prepareEvent('c2', { volume: 'v1:data:ro' }));
  world.machine.managed.delete('/m/ebs/v1');
  assert.equal(kinds(world.send({ type: 'lost', target: '/m/ebs/v1' })), []);
  assert.equal(kinds(world.play(bind)), ['bind', 'observe', 'bind', 'place']);
});

late('a time that belonged to a volume off the record wakes nobody', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  let effects = world.send({ type: 'cleanup', id: 'c1' });
  while (!kinds(effects).includes('unmount')) effects = perform(world, effects);
  end(world, effects, failed('refused', 'E', 'no'));
  world.run({ type: 'operator', verb: 'forget', driver: 'ebs', name: 'v1' });
  world.prepare('c2', V1);
  assert.equal(kinds(world.pass(100_000)), []);
});

const looks = suite('policy: looking');

looks('a look that fails is made again', () => {
  for (const message of ['', 'too many mounts']) {
    const world = createWorld();
    world.prepare('c1', V1);
    const observe = world.send({ type: 'lost', target: '/m/ebs/v1' });
    world.machine.managed.clear();
    assert.equal(kinds(end(world, observe, failed('failed', 'EIO', message))), []);
    assert.equal(kinds(world.pass(1000)), ['observe', 'bind']);
  }
});

looks('a driver that does not answer leaves what the kernel shows', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.machine.managed.clear();
  const observe = world.send({ type: 'lost', target: '/m/ebs/v1' });
  const driver = { answered: false, path: '/d/ebs/v1', pathMountId: 100 };
  const shown = { managed: [], driver, pinnedBy: [] };
  assert.equal(kinds(end(world, observe, { ok: true, value: shown })), ['bind'], 'its mount is there');
});

looks('a process outside of all containers is told, and keeps nothing; after a lost journal it does', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const observe = perform(world, world.send({ type: 'cleanup', id: 'c1' }));
  const value = {
    managed: [],
    driver: { answered: true, exists: true, path: '/d/ebs/v1', pathMountId: 100 },
    pinnedBy: [{ pid: 4711, container: null }],
  };
  const effects = end(world, observe, { ok: true, value });
  assert.equal(kinds(effects), ['unmount']);
  assert.match(JSON.stringify(effects), /process 4711 still has volume ebs\/v1 in its mount namespace/);

  const after = createWorld({ recover: { journal: 'damaged', orphans: ['x'] } });
  after.prepare('c1', V1);
  const again = perform(after, after.send({ type: 'cleanup', id: 'c1' }));
  const pinned = end(after, again, { ok: true, value });
  assert.equal(kinds(pinned), []);
  assert.match(JSON.stringify(pinned), /it stays mounted/);
});

looks('a task that comes while an old user is still seen waits, and gets its volume', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const observe = perform(world, world.send({ type: 'cleanup', id: 'c1' }));
  world.machine.pinned.set('ebs/v1', 'c1');
  world.send(prepareEvent('c2', V1));
  const pinned = world.play(observe);
  assert.match(JSON.stringify(pinned), /container c1 still has volume ebs\/v1; it stays mounted/);
  const effects = [...pinned, ...world.pass(10_000)];
  assert.is(world.reply(effects).ok, true);
  assert.equal(kinds(effects), ['observe', 'bind', 'place']);
});

looks('a plain directory is not mounted again before an unmount without an answer is settled', () => {
  const world = createWorld({
    config: { settleMs: 5000, drivers: { ebs: { plainDirs: true } }, defaultDriver: 'ebs' },
  });
  world.prepare('c1', V1);
  let effects = world.send({ type: 'cleanup', id: 'c1' });
  while (!kinds(effects).includes('unmount')) effects = perform(world, effects);
  end(world, effects, timeout);
  world.machine.driverMounts.clear();
  const early = [...world.run(prepareEvent('c2', V1)), ...world.pass(3000)];
  assert.is(kinds(early).includes('mount'), false);
  assert.is(world.reply(world.pass(10_000)).ok, true);
});

late.run();
looks.run();
