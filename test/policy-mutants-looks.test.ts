/** What a look shows or does not show, taken for something else without a test that noticed; each title says what would break. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failed } from './machine.ts';
import { end, nextWork, perform, timeout, upTo, V1 } from './policy_steps.ts';
import { createWorld, kinds, prepareEvent, RECOVER } from './world.ts';

const looks = suite('policy: looks');
const READER = { volume: 'v1:data:ro' };

looks('a reading bind that another one has taken the place of is replaced', () => {
  const world = createWorld();
  world.prepare('c1', READER);
  world.machine.managed.set('/m/.ro/ebs/v1', 777);
  const holder = {
    id: 'c1',
    labels: [['volume', 'v1:data:ro']],
    env: [],
    volumes: [],
    sandbox: '/s',
    mounts: [],
  };
  const mounts = [{ target: '/m/.ro/ebs/v1', mountId: 777, dev: '7:1' }];
  const effects = world.run({ ...RECOVER, journal: 'whole', containers: [holder], mounts });
  assert.equal(kinds(effects), ['observe', 'detach', 'bind']);
});

looks('a look at the very time when a bind can no longer come ends the wait for it', () => {
  const world = createWorld();
  end(world, upTo(world, 'bind'), timeout);
  world.now += 30_000;
  assert.equal(kinds(perform(world, world.send({ type: 'tick' }))), ['bind']);
});

looks('a bind without an answer is waited for no longer than it can come', () => {
  const world = createWorld({ config: { settleMs: 400 } });
  end(world, upTo(world, 'bind'), timeout);
  assert.ok(kinds(world.pass(410)).includes('place'));
});

looks('who has the reading bind is answered while the writing one is in doubt', () => {
  const world = createWorld();
  world.prepare('c1', READER);
  const bind = world.send(prepareEvent('c2', V1));
  end(world, bind, timeout);
  perform(world, nextWork(world));
  assert.is(world.reply(world.send(prepareEvent('c1', READER))).ok, true);
});

for (const [first, second] of [
  [V1, READER],
  [READER, V1],
] as const)
  looks(`who has ${first.volume} is answered while ${second.volume} is being bound`, () => {
    const world = createWorld();
    const place = upTo(world, 'place', first);
    assert.equal(kinds(world.send(prepareEvent('c2', second))), ['bind']);
    assert.is(world.reply(perform(world, place)).ok, true);
  });

looks('a volume that was never mounted is mounted although its driver did not answer a look', () => {
  const world = createWorld();
  end(world, upTo(world, 'get'), failed('failed', 'EIO', 'x'));
  world.send({ type: 'lost', target: '/m/ebs/v1' });
  world.machine.silent.add('ebs');
  assert.equal(kinds(perform(world, nextWork(world))), ['get']);
});

looks('a plain directory is not doubted when its driver does not answer', () => {
  const world = createWorld({ config: { drivers: { ebs: { plainDirs: true } } } });
  world.prepare('c1', V1);
  world.machine.driverMounts.clear();
  world.machine.managed.clear();
  world.machine.silent.add('ebs');
  const look = world.send({ type: 'lost', target: '/m/ebs/v1' });
  assert.equal(kinds(perform(world, look)), ['bind']);
});

looks('what was seen and is gone while its mount may still come is not unmounted', () => {
  const world = createWorld();
  end(world, upTo(world, 'mount'), timeout);
  world.machine.driverMounts.set('ebs/v1', 100);
  world.pass(1000);
  let effects = world.send({ type: 'cleanup', id: 'c1' });
  while (!kinds(effects).includes('observe')) effects = perform(world, effects);
  world.machine.driverMounts.clear();
  assert.equal(kinds(perform(world, effects)), []);
});

looks('a volume may be forgotten from the time on when nothing can come true, and not before', () => {
  const world = createWorld();
  end(world, upTo(world, 'mount'), timeout);
  const settledAt = world.now + 30_000;
  world.send({ type: 'cleanup', id: 'c1' });
  world.pass(1000);
  const forget = () =>
    world.reply(world.send({ type: 'operator', verb: 'forget', driver: 'ebs', name: 'v1' }));
  const early = forget();
  assert.is(early.error?.hint, `try again in ${settledAt - world.now} ms`);
  world.now = settledAt;
  assert.is(forget().ok, true);
});

looks('a plain directory that was given up is not taken for there when the next task looks at it', () => {
  const world = createWorld({ config: { drivers: { ebs: { plainDirs: true } } } });
  world.prepare('c1', V1);
  let effects = world.send({ type: 'cleanup', id: 'c1' });
  while (!kinds(effects).includes('unmount')) effects = perform(world, effects);
  world.send(prepareEvent('c2', V1));
  world.send({ type: 'lost', target: '/m/ebs/v1' });
  effects = world.play(perform(world, effects));
  assert.ok(kinds(effects).includes('mount'), kinds(effects).join());
});

looks('a bind that vanishes does not repeat the looks at other volumes', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  end(world, world.send(prepareEvent('c2', { volume: 'v2' })), failed('failed', 'EIO', 'x'));
  world.send({ type: 'lost', target: '/m/ebs/v2' });
  const look = nextWork(world);
  assert.equal(kinds(look), ['observe']);
  world.send({ type: 'lost', target: '/m/ebs/v1' });
  assert.equal(kinds(perform(world, look)), ['mount']);
});

looks.run();
