import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Effect } from '../host/frames/types.ts';
import { end, perform, upTo, V1 } from './policy_steps.ts';
import { createWorld, isWork, kinds, prepareEvent, RECOVER } from './world.ts';

const doubled = suite('policy: ends that come late, or twice');

function alerts(effects: Effect[]): string[] {
  return effects.flatMap((effect) =>
    effect.type === 'alert' ? [`${effect.code} ${effect.volume ?? ''}`] : [],
  );
}

doubled('an end told twice counts once, and its volume is looked at', () => {
  const world = createWorld();
  const bind = upTo(world, 'bind');
  const work = bind.find(isWork);
  const outcome = { type: 'done', effect: work?.effect, ...world.machine.answer(work as never) };
  const place = world.send(outcome);
  assert.is(world.reply(perform(world, place)).ok, true);
  const again = world.send(outcome);
  assert.equal(alerts(again), ['unknown-effect ebs/v1']);
  assert.equal(kinds(world.play(again)), ['observe'], 'it is all there: nothing follows');
  assert.equal(
    kinds(world.cleanup('c1')),
    ['detach', 'observe', 'unmount'],
    'the driver counts one, not two',
  );
});

doubled('a mount that a crash made void and that ends late is seen, not believed', () => {
  const world = createWorld();
  const mount = upTo(world, 'mount');
  world.run({ ...RECOVER, journal: 'whole' });
  world.machine.driverMounts.set('ebs/v1', 60);
  const late = world.play(end(world, mount, { ok: true, value: { mountpoint: '/d/ebs/v1' } }));
  assert.equal(alerts(late), ['unknown-effect ebs/v1']);
  assert.is(kinds(late)[0], 'observe');
  world.pass(60_000);
  assert.is(world.machine.driverMounts.size, 0, 'nobody wants it');
});

doubled('an end that comes late while something else is under way is looked into after that', () => {
  const world = createWorld();
  const mount = upTo(world, 'mount');
  const bind = perform(world, mount);
  world.run({ type: 'restart', bootId: 'boot-1', mounts: [] });
  world.pass(60_000);
  const prepared = world.send(prepareEvent('c2', V1));
  assert.equal(kinds(prepared).length, 1);
  assert.equal(kinds(end(world, bind, { ok: true, value: { mountId: 1, sourceMountId: 2 } })), []);
  assert.is(world.reply(world.play(prepared)).ok, true);
});

doubled('an end of what nobody knows is told and changes nothing', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const before = world.policy.snapshot();
  for (const effect of [0, 4711]) {
    const effects = world.send({ type: 'done', effect, ok: true });
    assert.equal(alerts(effects), ['unknown-effect ']);
    assert.equal(kinds(effects), []);
  }
  assert.equal(world.policy.snapshot(), before);
});

doubled('an end of a volume that is off the record observes nobody', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  let effects = world.send({ type: 'cleanup', id: 'c1' });
  while (!kinds(effects).includes('unmount')) effects = perform(world, effects);
  world.play(effects);
  const again = end(world, effects, { ok: true, value: { stillMounted: false } });
  assert.equal([alerts(again), kinds(again)], [['unknown-effect '], []]);
});

doubled.run();
