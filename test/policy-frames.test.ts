import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeEffects } from '../host/frames/effect_frame.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { FRAME_MAX } from '../host/frames/schema.ts';
import { random } from './random.ts';
import { createWorld, openPolicy, prepareEvent, RECOVER } from './world.ts';

const bad = suite('policy: bad frames');

bad('an unknown event, field or value is answered to its caller, by name', () => {
  const world = createWorld();
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ type: 'prepaer', call: 900 }, /type: unknown event "prepaer"/],
    [{ type: 'prepare', call: 900, container: { id: 'c', lables: [] } }, /container\.lables: unknown field/],
    [{ ...prepareEvent('c', {}, { labels: 7 }), call: 900 }, /container\.labels: must be a list/],
    [{ ...prepareEvent('', {}), call: 900 }, /container\.id: must not be empty/],
    [{ type: 'isolate', call: 900, id: 'c', pid: -1 }, /pid: must be a whole number/],
    [{ type: 'operator', call: 900, verb: 'rety' }, /unknown verb "rety"/],
    [{ ...RECOVER, call: 900, journal: 'odd' }, /journal: must be whole, new or damaged/],
  ];
  for (const [event, text] of cases) {
    const reply = world.reply(world.send(event));
    assert.is(reply.call, 900);
    assert.is(reply.ok, false);
    assert.match(reply.error?.message ?? '', text);
  }
});

bad('an event that nobody waits for raises an alert instead', () => {
  const world = createWorld();
  for (const event of [
    { type: 'done', effect: 'x', ok: true },
    { type: 'lost' },
    { type: 'tick', extra: 1 },
  ]) {
    const effects = world.send(event);
    assert.equal(
      effects.map((effect) => effect.type === 'alert' && effect.code),
      ['bad-frame'],
    );
  }
});

bad('a done for an effect that is not under way changes nothing and is told', () => {
  const world = createWorld();
  const before = world.policy.snapshot();
  const effects = world.send({ type: 'done', effect: 4711, ok: true });
  assert.equal(
    effects.map((effect) => effect.type === 'alert' && effect.code),
    ['unknown-effect'],
  );
  assert.equal(world.policy.snapshot(), before);
});

bad('a configuration with a mistake is refused as a whole, and the one before stays', () => {
  const world = createWorld();
  const before = world.policy.snapshot();
  const drivers = { ebs: {} };
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ agentId: 'a', root: 'relative', drivers }, /config\.root: "relative" is not absolute/],
    [{ agentId: 'a', root: '/m', drivers, defaultDriver: 'esb' }, /config\.defaultDriver: "esb"/],
    [{ agentId: 'a', root: '/m', drivers: { ebs: { sharing: 'odd' } } }, /config\.drivers\.ebs\.sharing/],
    [
      { agentId: 'a', root: '/m', drivers: { ebs: { mountMS: 1 } } },
      /config\.drivers\.ebs\.mountMS: unknown field/,
    ],
    [{ agentId: 'a', root: '/m', drivers, prepareMs: -1 }, /config\.prepareMs/],
    [{ agentId: 'a', root: '/m', drivers, allowedTargets: ['/m/x'] }, /allowedTargets/],
  ];
  for (const [config, text] of cases) {
    const reply = world.reply(world.send({ type: 'configure', config }));
    assert.match(reply.error?.message ?? '', text);
  }
  assert.equal(world.policy.snapshot(), before);
});

bad('the root cannot move while a volume is mounted below it', () => {
  const world = createWorld();
  world.prepare('c1', { volume: 'v1' });
  const config = { agentId: 'a1', root: '/other', drivers: { ebs: {} } };
  assert.match(world.reply(world.send({ type: 'configure', config })).error?.message ?? '', /cannot change/);
});

const hostile = suite('policy: hostile frames');

/** Real frames of a whole life, to be mutated. */
function realFrames(): Uint8Array[] {
  const world = createWorld();
  const frames: Uint8Array[] = [];
  const step = world.policy.step;
  world.policy.step = (frame) => {
    frames.push(frame.slice());
    return step(frame);
  };
  world.prepare('c1', {
    'volume.a': 'source=v1,target=data,readonly',
    'volume.b': 'n1:x:ro',
    'volume-driver': 'ebs',
  });
  world.prepare(
    'c2',
    { volume: 'v2' },
    { env: [['DVDI_VOLUME_NAME', 'v1']], resources: { ebsvolumes: ['v1'], cpus: 1 } },
  );
  world.cleanup('c1');
  world.send({
    ...RECOVER,
    containers: [{ id: 'c2', labels: [], env: [], volumes: [], sandbox: '/s', mounts: [] }],
  });
  frames.push(
    encodeEvent({
      type: 'configure',
      at: 0,
      call: 1,
      config: { agentId: 'a', root: '/m', drivers: { e: {} } },
    }),
  );
  return frames;
}

