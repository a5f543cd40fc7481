/** What the simulators found in small worlds: one test each. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { end, only, V1 } from './policy_under_way.ts';
import { createWorld, kinds } from './world.ts';

const bugs = suite('policy: small worlds');

bugs('a bind that its holder had been given was taken away, because a strange one lay below it', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const mountId = world.machine.managed.get('/m/ebs/v1') as number;
  const look = only(world.send({ type: 'restart', bootId: 'boot-1', mounts: [] }), 'observe');
  const driver = {
    answered: true,
    exists: true,
    path: '/d/ebs/v1',
    pathMountId: world.machine.driverMounts.get('ebs/v1'),
  };
  const stack = (...ids: number[]) => ids.map((id) => ({ mode: 'rw', mountId: id }));
  const seen = (...ids: number[]) => ({ ok: true, value: { managed: stack(...ids), driver, pinnedBy: [] } });
  assert.not(kinds(end(world, look, seen(mountId - 50, mountId))).includes('detach'), 'it is on top');
  const again = only(world.send({ type: 'lost', target: '/m/ebs/v1' }), 'observe');
  const upper = only(end(world, again, seen(mountId, mountId + 50)), 'detach');
  assert.is((upper as { mountId: number }).mountId, mountId + 50, 'a strange one on top is not left there');
});

bugs.run();
