/** States that another variant of this policy has written, with fields that this one does not know; each title says what would break. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pack, unpack } from '../host/frames/codec.ts';
import { V1 } from './policy_steps.ts';
import { createWorld, openPolicy } from './world.ts';

const variants = suite('policy: states of other variants');
type Row = unknown[];

/** Where a snapshot has its containers and its volumes. */
const CONTAINERS = 9;
const VOLUMES = 10;

const longer = (row: Row): Row => [...row, { what: ['ever'] }, 7];

/** The state of one live container as another variant would have left it, and as this one did. */
function states(extension: number, more = longer) {
  const world = createWorld();
  world.prepare('c1', V1);
  const bytes = world.policy.snapshot() as Uint8Array;
  const whole = unpack(bytes) as Row;
  const other = [...whole, 'more'];
  other[0] = (whole[0] as number) + extension * 1000;
  other[CONTAINERS] = (whole[CONTAINERS] as Row[]).map(more);
  other[VOLUMES] = (whole[VOLUMES] as Row[]).map(more);
  return { bytes, other: pack(other) };
}

variants('the state of another variant is read, without what this one does not know', () => {
  for (const extension of [1, 2]) {
    const { bytes, other } = states(extension);
    const policy = openPolicy();
    policy.restore(other);
    assert.equal(policy.snapshot(), bytes);
  }
});

variants('a state of its own with fields that it does not know is refused', () => {
  assert.throws(() => openPolicy().restore(states(0).other), /has another number of fields/);
});

variants('a state of another variant that lacks a field is refused', () => {
  const { other } = states(2, (row) => row.slice(0, -1));
  assert.throws(() => openPolicy().restore(other), /has another number of fields/);
});

variants.run();
