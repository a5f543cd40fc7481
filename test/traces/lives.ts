/** The lives of which golden traces are kept: each shows one feature, and checks that it does. */
import * as assert from 'uvu/assert';
import { driverOps, isWork, kinds, prepareEvent, RECOVER, type World } from '../world.ts';

/** One life on a world of its own; `nextHost` begins another host on the same journal. */
export interface Life {
  config?: Record<string, unknown>;
  recover?: false;
  live(world: World, nextHost: (bootId: string) => void): void;
}

const V1 = { volume: 'v1:data' };
const MINUTE_MS = 60_000;
const MOUNT = { mountId: 50, source: '/dev/loop1', fstype: 'ext4', root: '/', dev: '7:1' };

function alive(id: string) {
  return { id, labels: Object.entries(V1), env: [], volumes: [], sandbox: `/s/${id}`, pid: 9, mounts: [] };
}

function tableOf({ machine }: World) {
  return [...machine.managed].map(([target, mountId]) => ({ ...MOUNT, target, mountId }));
}

function recover(world: World, fields: Record<string, unknown>) {
  return world.run({ ...RECOVER, journal: 'whole', mounts: tableOf(world), ...fields });
}

function begun(world: World, id: string, labels: Record<string, string> = V1): void {
  assert.is(world.reply(world.prepare(id, labels)).ok, true);
}

function ended(world: World, ...ids: string[]): void {
  for (const id of ids) world.cleanup(id);
  world.pass(2 * MINUTE_MS);
  assert.is(world.machine.driverMounts.size + world.machine.managed.size, 0, 'nothing is left');
}

export const LIVES: Record<string, Life> = {
  'shared-volume': {
    live(world) {
      begun(world, 'c1');
      begun(world, 'c2');
      assert.equal(driverOps(world.cleanup('c1')), []);
      ended(world, 'c2');
    },
  },
  'read-only': {
    live(world) {
      begun(world, 'c1', { volume: 'v1:data:ro' });
      begun(world, 'c2');
      assert.equal([...world.machine.managed.keys()].sort(), ['/m/.ro/ebs/v1', '/m/ebs/v1']);
      ended(world, 'c1', 'c2');
    },
  },
  'exclusive-refusal': {
    config: { volumes: { 'ebs/v1': { sharing: 'exclusive' } } },
    live(world) {
      begun(world, 'c1');
      assert.is(world.reply(world.prepare('c2', V1)).error?.code, 'exclusive');
      world.cleanup('c1');
      begun(world, 'c2');
      ended(world, 'c2');
    },
  },
  linger: {
    config: { lingerMs: 10_000 },
    live(world) {
      begun(world, 'c1');
      assert.equal(driverOps(world.cleanup('c1')), []);
      world.pass(5_000);
      assert.equal(driverOps(world.prepare('c2', V1)), []);
      ended(world, 'c2');
    },
  },
  'destroy-during-prepare': {
    live(world) {
      const [get] = world.send(prepareEvent('c1', V1)).filter(isWork);
      assert.ok(get);
      const done = { type: 'done', effect: get.effect, ok: true, value: { exists: true } };
      const work = world.send(done);
      assert.equal(driverOps(work), ['mount v1'], 'under way when it is destroyed');
      const destroyed = world.send({ type: 'destroy', id: 'c1' });
      assert.ok(destroyed.some((effect) => effect.type === 'reply' && effect.error?.code === 'destroyed'));
      world.play([...work, ...destroyed].filter(isWork));
      ended(world, 'c1');
    },
  },
  'host-restart': {
    live(world, nextHost) {
      begun(world, 'c1');
      nextHost('boot-1');
      assert.equal(driverOps(recover(world, { containers: [alive('c1')] })), []);
      ended(world, 'c1');
    },
  },
  'recovery-of-orphans': {
    recover: false,
    live(world) {
      world.machine.managed.set('/m/ebs/v1', 51);
      world.machine.driverMounts.set('ebs/v1', 50);
      recover(world, { journal: 'new', orphans: ['gone'] });
      assert.is(world.machine.managed.size, 1, 'while it lives nothing unknown is unmounted');
      world.cleanup('gone');
      recover(world, {});
      ended(world);
    },
  },
  reboot: {
    live(world, nextHost) {
      begun(world, 'c1');
      world.machine.managed.clear();
      world.machine.driverMounts.clear();
      nextHost('boot-2');
      assert.equal(driverOps(recover(world, { bootId: 'boot-2' })), ['unmount v1']);
      begun(world, 'c2');
      ended(world, 'c2');
    },
  },
  'lost-mount': {
    live(world) {
      begun(world, 'c1');
      world.machine.managed.delete('/m/ebs/v1');
      assert.ok(kinds(world.run({ type: 'lost', target: '/m/ebs/v1' })).includes('bind'));
      world.machine.managed.delete('/m/ebs/v1');
      world.machine.driverMounts.delete('ebs/v1');
      const lost = world.run({ type: 'lost', target: '/d/ebs/v1' });
      assert.ok(lost.some(({ type }) => type === 'alert'));
      ended(world, 'c1');
    },
  },
  'operator-verbs': {
    live(world) {
      const verb = (name: string, volume?: string) =>
        world.run({ type: 'operator', verb: name, ...(volume && { driver: 'ebs', name: volume }) });
      begun(world, 'c1');
      verb('hold', 'v1');
      assert.equal(driverOps(world.cleanup('c1')), []);
      verb('release', 'v1');
      verb('retry', 'v1');
      verb('drain');
      assert.is(world.reply(world.prepare('c2', V1)).error?.code, 'draining');
      verb('resume');
      begun(world, 'c3');
      ended(world, 'c3');
      assert.is(world.reply(verb('forget', 'v1')).call > 0, true);
    },
  },
};
