/** A state that is written and read a piece at a time is the state that is written and read at once. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pack, unpack } from '../host/frames/codec.ts';
import { decodeEffects } from '../host/frames/effect_frame.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import type { Parts } from '../host/policy/pieces.ts';
import type { Policy } from '../host/policy/policy.ts';
import { createWorld, openPolicy, prepareEvent } from './world.ts';

const pieces = suite('policy: states in pieces');

/** Runs all pieces; returns how often it rested between two of them, and what came out. */
function all<Result>(parts: Parts<Result>): { rests: number; result: Result } {
  for (let rests = 0; ; rests += 1) {
    const step = parts.next();
    if (step.done) return { rests, result: step.value as Result };
  }
}

/** So many containers that hold a volume of their own, and as many that wait for one. */
function busyWorld(count: number) {
  const volumes = Array.from({ length: count }, (_, at) => `ebs/v${at}`);
  const world = createWorld({ volumes });
  for (let at = 0; at < count; at += 1) world.prepare(`c${at}`, { volume: `v${at}` });
  for (let at = 0; at < count; at += 1) world.send(prepareEvent(`w${at}`, { volume: `w${at}` }));
  return world;
}

pieces('one state, at once and in pieces, out of one policy and into another', () => {
  for (const count of [0, 1, 16, 150]) {
    const { policy } = busyWorld(count);
    const whole = policy.snapshot();
    const { rests, result } = all(policy.snapshotInParts());
    assert.equal(result, whole, `${count}`);
    assert.ok(count < 150 || rests > 16, `${rests} rests`);
    const other = openPolicy();
    const read = all(other.restoreInParts(whole as Uint8Array));
    assert.equal(other.snapshot(), whole, `${count}`);
    assert.ok(count < 150 || read.rests > 16, `${read.rests} rests`);
  }
});

pieces('a piece that ends before the last container, or before the last volume, is not the last one', () => {
  const volumes = Array.from({ length: 32 }, (_, at) => `ebs/v${at}`);
  const world = createWorld({ volumes });
  for (let at = 0; at < 33; at += 1) world.prepare(`c${at}`, { volume: `v${at % 32}` });
  const whole = world.policy.snapshot() as Uint8Array;
  const other = openPolicy();
  all(other.restoreInParts(whole));
  assert.equal(other.snapshot(), whole);
});

pieces('what was written or read in part, and then given up, leaves nothing behind', () => {
  const { policy } = busyWorld(100);
  const whole = policy.snapshot() as Uint8Array;
  policy.snapshotInParts().next();
  assert.equal(all(policy.snapshotInParts()).result, whole);
  const other = openPolicy();
  other.restoreInParts(whole).next();
  all(other.restoreInParts(whole));
  assert.equal(other.snapshot(), whole);
});

pieces('it goes on deciding as before', () => {
  const { policy, now } = busyWorld(100);
  const other = openPolicy();
  all(other.restoreInParts(policy.snapshot() as Uint8Array));
  const decided = (which: Policy) =>
    decodeEffects(which.step(encodeEvent({ type: 'cleanup', id: 'c7', at: now, call: 1000 })));
  const effects = decided(policy);
  assert.equal(
    effects.map(({ type }) => type),
    ['reply', 'detach'],
  );
  // What was restored says once more when it wants to be woken.
  assert.equal(
    decided(other).filter(({ type }) => type !== 'wake'),
    effects,
  );
});

pieces('a state that is wrong near its end leaves the one that was there', () => {
  const from = busyWorld(100).policy;
  const state = unpack(from.snapshot() as Uint8Array) as unknown[][][];
  (state[10]?.at(-1) as unknown[])[1] = 7;
  const { policy } = busyWorld(3);
  const before = policy.snapshot();
  assert.throws(() => all(policy.restoreInParts(pack(state))), /refuses the snapshot: volume.driver/);
  assert.equal(policy.snapshot(), before);
});

pieces('amid a recovery there is nothing whole to write', () => {
  const world = createWorld({ recover: false });
  const part = {
    type: 'recover',
    journal: 'new',
    bootId: 'b',
    containers: [],
    orphans: [],
    mounts: [],
    call: 9,
  };
  world.send({ ...part, part: 0, last: false });
  assert.is(all(world.policy.snapshotInParts()).result, undefined);
  world.send({ ...part, part: 1, last: true });
  assert.equal(all(world.policy.snapshotInParts()).result, world.policy.snapshot());
});

pieces.run();
