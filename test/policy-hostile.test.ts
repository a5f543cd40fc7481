import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pack } from '../host/frames/codec.ts';
import type { Effect } from '../host/frames/types.ts';
import { hunt } from './hostile/hunt.ts';
import { judge } from './hostile/judge.ts';
import { nodesOf } from './hostile/nodes.ts';
import { hostileStates } from './hostile/states.ts';
import { createWorld, openPolicy } from './world.ts';

const hostile = suite('policy: hostile frames in every state');

/** `npm run hostile` runs ten million and more. */
const FRAMES = 60_000;

hostile('frames made from real ones trap nothing, and every refusal names its field', () => {
  const found = hunt(openPolicy(), FRAMES, 1);
  assert.is(found.find, undefined, JSON.stringify(found.find));
  assert.is(found.frames, FRAMES);
  assert.ok(found.refused > FRAMES / 10 && found.taken > FRAMES / 100, 'they reach the decisions');
});

hostile('a policy that traps, and one whose error names nothing, are noticed', () => {
  const policy = openPolicy();
  const traps = hunt({ ...policy, step: () => assert.unreachable('trapped') as never }, 400, 1);
  assert.match(traps.find?.what ?? '', /trapped/);
  const vague = pack([1, [[9, 'error', 'bad-frame', 'must be a list', null, null]]]);
  const found = hunt({ ...policy, step: () => vague }, 400, 1);
  assert.match(found.find?.what ?? '', /names no field: must be a list/);
});

hostile('an answer without a subject, a hint or a known code is noticed', () => {
  const refusal = (code: string, message: string, hint = 'do this'): Effect =>
    ({ type: 'reply', call: 1, ok: false, error: { code, message, hint } }) as Effect;
  const said = (effect: Effect) => judge(new Uint8Array(), [effect]);
  assert.is(said(refusal('bad-frame', 'container.labels: must be a list')), undefined);
  assert.match(said(refusal('bad-frame', 'labels: must be a list')) ?? '', /names no field/);
  assert.match(said(refusal('bad-frame', 'pid: no', '')) ?? '', /without a hint/);
  assert.match(said(refusal('odd', 'pid: no')) ?? '', /unknown code/);
  assert.match(said(refusal('read-only', 'may only be read')) ?? '', /does not say whose/);
});

hostile(
  'a mount that is lost before the first configuration is told with a reason, not with an empty one',
  () => {
    const world = createWorld({ config: { agentId: '' }, recover: false });
    for (const event of [
      { type: 'lost', target: '/m/ebs/v1' },
      { type: 'restart', bootId: 'b', mounts: [] },
    ]) {
      const [alert] = world.send(event);
      assert.is(
        alert?.type === 'alert' && `${alert.code} ${alert.message}`,
        `not-recovered ${event.type} comes before configure: it is passed over`,
      );
    }
  },
);

hostile('the frames that are made hostile are all types of events, and good before', () => {
  const types = new Set<number>();
  for (const { reals } of hostileStates()) for (const { frame } of reals) types.add(frame[2] as number);
  assert.equal(
    [...types].sort((left, right) => left - right),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
  );
  assert.throws(() => nodesOf(Uint8Array.of(0x91, 0xc1)), /no good frame has the byte c1/);
  assert.throws(() => nodesOf(Uint8Array.of(0xc0, 0xc0)), /1 bytes after the value/);
});

hostile.run();
