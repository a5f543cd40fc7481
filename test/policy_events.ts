import { decodeEffects } from '../host/frames/effect_frame.ts';
import { encodeEvent, stamp } from '../host/frames/event_frame.ts';
import type { Effect, WorkEffect } from '../host/frames/types.ts';
import { createMachine, failed, type Machine, ROOT } from './machine.ts';
import { randomConfig, randomContainer, randomId, randomResources, VOLUMES } from './policy_requests.ts';
import { isWork } from './world.ts';

type Random = (limit: number) => number;
type Fields = Record<string, unknown>;

const KINDS = ['refused', 'failed', 'unreachable', 'timeout'] as const;
const CODES = ['unsupported', 'not-mounted', 'driver-refused', 'other-mount', 'EIO', ''];

/** Random events for a policy, and a machine that performs some of what the policy asks for: well, badly, twice, late or never. */
export interface EventSource {
  /** The next event as a frame; some are mutilated. */
  next(): Uint8Array;
  /** Hears what the policy answered. */
  hear(effects: Uint8Array): void;
}

/** The first two events are a configuration and a recovery, so that most scenarios get somewhere. */
export function eventSource(random: Random): EventSource {
  const machine = createMachine(...VOLUMES.slice(0, 6));
  let now = 0;
  let call = 1;
  let count = 0;
  let wakeAt = 0;
  let work: WorkEffect[] = [];
  let ended: WorkEffect[] = [];
  let prepared: Fields | undefined;

  function event(): Fields {
    if (count === 1 && random(10) > 0) return { type: 'configure', config: randomConfig(random) };
    if (count === 2 && random(10) > 0) return { ...recovery(random, machine), part: 0, last: true };
    if (work.length > 0 && random(100) < 55) return done();
    const choice = random(100);
    if (choice < 30) return prepare();
    if (choice < 50) return { type: 'cleanup', id: randomId(random) };
    if (choice < 58) return { type: 'destroy', id: randomId(random) };
    if (choice < 61) return { type: 'isolate', id: randomId(random), pid: random(70000) };
    if (choice < 63) return { type: 'update', id: randomId(random), resources: randomResources(random) };
    if (choice < 80) return tick();
    if (choice < 84) return { type: 'lost', target: randomTarget(random, machine) };
    if (choice < 89) return operator(random);
    if (choice < 92) return { type: 'configure', config: randomConfig(random) };
    if (choice < 95) return recovery(random, machine);
    if (choice < 97)
      return { type: 'restart', bootId: `boot-${random(2)}`, mounts: mountTable(random, machine) };
    if (choice < 98) return { type: 'swap', digest: 'abc' };
    if (choice < 99 && ended.length > 0) return lateDone();
    return { type: 'nonsense', odd: random(9) };
  }

  /** One in six comes again as it came. */
  function prepare(): Fields {
    if (random(6) > 0 || prepared === undefined) prepared = randomContainer(random);
    return { type: 'prepare', container: prepared };
  }

  function done(): Fields {
    const [effect] = work.splice(random(work.length), 1) as [WorkEffect];
    ended = [...ended.slice(-8), effect];
    return { type: 'done', effect: effect.effect, ...outcome(random, machine, effect) };
  }

  function lateDone(): Fields {
    const effect = ended[random(ended.length)] as WorkEffect;
    return { type: 'done', effect: effect.effect, ...outcome(random, machine, effect) };
  }

  function tick(): Fields {
    if (wakeAt > now && random(3) > 0) now = wakeAt;
    else now += random(2) === 0 ? random(300) : random(60000);
    return { type: 'tick' };
  }

  return {
    next() {
      count += 1;
      now += random(3);
      const fields = event();
      if (fields.type === 'recover' || fields.type === 'restart') work = random(4) === 0 ? work : [];
      const frame = encodeEvent({ ...(needsCall(fields) ? { call: call++ } : {}), at: now, ...fields });
      return random(40) === 0 ? mutilate(random, frame, now) : frame;
    },
    hear(answer) {
      const effects: Effect[] = decodeEffects(answer);
      work.push(...effects.filter(isWork));
      for (const effect of effects) if (effect.type === 'wake') wakeAt = effect.at;
    },
  };
}

function needsCall(event: Fields): boolean {
  return !['done', 'tick', 'lost', 'restart', 'swap'].includes(String(event.type));
}

function operator(random: Random): Fields {
  const verbs = [
    'retry',
    'hold',
    'release',
    'forget',
    'drain',
    'resume',
    'release',
    'resume',
    'realease',
    'x',
  ];
  const [driver, name] = (VOLUMES[random(VOLUMES.length)] as string).split('/');
  return { type: 'operator', verb: verbs[random(verbs.length)], driver, name };
}

