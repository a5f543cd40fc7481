import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pack } from '../host/frames/codec.ts';
import { decodeEffects } from '../host/frames/effect_frame.ts';
import { createWorld, openPolicy, prepareEvent, RECOVER, type World } from './world.ts';

/** What the policy says to a frame of these bytes: the message of its first alert or refusal, else ''. */
function saidTo(world: World, bytes: Uint8Array | number[]): string {
  for (const effect of decodeEffects(world.policy.step(Uint8Array.from(bytes)))) {
    if (effect.type === 'alert') return effect.message;
    if (effect.type === 'reply') return effect.error?.message ?? '';
  }
  return '';
}

const said = (world: World, data: unknown) => saidTo(world, pack(data));

/** A done of effect 99 whose value has one field that nobody knows, with these bytes as its value. */
const doneWith = (...value: number[]) => [0x97, 1, 9, 0, 99, 0xc3, 0x81, 0xa1, 120, ...value, 0xc0];
const zeros = (count: number) => Array<number>(count).fill(0);

const reading = suite('policy: reading frames');

reading('every kind of MessagePack value is passed over where nobody knows the field', () => {
  const world = createWorld();
  const kinds: number[][] = [
    [0x00],
    [0xff],
    [0xc0],
    [0xc2],
    [0xc3],
    [0x81, 1, 2],
    [0x92, 1, 2],
    [0xa2, 97, 98],
    [0xc4, 1, 0],
    [0xc5, 0, 1, 0],
    [0xc6, 0, 0, 0, 1, 0],
    [0xc7, 1, 5, 0],
    [0xc8, 0, 1, 5, 0],
    [0xc9, 0, 0, 0, 1, 5, 0],
    [0xca, ...zeros(4)],
    [0xcb, ...zeros(8)],
    [0xcc, 1],
    [0xcd, 0, 1],
    [0xce, ...zeros(4)],
    [0xcf, ...zeros(8)],
    [0xd0, 1],
    [0xd1, 0, 1],
    [0xd2, ...zeros(4)],
    [0xd3, ...zeros(8)],
    [0xd4, 5, 0],
    [0xd5, 5, ...zeros(2)],
    [0xd6, 5, ...zeros(4)],
    [0xd7, 5, ...zeros(8)],
    [0xd8, 5, ...zeros(16)],
    [0xd9, 1, 97],
    [0xda, 0, 1, 97],
    [0xdb, 0, 0, 0, 1, 97],
    [0xdc, 0, 1, 7],
    [0xdd, 0, 0, 0, 1, 7],
    [0xde, 0, 1, 1, 2],
    [0xdf, 0, 0, 0, 1, 1, 2],
  ];
  for (const kind of kinds) {
    assert.match(
      saidTo(world, doneWith(...kind)),
      /^effect 99 ended, but was not under way/,
      `lead ${kind[0]}`,
    );
    if (kind.length > 1)
      assert.match(
        saidTo(world, doneWith(...kind).slice(0, -2)),
        /the frame ends too early|promises more/,
        `lead ${kind[0]}`,
      );
  }
});

reading('what is no MessagePack, or nests without end, is refused', () => {
  const world = createWorld();
  assert.match(saidTo(world, doneWith(0xc1)), /value: is no MessagePack/);
  assert.match(saidTo(world, doneWith(...Array<number>(40).fill(0x91), 0)), /value: is nested too deep/);
  assert.match(saidTo(world, doneWith(0xdd, 0xff, 0xff, 0xff, 0xff)), /value: too long/);
  assert.match(
    saidTo(world, doneWith(0xdf, 0x7f, 0xff, 0xff, 0xff)),
    /value: promises more than the frame holds/,
  );
});

reading('maps of every width are read, and anything else is no object', () => {
  const world = createWorld();
  const value = (...bytes: number[]) => saidTo(world, [0x97, 1, 9, 0, 99, 0xc3, ...bytes, 0xc0]);
  assert.match(value(0x80), /not under way/);
  assert.match(value(0xde, 0, 1, 0xa1, 120, 1), /not under way/);
  assert.match(value(0xdf, 0, 0, 0, 1, 0xa1, 120, 1), /not under way/);
  assert.match(value(0x90), /value: must be an object/);
  assert.match(value(0xa1, 97), /value: must be an object/);
});

