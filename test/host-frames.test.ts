import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pack } from '../host/frames/codec.ts';
import { decodeEffects, encodeEffect } from '../host/frames/effect_frame.ts';
import { decodeEvent, encodeEvent, stamp, typeOf } from '../host/frames/event_frame.ts';
import type { Effect } from '../host/frames/types.ts';

const events = suite('host: event frames');

const PREPARE = {
  type: 'prepare',
  at: 12,
  call: 3,
  container: {
    id: 'c1',
    labels: [['volume', 'v1']],
    env: [],
    volumes: [{ driver: 'd', name: 'n', options: { size: '5' }, containerPath: 'p', readonly: true }],
    resources: { cpus: 1, ebsvolumes: ['v1'] },
    sandbox: '/s',
  },
};

events('what goes in comes out, with objects as objects and absent fields absent', () => {
  assert.equal(decodeEvent(encodeEvent(PREPARE)), PREPARE);
});

events('time and call stand at fixed places and are written over in place', () => {
  const frame = encodeEvent(PREPARE);
  assert.is(frame[3], 0xcb);
  assert.is(frame[12], 0xcb);
  stamp(frame, 9_007_199_254, 77);
  assert.equal(decodeEvent(frame), { ...PREPARE, at: 9_007_199_254, call: 77 });
});

events('only a header that a caller may send has a type', () => {
  assert.is(typeOf(encodeEvent(PREPARE)), 4);
  assert.is(typeOf(pack([1, 4, 0, 0, null])), 0, 'numbers that are not float64 cannot be stamped');
  assert.is(typeOf(pack([2, 4, 0.1, 0.1, null])), 0, 'another schema');
  assert.is(typeOf(new Uint8Array([0x95, 1, 4])), 0);
});

events('an unknown name anywhere becomes an event that the policy answers', () => {
  const frame = encodeEvent({ ...PREPARE, container: { ...PREPARE.container, lables: [] } });
  assert.equal(decodeEvent(frame), {
    type: 'unreadable',
    at: 12,
    call: 3,
    why: 'container.lables: unknown field',
  });
});

const effects = suite('host: effect frames');

effects('an effect for a caller is a frame of its own', () => {
  const reply: Effect = {
    type: 'reply',
    call: 3,
    ok: true,
    mounts: [{ source: '/m/ebs/v', target: 'data', readonly: false }],
  };
  const frame = encodeEffect(reply);
  assert.equal([...frame.subarray(0, 4)], [0x96, 1, 6, 3]);
});

effects('what is no effects frame is told as the fault of the policy', () => {
  for (const data of [7, [2, []], [1, 7], [1, [[99]]]]) {
    assert.throws(() => decodeEffects(pack(data)), /the policy answered/);
  }
});

for (const tests of [events, effects]) tests.run();
