/** Times that were kept, cleared or mixed up without a test that noticed; each title says what would break. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { unpack } from '../host/frames/codec.ts';
import { decodeEffects } from '../host/frames/effect_frame.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { failed } from './machine.ts';
import { end, perform, V1 } from './policy_steps.ts';
import { random } from './random.ts';
import { CONFIG, createWorld, kinds, openPolicy, prepareEvent, RECOVER, type World } from './world.ts';

const timers = suite('policy: timers and times');
const BROKEN = failed('failed', 'EIO', 'x');

function lastWake(world: World): number {
  const wake = world.all.filter((effect) => effect.type === 'wake').at(-1);
  return wake?.type === 'wake' ? wake.at : 0;
}

timers('a policy that waits for nothing does not tell when it is to be woken', () => {
  assert.equal(decodeEffects(openPolicy().step(encodeEvent({ type: 'tick', at: 5 }))), []);
});

/** A task whose time ends before all others: behind it the times of what is gone are still kept. */
function waitsInFront(world: World, prepareMs: number): void {
  world.send({ type: 'configure', config: { ...CONFIG, prepareMs } });
  world.send(prepareEvent('c0', { volume: 'n1', 'volume-driver': 'nfs' }));
}

timers('a volume that came anew at the same time takes its turn behind those that were there before', () => {
  const scratch = createWorld();
  end(scratch, scratch.send(prepareEvent('c1', V1)), BROKEN);
  const pause = lastWake(scratch) - scratch.now;
  const world = createWorld();
  const refuseGet = () => end(world, world.send(prepareEvent('c1', V1)), BROKEN);
  waitsInFront(world, 1);
  world.send({ type: 'configure', config: { ...CONFIG, volumes: { 'ebs/v2': { lingerMs: pause } } } });
  refuseGet();
  let effects = world.send(prepareEvent('c2', { volume: 'v2' }));
  while (kinds(effects).length > 0) effects = perform(world, effects);
  world.send({ type: 'cleanup', id: 'c1' });
  world.send({ type: 'operator', verb: 'forget', driver: 'ebs', name: 'v1' });
  world.send({ type: 'cleanup', id: 'c2' });
  refuseGet();
  world.now += pause;
  assert.equal(kinds(world.send({ type: 'tick' })), ['detach', 'get']);
});

timers('a task that came anew at the same time is answered behind those that were there before', () => {
  const world = createWorld();
  waitsInFront(world, 500);
  world.send({ type: 'configure', config: { ...CONFIG, prepareMs: 1000 } });
  world.send(prepareEvent('c1', V1));
  world.send(prepareEvent('c2', V1));
  world.send({ type: 'cleanup', id: 'c1' });
  world.send(prepareEvent('c1', V1));
  world.now += 1000;
  const calls = world
    .send({ type: 'tick' })
    .flatMap((effect) => (effect.type === 'reply' ? [effect.call] : []));
  assert.equal(
    calls,
    [...calls].sort((a, b) => a - b),
  );
  assert.is(calls.length, 3);
});

timers('a holder that asks again has the whole time, not what is left of its first prepare', () => {
  for (const hasOther of [false, true]) {
    const world = createWorld();
    if (hasOther) waitsInFront(world, 950);
    world.send({ type: 'configure', config: { ...CONFIG, prepareMs: 1000 } });
    world.prepare('c1', V1);
    world.now = 900;
    world.send({ type: 'lost', target: '/m/ebs/v1' });
    world.send(prepareEvent('c1', V1));
    world.now = 1800;
    assert.is(world.send({ type: 'tick' }).length, hasOther ? 1 : 0);
    world.now = 1900;
    assert.is(world.reply(world.send({ type: 'tick' })).ok, false);
  }
});

timers('a holder whose question is void after a restart is not waited for', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  world.send({ type: 'lost', target: '/m/ebs/v1' });
  world.send(prepareEvent('c1', V1));
  world.run({ type: 'restart', bootId: 'boot-1', mounts: [] });
  assert.is(lastWake(world), 0);
});

/** Two tasks, the second of which could not be given its mode; both are gone, and so the volume is to linger. */
function lingering(lingerMs: number): { world: World; retryMs: number } {
  const world = createWorld({ config: { lingerMs } });
  world.prepare('c1', V1);
  end(world, world.send(prepareEvent('c2', { volume: 'v1:data:ro' })), BROKEN);
  const retryMs = lastWake(world) - world.now;
  world.send({ type: 'cleanup', id: 'c2' });
  world.send({ type: 'cleanup', id: 'c1' });
  return { world, retryMs };
}

for (const [seed, count] of [
  [11, 90],
  [2, 4],
  [3, 6],
] as const)
  timers(`of ${count} that wait each is answered at its own time (seed ${seed})`, () => {
    const dice = random(seed);
    const world = createWorld();
    const deadlines = Array.from({ length: count }, (_, i) => {
      const prepareMs = 1 + dice(4000);
      world.send({ type: 'configure', config: { ...CONFIG, prepareMs } });
      world.send(prepareEvent(`c${i}`, { volume: `w${i}` }));
      return prepareMs;
    });
    const answered: number[] = [];
    for (let at = lastWake(world); at > 0; at = lastWake(world)) {
      world.now = at;
      for (const { type } of world.send({ type: 'tick' })) if (type === 'reply') answered.push(at);
    }
    assert.equal(
      answered,
      deadlines.sort((a, b) => a - b),
    );
  });

timers('the end of a linger does not end the pause after a failure', () => {
  const { world, retryMs } = lingering(10);
  assert.equal(kinds(world.pass(retryMs - 1)), []);
  assert.equal(kinds(world.pass(1)), ['observe', 'detach', 'observe', 'unmount']);
});

timers('the end of the pause after a failure does not end a linger', () => {
  const { world, retryMs } = lingering(5000);
  assert.equal(kinds(world.pass(retryMs + 1)), []);
  assert.equal(kinds(world.pass(5000 - retryMs - 2)), []);
  assert.equal(kinds(world.pass(2)), ['observe', 'detach', 'observe', 'unmount']);
});

timers('a linger that is over is over in the snapshot too', () => {
  const world = createWorld({ config: { lingerMs: 50 } });
  world.prepare('c1', V1);
  world.cleanup('c1');
  world.now += 50;
  world.send({ type: 'tick' });
  const snapshot = world.policy.snapshot() as Uint8Array;
  const volumes = (unpack(snapshot) as unknown[]).at(-2) as unknown[][];
  assert.not.ok(volumes[0]?.includes(world.now), JSON.stringify(volumes));
  const restored = openPolicy();
  restored.restore(snapshot);
  const effects = decodeEffects(restored.step(encodeEvent({ type: 'tick', at: world.now })));
  assert.equal(effects, [{ type: 'wake', at: 0 }]);
  const twin = openPolicy();
  twin.restore(snapshot);
  const part = { ...RECOVER, journal: 'whole', last: false, call: 90, at: world.now };
  assert.equal(decodeEffects(twin.step(encodeEvent(part))).at(-1), { type: 'wake', at: 0 });
});

timers.run();
