import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { V1 } from './policy_steps.ts';
import { createWorld, kinds, RECOVER } from './world.ts';

const nested = suite('policy: nested containers');
const ENV = { env: [['DVDI_VOLUME_NAME', 'v2']] };

nested("a nested container is given its executor's labels, and does not hold what its parent holds", () => {
  const world = createWorld();
  world.prepare('parent', V1);
  const reply = world.reply(world.prepare('parent.child', V1));
  assert.equal([reply.ok, reply.mounts], [true, []]);
  assert.equal(kinds(world.cleanup('parent.child')), []);
  assert.equal(kinds(world.cleanup('parent')), ['detach', 'observe', 'unmount']);
});

nested('its own environment and its own volumes are its own', () => {
  const world = createWorld();
  world.prepare('parent', V1);
  const volumes = [{ driver: 'nfs', name: 'n1', options: {}, containerPath: 'data', readonly: true }];
  const { mounts } = world.reply(world.prepare('parent.child.deep', V1, { ...ENV, volumes }));
  assert.equal(
    mounts?.map(({ source }) => source),
    ['/m/.ro/nfs/n1', '/m/ebs/v2'],
  );
  world.cleanup('parent.child.deep');
  assert.equal([...world.machine.driverMounts.keys()], ['ebs/v1']);
});

nested("the executor's volume-driver says nothing about a nested container's volumes", () => {
  const world = createWorld({ config: { defaultDriver: 'ebs' } });
  world.prepare('parent', { volume: 'n1', 'volume-driver': 'nfs' });
  const labels = { volume: 'n1', 'volume-driver': 'nfs' };
  const { mounts } = world.reply(world.prepare('parent.child', labels, ENV));
  assert.equal(
    mounts?.map(({ source }) => source),
    ['/m/ebs/v2'],
  );
});

nested('an id with a dot whose first part is no container is not nested', () => {
  const world = createWorld();
  assert.is(world.reply(world.prepare('etl_extract.1a2b', V1)).mounts?.length, 1);
  assert.is(world.reply(world.prepare('.c', V1)).mounts?.length, 1);
});

nested('after a lost journal parent and child are told apart, in whichever order they are named', () => {
  const container = (id: string) => ({
    id,
    labels: Object.entries(V1),
    env: [],
    volumes: [],
    sandbox: '/s',
    pid: 9,
    mounts: [],
  });
  for (const ids of [
    ['parent', 'parent.child'],
    ['parent.child', 'parent'],
  ]) {
    const world = createWorld({ recover: false });
    world.machine.managed.set('/m/ebs/v1', 50);
    world.machine.driverMounts.set('ebs/v1', 49);
    const mounts = [{ target: '/m/ebs/v1', mountId: 50, dev: '7:1' }];
    world.run({ ...RECOVER, journal: 'damaged', containers: ids.map(container), mounts });
    const forget = { type: 'operator', verb: 'forget', driver: 'ebs', name: 'v1' };
    const { error } = world.reply(world.send(forget));
    assert.is(error?.message, 'volume ebs/v1 is held by container parent', ids.join());
    world.cleanup('parent');
    assert.is(world.machine.driverMounts.size, 1, 'the child lives, and nobody knows what it has');
    world.cleanup('parent.child');
    world.pass(60_000);
    assert.is(world.machine.driverMounts.size, 0);
  }
});

nested(
  'labels that cannot be read are told of the executor whose they are, not of those inside of it',
  () => {
    const labels = [['volume', 'v1:data:rx']];
    const container = (id: string) => ({ id, labels, env: [], volumes: [], sandbox: '/s', mounts: [] });
    const world = createWorld({ recover: false });
    const containers = ['parent', 'parent.child'].map(container);
    const told = world
      .run({ ...RECOVER, containers })
      .flatMap((effect) => (effect.type === 'alert' ? [`${effect.code} ${effect.container}`] : []));
    assert.equal(told, ['unreadable-container parent']);
  },
);

nested.run();
