import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { loadPolicy } from '../host/policy/policy.ts';
import { startPortable } from '../portable/policy.ts';
import { compareTwins } from './policy_twins.ts';
import { CONFIG, POLICY } from './world.ts';

/** `npm run differential` runs more of them. */
const EVENTS = 200_000;

const twins = suite('policy: portable build');

twins(
  'wasm and plain TypeScript answer random events with the same bytes and have the same state after each',
  () => {
    assert.is(compareTwins(loadPolicy(POLICY), startPortable(), EVENTS, 1), undefined);
  },
);

twins('each portable policy has a state of its own', () => {
  const one = startPortable();
  const other = startPortable();
  const before = other.snapshot();
  one.step(configureFrame());
  assert.not.equal(one.snapshot(), before);
  assert.equal(other.snapshot(), before);
});

twins('two policies that differ are noticed', () => {
  const portable = startPortable();
  const changed = { ...portable, step: (frame: Uint8Array) => portable.step(frame).map((byte) => byte ^ 1) };
  const parting = compareTwins(loadPolicy(POLICY), changed, 100, 1);
  assert.is(parting?.step, 0);
  assert.is(parting?.what, 'other effects');
});

function configureFrame(): Uint8Array {
  return encodeEvent({ type: 'configure', call: 1, at: 0, config: CONFIG });
}

twins.run();
