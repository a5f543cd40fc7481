/** What the policy says for people's sake: each field of it, for every state that a volume and a container can be in. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { WorkEffect } from '../host/frames/types.ts';
import { failed } from './machine.ts';
import { end, nextWork, perform, timeout, upTo } from './policy_steps.ts';
import { containers, counts, MANY, type Named, overview, some, volume, volumes } from './policy_views.ts';
import { createWorld, isWork, openPolicy, prepareEvent, RECOVER } from './world.ts';

const status = suite('policy: status');

status('before a configuration there is nothing to tell, and that is told', () => {
  const world = createWorld({ recover: false });
  const { policy } = world;
  assert.equal(overview(world), {
    now: 0,
    agentId: 'a1',
    root: '/m',
    recovered: false,
    recovering: false,
    draining: false,
    quarantine: [],
    volumes: 0,
    containers: 0,
    inFlight: 0,
    drivers: [
      { name: 'ebs', sharing: 'shared', readonly: false, create: false, lingerMs: 0, maxInFlight: 16 },
      { name: 'nfs', sharing: 'shared', readonly: false, create: false, lingerMs: 0, maxInFlight: 16 },
    ],
  });
  assert.equal(volumes(world), []);
  assert.equal(containers(world), []);
  assert.equal(counts(world), { next: 0, drivers: [] });
  assert.is(policy.status(6, 0, MANY), undefined);
  assert.is(policy.status(-1, 0, MANY), undefined);
});

status('a policy that has heard nothing has nothing to tell', () => {
  const told = openPolicy().status(0, 0, 0) as Named;
  assert.equal([told.agentId, told.root, told.drivers, told.recovered], ['', '', [], false]);
  assert.is(openPolicy().status(4, 0, 0), null);
});

status('the overview has the drivers as configured, and counts', () => {
  const ebs = { sharing: 'exclusive', readonly: true, create: true, lingerMs: 5, maxInFlight: 3 };
  const world = createWorld({ config: { lingerMs: 700, drivers: { ebs, nfs: { lingerMs: 0 }, s3: {} } } });
  world.send(prepareEvent('c1', { volume: 'v1:a:ro', 'volume.b': 'v2:b:ro' }));
  world.send({ type: 'operator', verb: 'drain' });
  const told = overview(world);
  assert.equal(told.drivers, [
    { name: 'ebs', sharing: 'exclusive', readonly: true, create: true, lingerMs: 5, maxInFlight: 3 },
    { name: 'nfs', sharing: 'shared', readonly: false, create: false, lingerMs: 0, maxInFlight: 16 },
    { name: 's3', sharing: 'shared', readonly: false, create: false, lingerMs: 700, maxInFlight: 16 },
  ]);
  assert.equal(
    [told.volumes, told.containers, told.inFlight, told.draining, told.recovered],
    [2, 1, 2, true, true],
  );
});

status('a recovery that is coming in is told, and who lives of the last one', () => {
  const world = createWorld({ recover: false });
  const alive = { id: 'old', labels: [], env: [], volumes: [], sandbox: '/s/old', mounts: [] };
  const part = { type: 'recover', journal: 'new', bootId: 'b', orphans: [], mounts: [], containers: [alive] };
  world.now = 7;
  world.send({ ...part, part: 0, last: false });
  assert.equal(
    [overview(world).recovering, overview(world).recovered, overview(world).now],
    [true, false, 7],
  );
  world.send({ ...part, containers: [], part: 1, last: true });
  assert.equal([overview(world).recovering, overview(world).quarantine], [false, ['old']]);
});

status('a volume in use: its facts, its holder, nothing under way', () => {
  const drivers = { ebs: { create: true, createOptions: ['size', 'secret'] } };
  const world = createWorld({ config: { drivers } });
  world.prepare('c1', { volume: 'source=v1,target=data,volume-opt=size=5,volume-opt=secret=x7,create' });
  const { seq, ...told } = volume(world);
  assert.ok((seq as number) > 0);
  assert.equal(told, {
    driver: 'ebs',
    name: 'v1',
    state: 'mounted',
    exists: 'yes',
    mounted: 'yes',
    rw: 'yes',
    ro: 'no',
    mountpoint: '/d/ebs/v1',
    dev: '7:1',
    owed: [1, 1],
    doing: null,
    effect: 0,
    attempts: 0,
    retryAt: 0,
    settleAt: 0,
    vanishAt: 0,
    lingerAt: 0,
    errorCode: null,
    error: null,
    held: false,
    unclaimed: false,
    options: ['secret', 'size'],
    holders: ['c1'],
    waiters: [],
    limited: [],
  });
  const { seq: own, ...container } = containers(world)[0] as Named;
  assert.ok((own as number) > 0);
  assert.equal(container, {
    id: 'c1',
    state: 'holding',
    destroyed: false,
    placing: 0,
    deadlineAt: 0,
    pid: 0,
    volumes: [
      {
        driver: 'ebs',
        name: 'v1',
        path: 'data',
        readonly: false,
        create: true,
        options: ['secret', 'size'],
        origin: 'label volume',
      },
    ],
  });
  assert.not.match(JSON.stringify([volumes(world), containers(world)]), /x7|"5"/);
});

status('a prepare under way: who waits until when, and for what', () => {
  const world = createWorld();
  world.now = 40;
  let effects = upTo(world, 'mount');
  assert.equal(some(world, 'state', 'doing', 'waiters', 'holders', 'exists', 'mounted'), [
    'mounting',
    'mount',
    ['c1'],
    [],
    'yes',
    'no',
  ]);
  assert.is(volume(world).effect, effects.find(isWork)?.effect);
  const [container] = containers(world) as [Named];
  assert.equal([container.state, container.deadlineAt, container.placing], ['waiting', 45_040, 0]);
  effects = perform(world, effects);
  assert.equal(some(world, 'state', 'doing'), ['mounting', 'bind rw']);
  effects = perform(world, effects);
  assert.equal(some(world, 'state', 'doing', 'effect'), ['mounted', null, 0]);
  assert.is(containers(world)[0]?.placing, effects.find(isWork)?.effect);
});

status('a pid is told when the agent has told it', () => {
  const world = createWorld();
  world.prepare('c1', { volume: 'v1' });
  world.run({ type: 'isolate', id: 'c1', pid: 77 });
  assert.is(containers(world)[0]?.pid, 77);
});

status('every kind of work has its word', () => {
  const world = createWorld();
  const seen: unknown[] = [];
  const note = () => seen.push(volumes(world)[0]?.doing);
  let effects = world.send(prepareEvent('c1', { volume: 'source=new,target=a,create' }));
  assert.is(volumes(world).length, 0);
  world.send({
    type: 'configure',
    config: { agentId: 'a1', root: '/m', drivers: { ebs: { create: true } }, defaultDriver: 'ebs' },
  });
  effects = world.send(prepareEvent('c1', { volume: 'source=new,target=a,create' }));
  note();
  effects = end(world, effects, { ok: true, value: { exists: false } });
  while (effects.some(isWork)) {
    note();
    effects = perform(world, effects);
  }
  world.run(prepareEvent('c2', { volume: 'new:b:ro' }));
  world.send({ type: 'cleanup', id: 'c2' });
  effects = world.send({ type: 'cleanup', id: 'c1' });
  while (effects.some(isWork)) {
    note();
    effects = perform(world, effects);
  }
  assert.equal(seen, [
    'get',
    'create',
    'mount',
    'bind rw',
    null,
    'detach rw',
    'detach ro',
    'witness',
    'unmount',
  ]);
  effects = upTo(world, 'bind', { volume: 'v1:data:ro' });
  assert.is(volume(world).doing, 'bind ro');
  world.send({ type: 'restart', bootId: 'boot-1', mounts: [] });
  assert.equal(some(world, 'doing', 'state', 'mounted', 'ro'), [
    'witness',
    'uncertain',
    'unknown',
    'unknown',
  ]);
});

status('what fails says why, how often, and when it is tried again', () => {
  const world = createWorld();
  world.now = 10;
  end(world, upTo(world, 'mount'), failed('failed', 'EIO', 'disk on fire'));
  const { errorCode, error, attempts, retryAt, state, doing } = volume(world);
  assert.equal(
    [errorCode, error, attempts, state, doing],
    ['driver-failed', 'mount ebs/v1: disk on fire', 1, 'uncertain', null],
  );
  assert.ok((retryAt as number) > 10 && (retryAt as number) < 300, String(retryAt));
  const [observe] = nextWork(world);
  assert.equal(some(world, 'doing', 'effect', 'attempts'), ['observe', (observe as WorkEffect).effect, 1]);
  perform(world, [observe as WorkEffect]);
  assert.equal(some(world, 'state', 'doing', 'mounted'), ['failed', 'mount', 'no']);
});

status('a mount without an answer: until when it may come true, and what is owed', () => {
  const world = createWorld();
  const effects = upTo(world, 'mount');
  world.now = 100;
  end(world, effects, timeout);
  assert.equal(some(world, 'settleAt', 'owed', 'vanishAt', 'state', 'doing'), [
    30_100,
    [0, 1],
    0,
    'uncertain',
    null,
  ]);
});

status('a driver that is not there: the facts are known, and it failed', () => {
  const world = createWorld();
  end(world, upTo(world, 'mount'), failed('unreachable', 'ECONNREFUSED', 'nobody listens'));
  assert.equal(some(world, 'state', 'mounted', 'errorCode', 'waiters'), [
    'failed',
    'no',
    'driver-unreachable',
    ['c1'],
  ]);
});

status('a volume that somebody has in his namespace failed to go, and says so', () => {
  const world = createWorld();
  world.prepare('c1', { volume: 'v1' });
  world.machine.pinned.set('ebs/v1', 'c1');
  world.cleanup('c1');
  assert.equal(some(world, 'state', 'errorCode', 'attempts', 'mounted'), ['failed', 'pinned', 1, 'yes']);
});

status('an unmount without an answer: until when it may come true', () => {
  const world = createWorld();
  world.prepare('c1', { volume: 'v1' });
  let effects = world.send({ type: 'cleanup', id: 'c1' });
  while (volume(world).doing !== 'unmount') effects = perform(world, effects);
  assert.equal(some(world, 'state', 'rw', 'mounted'), ['unmounting', 'no', 'yes']);
  world.now = 200;
  end(world, effects, timeout);
  assert.equal(some(world, 'vanishAt', 'state', 'errorCode', 'holders'), [
    30_200,
    'uncertain',
    'timeout',
    [],
  ]);
});

status('a volume that nobody has: lingering, held, unmounting', () => {
  const world = createWorld({ config: { lingerMs: 500 } });
  world.prepare('c1', { volume: 'v1' });
  world.now = 1000;
  world.send({ type: 'cleanup', id: 'c1' });
  assert.equal(some(world, 'state', 'lingerAt', 'held'), ['lingering', 1500, false]);
  world.send({ type: 'operator', verb: 'hold', driver: 'ebs', name: 'v1' });
  assert.equal(some(world, 'state', 'held'), ['held', true]);
  world.now = 1500;
  world.send({ type: 'tick' });
  assert.is(volume(world).state, 'held');
  world.prepare('c2', { volume: 'v1' });
  assert.equal(some(world, 'state', 'held', 'holders'), ['mounted', true, ['c2']]);
  world.send({ type: 'operator', verb: 'release', driver: 'ebs', name: 'v1' });
  world.now = 2000;
  world.send({ type: 'cleanup', id: 'c2' });
  world.now = 2500;
  world.send({ type: 'tick' });
  assert.equal(some(world, 'state', 'held', 'lingerAt'), ['unmounting', false, 0]);
});

status('what nobody wants in the first millisecond of a policy does not linger', () => {
  const world = createWorld();
  perform(world, upTo(world, 'place'));
  world.send({ type: 'cleanup', id: 'c1' });
  assert.equal([world.now, ...some(world, 'state', 'doing')], [0, 'unmounting', 'detach rw']);
});

status('a driver that is not configured any more: its volumes retire, used or not', () => {
  const world = createWorld({ config: { lingerMs: 500 } });
  world.prepare('c1', { volume: 'v1' });
  world.prepare('c2', { volume: 'v2' });
  world.send({ type: 'cleanup', id: 'c2' });
  world.send({
    type: 'configure',
    config: { agentId: 'a1', root: '/m', lingerMs: 500, drivers: { nfs: {} } },
  });
  assert.equal(
    volumes(world).map(({ state }) => state),
    ['retiring', 'lingering'],
  );
  world.now += 500;
  world.send({ type: 'tick' });
  assert.equal(
    volumes(world).map(({ state, doing }) => [state, doing]),
    [
      ['retiring', null],
      ['retiring', 'detach rw'],
    ],
  );
});

status('a volume that its driver has lost: who lost it', () => {
  const world = createWorld();
  world.prepare('c1', { volume: 'v1' });
  world.machine.driverMounts.clear();
  world.run({ type: 'lost', target: '/d/ebs/v1' });
  assert.equal(some(world, 'state', 'limited', 'holders'), ['lost', ['c1'], []]);
  assert.is(containers(world)[0]?.state, 'limited');
});

status('a mount without a record: unclaimed while containers of that recovery live', () => {
  const alive = { id: 'old', labels: [], env: [], volumes: [], sandbox: '/s/old', mounts: [] };
  const mounts = [{ target: '/m/ebs/v1', mountId: 9, source: '', fstype: 'ext4', root: '/', dev: '7:1' }];
  const world = createWorld({ recover: { containers: [alive], mounts } });
  assert.equal(some(world, 'state', 'unclaimed', 'held'), ['unclaimed', true, false]);
  world.send({ type: 'cleanup', id: 'old' });
  assert.not.equal(volume(world).state, 'unclaimed');
});

status('while containers of a recovery live only what nobody claims is unclaimed', () => {
  const labels = [['volume', 'v1']];
  const alive = { id: 'old', labels, env: [], volumes: [], sandbox: '/s/old', mounts: [] };
  const mounts = [{ target: '/m/ebs/v1', mountId: 9, source: '', fstype: 'ext4', root: '/', dev: '7:1' }];
  const world = createWorld({ config: { lingerMs: 500 }, recover: false });
  world.machine.driverMounts.set('ebs/v1', 8);
  world.machine.managed.set('/m/ebs/v1', 9);
  world.run({ ...RECOVER, containers: [alive], mounts });
  assert.equal(some(world, 'state', 'unclaimed', 'holders'), ['mounted', true, ['old']]);
  world.prepare('c2', { volume: 'v2' });
  world.cleanup('c2');
  assert.equal(
    volumes(world).map(({ state, unclaimed }) => [state, unclaimed]),
    [
      ['mounted', true],
      ['lingering', false],
    ],
  );
});

status('as many that have it as wait for it: it is mounted', () => {
  const world = createWorld();
  world.prepare('c1', { volume: 'v1' });
  world.send(prepareEvent('c2', { volume: 'v1', 'volume.b': 'v2' }));
  assert.equal(some(world, 'state', 'holders', 'waiters'), ['mounted', ['c1'], ['c2']]);
});

status('a container that was destroyed is told so, with what it still has', () => {
  const world = createWorld();
  world.prepare('c1', { volume: 'v1' });
  world.run({ type: 'destroy', id: 'c1' });
  assert.equal(
    containers(world).map(({ state, destroyed }) => [state, destroyed]),
    [['holding', true]],
  );
  world.send(prepareEvent('c2', { volume: 'v2' }));
  world.send({ type: 'destroy', id: 'c2' });
  assert.equal(
    containers(world).map(({ state, destroyed }) => [state, destroyed]),
    [
      ['holding', true],
      ['destroyed', true],
    ],
  );
});

status.run();
