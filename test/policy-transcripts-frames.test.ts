/** Every field of every event and of a state with every kind of wrong value in it; in test/transcripts/, read and found right. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pack, unpack } from '../host/frames/codec.ts';
import { decodeEffects } from '../host/frames/effect_frame.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import type { Policy } from '../host/policy/policy.ts';
import { compareTranscript, createTranscript, sayAll } from './policy_transcript.ts';
import { failures } from './policy_transcript_steps.ts';
import { pathsIn, variationLines } from './policy_variations.ts';
import { CONFIG, openPolicy, prepareEvent, RECOVER } from './world.ts';

const FOLDER = 'test/transcripts';
const transcripts = suite('policy: transcripts of frames');

const MOUNT = { target: '/m/ebs/v1', mountId: 7, source: '/dev/x', fstype: 'ext4', root: '/', dev: '7:1' };
const VOLUME = { driver: 'ebs', name: 'v5', options: { size: '5' }, containerPath: 'e', readonly: true };
const CONTAINER = {
  id: 'c9',
  labels: [['volume', 'v1:d']],
  env: [['A', 'b']],
  volumes: [VOLUME],
  sandbox: '/s',
};

const DRIVER = {
  address: 'unix:///x',
  sharing: 'shared',
  readonly: false,
  create: true,
  createOptions: ['size'],
  mountNeverCreates: false,
  plainDirs: false,
  maxInFlight: 5,
  mountMs: 1000,
  unmountMs: 1000,
  lingerMs: 1000,
  chown: 'never',
};

const WHOLE = {
  ...CONFIG,
  prepareMs: 1000,
  settleMs: 1000,
  lingerMs: 1000,
  retryMaxMs: 1000,
  allowedTargets: ['/mnt'],
  drivers: { ebs: DRIVER },
  volumes: { 'ebs/v1': { sharing: 'exclusive', readonly: true, lingerMs: 5 } },
  offers: { ebsvolumes: { driver: 'ebs', volumes: ['v1'] } },
  requireOffer: false,
  discovered: ['x'],
};

const SEEN = {
  exists: true,
  mountpoint: '/d/x',
  stillMounted: false,
  mountId: 9,
  sourceMountId: 8,
  dev: '7:1',
  managed: [{ mode: 'rw', mountId: 9 }],
  driver: { answered: true, exists: true, path: '/d/x', pathMountId: 8 },
  pinnedBy: [{ pid: 9, container: 'x' }],
};

const [FAILED] = failures('failed');

const EVENTS: Record<string, Record<string, unknown>> = {
  configure: { type: 'configure', call: 1, config: WHOLE },
  recover: {
    ...RECOVER,
    call: 1,
    containers: [{ ...CONTAINER, rootfs: '/r', pid: 5, mounts: [MOUNT] }],
    orphans: ['o'],
    mounts: [MOUNT],
  },
  restart: { type: 'restart', bootId: 'boot-1', mounts: [MOUNT] },
  prepare: {
    type: 'prepare',
    call: 1,
    container: { ...CONTAINER, resources: { cpus: 1, ebsvolumes: ['v1'] }, rootfs: '/r', user: 'u' },
  },
  isolate: { type: 'isolate', call: 1, id: 'c1', pid: 5 },
  update: { type: 'update', call: 1, id: 'c1', resources: { cpus: 1, ebsvolumes: ['v1'] } },
  destroy: { type: 'destroy', call: 1, id: 'c1' },
  cleanup: { type: 'cleanup', call: 1, id: 'c1' },
  'done, well': { type: 'done', effect: 99, ok: true, value: SEEN },
  'done, badly': { type: 'done', effect: 99, ...FAILED },
  lost: { type: 'lost', target: '/d' },
  operator: { type: 'operator', call: 1, verb: 'drain', driver: 'ebs', name: 'v1' },
  swap: { type: 'swap', digest: 'abc' },
  tick: { type: 'tick' },
  unreadable: { type: 'x', call: 1 },
};

/** A driver's mount is under way, a task has a volume, another one waits, a third has lost its own. */
function busy() {
  const t = createTranscript();
  t.tell(prepareEvent('c3', { volume: 'v2:d' }));
  t.settle(0);
  t.world.machine.driverMounts.clear();
  t.tell({ type: 'lost', target: '/d/ebs/v2' });
  t.settle(10);
  t.tell(prepareEvent('c1', { volume: 'source=v1,target=d,volume-opt=a=b' }, { rootfs: '/r', user: 'u' }));
  t.settle(0);
  t.tell(prepareEvent('c2', { volume: 'source=n1,target=d,volume-driver=nfs' }));
  t.upTo('mount');
  return t.world;
}

