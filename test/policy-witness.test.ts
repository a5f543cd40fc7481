/** When the kernel's testimony counts, and for whom. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { end, perform, timeout, upTo, V1 } from './policy_steps.ts';
import { createWorld, kinds, prepareEvent, type World } from './world.ts';

const witness = suite('policy: the kernel as witness');

/** c1 is gone, and the look for who still has its volume is under way. */
function looking(world: World) {
  world.prepare('c1', V1);
  const look = perform(world, world.send({ type: 'cleanup', id: 'c1' }));
  assert.equal(kinds(look), ['observe']);
  return look;
}

witness(
  'a look that was made for one task does not testify for the next: it was unmounted under a live container',
  () => {
    const world = createWorld();
    const look = looking(world);
    const waits = world.send(prepareEvent('c2', V1));
    assert.is(world.reply(world.play([...look, ...waits])).ok, true);
    world.machine.managed.clear();
    const again = world.send({ type: 'lost', target: '/m/ebs/v1' });
    world.machine.pinned.set('ebs/v1', 'c2');
    world.send({ type: 'cleanup', id: 'c2' });
    const after = perform(world, again);
    assert.equal(kinds(after), ['observe'], 'c2 has to be looked for');
    assert.not(kinds(world.play(after)).includes('unmount'));
  },
);

witness('a look from before somebody came does not testify when he is gone', () => {
  const world = createWorld({ config: { settleMs: 20_000 } });
  end(world, upTo(world, 'mount'), timeout);
  world.machine.driverMounts.set('ebs/v1', 90);
  world.send({ type: 'cleanup', id: 'c1' });
  assert.equal(kinds(world.pass(5_000)), ['observe'], 'witnessed; the mount that timed out is waited for');
  assert.is(world.reply(world.prepare('c2', V1)).ok, true);
  world.machine.managed.clear();
  const look = world.send({ type: 'lost', target: '/m/ebs/v1' });
  world.machine.pinned.set('ebs/v1', 'c2');
  world.send({ type: 'cleanup', id: 'c2' });
  world.play(look);
  assert.not(kinds(world.pass(60_000)).includes('unmount'));
  world.machine.pinned.clear();
  assert.ok(kinds(world.pass(60_000)).includes('unmount'));
});

witness.run();