hostile('200,000 mutated and random frames: no trap, every answer can be read, memory stays', () => {
  const policy = openPolicy();
  const frames = realFrames();
  for (const frame of frames) policy.step(frame);
  const size = policy.memorySize();
  const next = random(7);
  for (let round = 0; round < 200_000; round += 1) {
    const frame = (frames[next(frames.length)] as Uint8Array).slice();
    const length = next(8) === 0 ? next(frame.length) : frame.length;
    for (let i = next(4); i >= 0; i -= 1) frame[next(frame.length)] = next(256);
    if (next(50) === 0) for (let i = 2; i < frame.length; i += 1) frame[i] = next(256);
    decodeEffects(policy.step(frame.subarray(0, length)));
  }
  assert.ok(policy.memorySize() <= size * 4, `${size} bytes grew to ${policy.memorySize()}`);
});

hostile('a length that promises more than there is costs nothing', () => {
  const policy = openPolicy();
  const begun = policy.memorySize();
  for (const lead of [0xdd, 0xdf, 0xdb, 0xc6]) {
    const head = encodeEvent({ type: 'update', at: 0, call: 1, id: 'c', resources: {} }).slice(0, 23);
    const frame = new Uint8Array([...head, lead, 0x7f, 0xff, 0xff, 0xff]);
    const [effect] = decodeEffects(policy.step(frame));
    assert.is(effect?.type === 'reply' && effect.ok, false);
  }
  assert.is(policy.memorySize(), begun);
});

hostile('a frame of the largest size is read, a larger one never reaches the policy', () => {
  const policy = openPolicy();
  assert.ok(policy.step(new Uint8Array(FRAME_MAX).fill(0x90)).length > 0);
  assert.throws(() => policy.step(new Uint8Array(FRAME_MAX + 1)), /at most 262144/);
});

const state = suite('policy: state');

state('stepped or restored, the same events give the same effects and the same snapshot', () => {
  const world = createWorld({ config: { lingerMs: 300 } });
  const step = world.policy.step;
  let twin = openPolicy();
  twin.restore(world.policy.snapshot() as Uint8Array);
  const next = random(11);
  world.policy.step = (frame) => {
    const effects = step(frame);
    const same = decodeEffects(twin.step(frame));
    const first = decodeEffects(effects);
    // A restored policy says the next wake-up once more: that is all that may differ.
    assert.equal(
      same.filter(({ type }) => type !== 'wake'),
      first.filter(({ type }) => type !== 'wake'),
    );
    const snapshot = world.policy.snapshot() as Uint8Array;
    assert.equal(twin.snapshot(), snapshot);
    if (next(5) === 0) {
      twin = openPolicy();
      twin.restore(snapshot);
      assert.equal(twin.snapshot(), snapshot);
    }
    return effects;
  };
  for (let round = 0; round < 150; round += 1) {
    const id = `c${next(4)}`;
    const act = next(7);
    if (act < 2) world.prepare(id, { volume: `v${1 + next(2)}:data${next(3) === 0 ? ':ro' : ''}` });
    else if (act < 4) world.cleanup(id);
    else if (act === 4)
      world.machine.silent.has('ebs') ? world.machine.silent.clear() : world.machine.silent.add('ebs');
    else world.pass(next(4000));
  }
});

state('a snapshot that is none is refused, and the state stays', () => {
  const world = createWorld();
  world.prepare('c1', { volume: 'v1' });
  const snapshot = world.policy.snapshot() as Uint8Array;
  assert.throws(
    () => world.policy.restore(snapshot.subarray(0, snapshot.length - 3)),
    /refuses the snapshot/,
  );
  assert.throws(() => world.policy.restore(new Uint8Array([0x90])), /another number of fields/);
  assert.equal(world.policy.snapshot(), snapshot);
});

for (const tests of [bad, hostile, state]) tests.run();