function answerOf(policy: Policy, snapshot: Uint8Array, bytes: Uint8Array): string {
  policy.restore(snapshot);
  return sayAll(decodeEffects(policy.step(bytes)).filter(({ type }) => type !== 'wake')).join(' | ');
}

for (const [title, event] of Object.entries(EVENTS))
  transcripts(
    `every field of an event refuses what is wrong by its name, and takes what is right: ${title}`,
    () => {
      const world = busy();
      const snapshot = world.policy.snapshot() as Uint8Array;
      const whole = unpack(encodeEvent({ at: world.now, ...event }));
      const lines = variationLines(whole, pathsIn(whole), (varied) =>
        answerOf(world.policy, snapshot, pack(varied)),
      );
      const asItIs = `as it is -> ${answerOf(world.policy, snapshot, pack(whole))}`;
      compareTranscript(`${FOLDER}/events/${title.replace(/\W+/g, '-')}.txt`, [[title, [asItIs, ...lines]]]);
    },
  );

transcripts('bytes behind the end of an event are refused, whatever the event', () => {
  const world = busy();
  const snapshot = world.policy.snapshot() as Uint8Array;
  const scenarios = Object.entries(EVENTS).map(([title, event]): [string, string[]] => {
    const bytes = encodeEvent({ at: world.now, ...event });
    const longer = Uint8Array.from([...bytes, 0xc0]);
    return [title, [answerOf(world.policy, snapshot, longer)]];
  });
  compareTranscript(`${FOLDER}/longer.txt`, scenarios);
});

transcripts('a state with anything wrong in it is refused by the name of the field', () => {
  const world = busy();
  const bytes = world.policy.snapshot() as Uint8Array;
  const whole = unpack(bytes);
  const policy = openPolicy();
  const lines = variationLines(whole, pathsIn(whole), (varied) => {
    try {
      policy.restore(pack(varied));
    } catch (error) {
      return (error as Error).message.replace(/^.*refuses the snapshot: /, '');
    }
    return Buffer.compare(policy.snapshot() as Uint8Array, pack(varied)) === 0 ? 'kept' : 'taken';
  });
  compareTranscript(`${FOLDER}/state.txt`, [['a busy state', lines]]);
  policy.restore(bytes);
  assert.equal(policy.snapshot(), bytes);
  assert.throws(() => policy.restore(Uint8Array.from([...bytes, 0xc0])), /bytes after the end/);
});

function wakes(bytes: Uint8Array): number[] {
  return decodeEffects(bytes).flatMap((effect) => (effect.type === 'wake' ? [effect.at] : []));
}

/** What a policy says of its next wake-up at the next event, once its state was restored. */
function wakesRestored(snapshot: Uint8Array, at: number): number[] {
  const policy = openPolicy();
  policy.restore(snapshot);
  return wakes(policy.step(encodeEvent({ type: 'tick', at })));
}

transcripts('a restored state says its wake-up again, also that there is none', () => {
  const { policy, now } = busy();
  assert.equal(wakes(policy.step(encodeEvent({ type: 'tick', at: now }))), []);
  assert.ok((wakesRestored(policy.snapshot() as Uint8Array, now)[0] ?? 0) > now);
  assert.equal(wakesRestored(openPolicy().snapshot() as Uint8Array, now), [0]);
});

transcripts('each time that a restored state waits for is kept: of a task, of a pause, of a linger', () => {
  const waiting = (prepareMs: number) => {
    const t = createTranscript({ config: { prepareMs } });
    t.tell(prepareEvent('c1', { volume: 'v1:d' }));
    return t.world.policy.snapshot() as Uint8Array;
  };
  assert.equal(wakesRestored(waiting(1), 0), [1]);
  assert.equal(wakesRestored(waiting(700), 0), [700]);
  const pausing = (retryMaxMs: number) => {
    const t = createTranscript({ config: { retryMaxMs } });
    const [get] = t.world.send(prepareEvent('c1', { volume: 'v1:d' }));
    t.world.send({ type: 'done', effect: (get as { effect: number }).effect, ...FAILED });
    return t.world.policy.snapshot() as Uint8Array;
  };
  assert.equal(wakesRestored(pausing(0), 0), [1]);
  assert.equal(wakesRestored(pausing(9000), 0), [248]);
  const lingering = (lingerMs: number) => {
    const t = createTranscript({ config: { lingerMs } });
    t.tell(prepareEvent('c1', { volume: 'v1:d' }));
    t.settle(0);
    const at = t.world.now;
    t.tell({ type: 'cleanup', id: 'c1' });
    return wakesRestored(t.world.policy.snapshot() as Uint8Array, at).map((wake) => wake - at);
  };
  assert.equal(lingering(1), [1]);
  assert.equal(lingering(60), [60]);
});

transcripts.run();