reading('texts must be UTF-8 without surrogates and overlong forms', () => {
  const world = createWorld();
  const verb = (...bytes: number[]) =>
    saidTo(world, [0x97, 1, 11, 0, 9, 0xa0 | bytes.length, ...bytes, 0xa0, 0xa0]);
  const good = ['é', '€', '😀', '\ud7ff', '\u0800', '\u{10ffff}', '\u{10000}', 'aé€b'];
  for (const text of good) assert.is(verb(...Buffer.from(text)), `verb: unknown verb "${text}"`);
  const bad = [
    [0xc0, 0x80],
    [0xc1, 0xbf],
    [0xe0, 0x80, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf0, 0x80, 0x80, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
    [0x80],
    [0xbf],
    [0xe2, 0x82],
    [0xc3],
    [0xe2, 0x28, 0xa1],
    [0xe2, 0x82, 0x28],
    [0xe2, 0x82, 0xc0],
    [0xf0, 0x9f, 0x98, 0x28],
    [0xff],
    [0xf0, 0xc0, 0x80, 0x80],
  ];
  for (const bytes of bad) assert.is(verb(...bytes), 'verb: is not UTF-8', String(bytes));
});

reading('numbers are taken in every form, and refused out of their range', () => {
  const world = createWorld();
  const pid = (...bytes: number[]) => saidTo(world, [0x96, 1, 5, 0, 9, 0xa1, 99, ...bytes]);
  for (const bytes of [
    [7],
    [0xcc, 200],
    [0xcd, 1, 0],
    [0xce, 1, 0, 0, 0],
    [0xcf, 0, 0, 0, 1, 0, 0, 0, 0],
    [0xd0, 7],
    [0xd1, 1, 0],
    [0xd2, 1, 0, 0, 0],
    [0xd3, 0, 0, 0, 1, 0, 0, 0, 0],
    [0xca, 0x40, 0, 0, 0],
    [0xcb, 0x40, ...zeros(7)],
  ])
    assert.is(pid(...bytes), '', String(bytes));
  for (const bytes of [
    [0xff],
    [0xd0, 0xff],
    [0xd1, 0xff, 0xff],
    [0xd2, ...Array(4).fill(0xff)],
    [0xd3, ...Array(8).fill(0xff)],
    [0xca, 0x40, 0x20, 0, 0],
    [0xcb, 0x7f, 0xf8, ...zeros(6)],
  ])
    assert.match(pid(...bytes), /pid: must be a whole number in its range/, String(bytes));
  assert.is(pid(0xcf, ...Array<number>(8).fill(0xff)), 'pid: too large');
  assert.is(pid(0xd3, 0x80, ...zeros(7)), 'pid: too large');
  assert.is(pid(0xc0), 'pid: must be a number');
  assert.is(pid(0xcb, 0), 'pid: the frame ends too early');
});

reading('a frame of another length, schema or type, or with bytes behind it, is refused', () => {
  const world = createWorld();
  assert.match(said(world, [1, 13, 0, 0]), /frame: has another number of fields/);
  assert.match(said(world, [2, 13, 0]), /schema: is not the one/);
  assert.match(said(world, [1, 99, 0]), /type: must be a whole number/);
  assert.match(said(world, 'tick'), /frame: must be a list/);
  assert.match(saidTo(world, [...pack([1, 13, 0]), 0xc0]), /frame: bytes after the end/);
  assert.match(saidTo(world, [...pack([1, 12, 0, 'd']), 0xc0]), /frame: bytes after the end/);
  assert.match(said(world, [1, 11, 0, 9, 7, null, null]), /verb: must be text/);
  assert.match(saidTo(world, []), /frame: the frame ends too early/);
});

reading('records of another shape are named', () => {
  const world = createWorld();
  const recover = (...fields: unknown[]) => said(world, [1, 2, 0, 9, 'new', 'b', ...fields]);
  assert.is(said(world, [1, 4, 0, 9, ['c1']]), 'container: has another number of fields');
  assert.is(recover([['c1']], [], [], 0, true), 'containers: has another number of fields');
  assert.is(recover([], [], [['/m']], 0, true), 'mounts: has another number of fields');
  assert.is(recover([], [], [], 2, true), 'part: the parts before it are missing');
  const labels = (pairs: unknown) => said(world, [1, 4, 0, 9, ['c1', pairs, [], [], [], '/s', null, null]]);
  assert.is(labels([['a']]), 'container.labels: has another number of fields');
  assert.is(said(world, [1, 0, 0, 9, '']), 'frame: the event cannot be read');
  const failure = (kind: unknown) => said(world, [1, 9, 0, 99, false, null, ['E', 'm', kind]]);
  assert.is(failure('odd'), 'error.kind: must be refused, failed, unreachable or timeout');
  assert.is(failure(7), 'error.kind: must be text');
  assert.match(failure('timeout'), /not under way/);
});

reading('the fields that nobody knows inside of an observe are passed over', () => {
  const world = createWorld();
  const value = {
    managed: [{ mode: 'rw', mountId: 3, more: 1 }],
    driver: { answered: true, exists: null, path: null, pathMountId: null, more: [] },
    pinnedBy: [{ pid: 1, container: null, more: {} }],
  };
  assert.match(said(world, [1, 9, 0, 99, true, value, null]), /not under way/);
});

const states = suite('policy: size of states');

states('a state larger than a frame is written and taken, and the next events are decided as before', () => {
  const world = createWorld();
  world.now = 2 ** 33;
  for (let i = 0; i < 6; i++)
    world.send(prepareEvent(`c${i}`, { volume: 'v1' }, { sandbox: `/${'s'.repeat(70_000)}` }));
  const snapshot = world.policy.snapshot() as Uint8Array;
  assert.ok(snapshot.length > 256 * 1024);
  const twin = openPolicy();
  twin.restore(snapshot);
  assert.equal(twin.snapshot(), snapshot);
  twin.restore(snapshot);
  const tick = pack([1, 13, world.now + 1]);
  world.policy.step(tick);
  twin.step(tick);
  assert.equal(twin.snapshot(), world.policy.snapshot());
});

states('a state without a configuration is one too, and one of another schema is not', () => {
  const empty = openPolicy().snapshot() as Uint8Array;
  const twin = openPolicy();
  twin.restore(empty);
  assert.equal(twin.snapshot(), empty);
  const other = empty.slice();
  other[1] = 2;
  assert.throws(() => twin.restore(other), /schema: is not the one that this policy reads/);
  assert.throws(() => twin.restore(empty.slice(0, 1)), /the frame ends too early|promises more/);
});

states('while a recovery comes in in parts there is no state to keep', () => {
  const world = createWorld();
  world.send({ ...RECOVER, orphans: ['a'], last: false });
  assert.is(world.policy.snapshot(), undefined);
  world.send({ ...RECOVER, part: 1, orphans: ['b'], last: true });
  assert.ok(world.policy.snapshot());
});

reading.run();
states.run();
