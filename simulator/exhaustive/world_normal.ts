import type { World } from '../world.ts';
import type { Kind, Labels } from './labels.ts';
import { addSnapshot } from './snapshot_normal.ts';

/**
 * What a field of the world is to a fingerprint; a field that is not listed is taken as it is, which is always right and at worst
 * keeps states apart.
 *
 * - Counters of numbers that are always new, and what only counts or is set before it is read: dropped.
 * - What never changes: dropped.
 * - Messages: no rule and no decision reads them.
 * - Times: the distance from now, for nothing else is done with them but comparing and adding.
 * - `lateUntil`: the same while it is ahead of now, or of the begin of something under way; after that it is over.
 * - Numbers of mounts, effects, calls and processes are only compared with their equals.
 */
const FIELDS: Record<string, 'drop' | 'time' | 'until' | Kind> = {
  now: 'drop',
  nextCall: 'drop',
  firstCall: 'drop',
  nextPid: 'drop',
  bootId: 'drop',
  steps: 'drop',
  synced: 'drop',
  fault: 'drop',
  lastDone: 'drop',
  faults: 'drop',
  message: 'drop',
  quirks: 'drop',
  answerBy: 'time',
  dueAt: 'time',
  begunAt: 'time',
  wakeAt: 'time',
  lateUntil: 'until',
  id: 'mount',
  from: 'mount',
  mountId: 'mount',
  pathMountId: 'mount',
  sourceMountId: 'mount',
  effect: 'effect',
  pid: 'pid',
};

/** Fields of the world that have an order of their own here, or belong to the one who runs it. */
const APART = new Set([
  'setup',
  'kernel',
  'coverage',
  'policy',
  'other',
  'empty',
  'base',
  'journal',
  'kept',
  'config',
  'random',
  'begun',
  'containers',
  'volumes',
  'mountpoints',
  'devs',
  'work',
  'calls',
]);

const NONE = 0x3333_3333;
const NEVER = 0x7fff_fffe;

/**
 * Puts a world and the state of its policy into a fingerprint. Two that have the same differ only in names: whatever may happen in
 * the one may happen in the other.
 *
 * Containers come first, then the policy, so that names have an order that does not depend on them; the order of calls and effects
 * follows from that, because nothing depends on the order in which the world keeps them.
 */
export function addWorld(labels: Labels, world: World, snapshot: Uint8Array): void {
  labels.begin();
  const alive = new Set(world.kernel.mounts.map(({ id }) => id));
  const oldest = Math.min(world.now, ...world.work.map(({ begunAt }) => begunAt));

  function walk(value: unknown, field: string): void {
    if (typeof value === 'number') number(value, field);
    else if (typeof value === 'string') labels.text(value);
    else if (typeof value === 'boolean') labels.add(value ? 0x1111_1111 : 0x2222_2222);
    else if (value === undefined || value === null) labels.add(NONE);
    else if (Array.isArray(value)) {
      labels.add(value.length);
      for (const item of value) walk(item, field);
    } else if (value instanceof Set) set(value, field);
    else if (value instanceof Map) {
      labels.add(value.size);
      for (const [key, item] of value) {
        walk(key, '');
        walk(item, field === 'downUntil' ? 'dueAt' : '');
      }
    } else object(value as object);
  }

  function number(value: number, field: string): void {
    const kind = FIELDS[field];
    if (kind === undefined) labels.add(value);
    else if (kind === 'time') labels.add(isTime(value, field) ? value - world.now : NEVER);
    else if (kind === 'until') labels.add(value > oldest ? value - world.now : NEVER);
    // A mount that is gone is bound from no more: no later one has its number.
    else if (field === 'from' && !alive.has(value)) labels.add(0);
    else if (kind !== 'drop') labels.label(kind, value);
  }

  function object(value: object): void {
    // File systems that look alike are two; everything else is only what is in it.
    if ('dead' in value && !labels.object(value)) return;
    let count = 0;
    for (const field in value) {
      const item = (value as Record<string, unknown>)[field];
      if (FIELDS[field] === 'drop') continue;
      count += 1;
      labels.text(field);
      walk(item, field);
    }
    labels.add(count);
  }

  function set(value: Set<unknown>, field: string): void {
    if (field === 'copies') {
      // Copies of mounts that are gone went with them.
      for (const mount of world.kernel.mounts) labels.add(value.has(mount.id) ? 1 : 0);
      return;
    }
    labels.add(value.size);
    for (const item of value) walk(item, '');
  }

  labels.add(world.containers.size);
  for (const container of world.containers.values()) object(container);
  addSnapshot(labels, snapshot, {
    now: world.now,
    bootId: `b${world.bootId}`,
    retryMaxMs: world.setup.config.retryMaxMs ?? Number.POSITIVE_INFINITY,
    open: new Set(world.work.map(({ effect }) => effect.effect)),
    alive,
  });
  for (const volume of world.volumes.values()) {
    object(volume);
    walk(world.mountpoints.get(volume.key), '');
    walk(world.devs.get(volume.key), '');
  }
  walk(world.kernel.mounts, '');
  const work = [...world.work].sort((one, other) => labels.compare(one.key, other.key));
  walk(work, '');
  labels.add(world.calls.size);
  const calls = [...world.calls].sort(([, one], [, other]) => labels.compare(one.id, other.id));
  for (const [call, open] of calls) {
    labels.label('call', call);
    object(open);
  }
  for (const field in world)
    if (!APART.has(field) && FIELDS[field] !== 'drop')
      walk((world as unknown as Record<string, unknown>)[field], field);
}

function isTime(value: number, field: string): boolean {
  return Number.isFinite(value) && (value !== 0 || field !== 'wakeAt');
}