/** What the machine says; or a failure, before or after it was performed; or an answer that no machine gives. */
function outcome(random: Random, machine: Machine, effect: WorkEffect): Fields {
  const choice = random(100);
  if (choice < 65) return machine.answer(effect);
  if (choice < 75) machine.answer(effect);
  if (choice < 92)
    return failed(
      KINDS[random(4)] as never,
      CODES[random(CODES.length)] as string,
      random(3) ? 'it says ü€😀 no' : '',
    );
  return { ok: random(4) > 0, value: randomValue(random) };
}

function randomValue(random: Random): Fields {
  const flag = () => random(2) === 0;
  const value: Fields = {};
  const maybe = (name: string, make: () => unknown) => {
    if (random(3) === 0) value[name] = make();
  };
  maybe('exists', flag);
  maybe('mountpoint', () => ['/d/ebs/v1', 'relative', '', null][random(4)]);
  maybe('stillMounted', flag);
  maybe('mountId', () => random(300));
  maybe('sourceMountId', () => random(300));
  maybe('dev', () => `7:${random(3)}`);
  maybe('managed', () => [
    { mode: ['rw', 'ro', 'odd'][random(3)], mountId: random(300), extra: [1, { a: 2 }] },
  ]);
  maybe('driver', () => ({
    answered: flag(),
    exists: [true, false, null][random(3)],
    path: ['/d/ebs/v1', null][random(2)],
    pathMountId: [0, random(300), null][random(3)],
    odd: -1.5,
  }));
  maybe('pinnedBy', () => [
    { pid: random(99), container: ['', randomId(random)][random(2)], more: new Uint8Array(3) },
  ]);
  maybe('other', () => [1e300, -7, 'x'.repeat(random(80)), { deep: [[[]]] }, null, true]);
  return value;
}

function randomTarget(random: Random, machine: Machine): string {
  const managed = [...machine.managed.keys()];
  const volume = VOLUMES[random(VOLUMES.length)] as string;
  const all = [
    ...managed,
    `${ROOT}/${volume}`,
    `${ROOT}/.ro/${volume}`,
    `/d/${volume}`,
    '/d',
    `${ROOT}/a/b/c`,
    'x',
  ];
  const target = all[random(all.length)] as string;
  machine.managed.delete(target);
  // The driver mounts it anew behind our back.
  if (machine.driverMounts.has(volume) && random(3) === 0)
    machine.driverMounts.set(volume, 5000 + random(99));
  if (target.startsWith('/d/')) machine.driverMounts.delete(target.slice(3));
  return target;
}

function mountTable(random: Random, machine: Machine): Fields[] {
  const mounts = [...machine.managed].map(([target, mountId]) => ({
    target,
    mountId,
    dev: `7:${random(3)}`,
  }));
  const odd = [
    `${ROOT}/ebs/orphan${random(3)}`,
    `${ROOT}/x`,
    `${ROOT}/.ro/nfs/n1`,
    `${ROOT}/-/-`,
    '/elsewhere',
  ];
  for (const target of odd)
    if (random(8) === 0) mounts.push({ target, mountId: 900 + random(9), dev: `7:${random(3)}` });
  return mounts;
}

function recovery(random: Random, machine: Machine): Fields {
  const containers: Fields[] = [];
  for (let i = random(6); i > 0; i--) {
    const { resources: _, user: __, ...container } = randomContainer(random);
    const mounts = [{ target: '/s/data', mountId: random(99), dev: `7:${random(3)}` }];
    containers.push({ ...container, pid: random(2) ? random(9999) : null, mounts: random(2) ? mounts : [] });
  }
  return {
    type: 'recover',
    journal: ['whole', 'whole', 'new', 'damaged', 'odd'][random(20) === 0 ? 4 : random(4)],
    bootId: random(12) === 0 ? 'boot-2' : 'boot-1',
    containers,
    orphans: random(2) ? [randomId(random)] : [],
    mounts: mountTable(random, machine),
    part: random(4) === 0 ? random(3) : 0,
    last: random(4) > 0,
  };
}

/** Some bytes changed, cut off or doubled. The time stays, or one frame in a thousand would end the scenario's clock. */
function mutilate(random: Random, frame: Uint8Array, now: number): Uint8Array {
  let bytes = frame.slice(0, random(4) === 0 ? random(frame.length + 1) : frame.length);
  for (let i = random(4); i > 0 && bytes.length > 0; i--) bytes[random(bytes.length)] = random(256);
  if (random(5) === 0) {
    const at = random(bytes.length + 1);
    const more = Uint8Array.from({ length: random(6) }, () => random(256));
    bytes = Uint8Array.from([...bytes.slice(0, at), ...more, ...bytes.slice(at)]);
  }
  if (bytes.length >= 12 && bytes[3] === 0xcb) stamp(bytes, now);
  return bytes;
}
