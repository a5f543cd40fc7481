import { decodeEffects } from '../host/frames/effect_frame.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import type { Effect, ReplyEffect, WorkEffect } from '../host/frames/types.ts';
import { checkDeadlines, checkEffect, checkLimit, checkMounts } from './checks.ts';
import { EVENTS } from './coverage.ts';
import { isMounted } from './drivers.ts';
import { ROOT } from './setup.ts';
import { Violation } from './violation.ts';
import { keyOfTarget, noteFault, type Outcome, volumeOf, type Work, type World } from './world.ts';

/** Between two comparisons of a stepped with a restored state. */
const STEPS_BETWEEN_COMPARISONS = 16;
/** A prepare has this long, as configured by default. */
const PREPARE_MS = 45_000;

const CALLS = new Set([
  'configure',
  'recover',
  'prepare',
  'isolate',
  'update',
  'destroy',
  'cleanup',
  'operator',
]);

/** Thrown when the host dies at an event: whoever sent it must not go on. */
export class HostDied extends Error {
  override name = 'HostDied';
}

/**
 * One event: written down, decided, its effects checked against the world and taken over. `id` is the container or volume that
 * it is about. Returns the number of the call.
 */
export function send(world: World, fields: Record<string, unknown>, id = ''): number {
  if (world.dying === 'before') throw new HostDied('the host died before the event was on disk');
  const type = fields.type as string;
  const call = CALLS.has(type) ? world.nextCall++ : 0;
  const event = { ...fields, at: world.now, ...(call > 0 ? { call } : {}) };
  if (call > 0) {
    const answerBy = type === 'prepare' ? world.now + PREPARE_MS : Number.POSITIVE_INFINITY;
    world.calls.set(call, { type, id, answerBy });
  }
  const frame = encodeEvent(event);
  const effects = decide(world, frame);
  world.journal.push({ event, frame, effects });
  world.steps += 1;
  const decoded = decodeEffects(effects);
  if (type === 'restart' || (type === 'recover' && fields.last === true && isAnswered(decoded, call)))
    world.recovered = true;
  if (world.dying === 'after') for (const effect of decoded) unsettle(world, effect);
  if (world.dying === 'after') throw new HostDied('the host died before the effects of the event began');
  for (const effect of decoded) take(world, effect);
  checkDeadlines(world);
  return call;
}

/** The policy has to take it for begun. */
function unsettle(world: World, effect: Effect): void {
  if (effect.type === 'bind') volumeOf(world, keyOf(effect)).unheard = true;
  if (effect.type !== 'driver' || effect.op === 'get') return;
  const volume = volumeOf(world, keyOf(effect));
  volume.unsure = true;
  if (effect.op === 'unmount') volume.unmountSent = true;
}

function isAnswered(effects: readonly Effect[], call: number): boolean {
  return effects.some((effect) => effect.type === 'reply' && effect.call === call && effect.ok);
}

/** Steps the policy; now and then a second instance is given the same state, and must decide the same. */
function decide(world: World, frame: Uint8Array): Uint8Array {
  const isCompared = (world.steps + world.setup.seed) % STEPS_BETWEEN_COMPARISONS === 0;
  const before = isCompared ? guarded(() => world.policy.snapshot()) : undefined;
  const effects = guarded(() => world.policy.step(frame));
  if (before) compareRestored(world, before, frame, effects);
  return effects;
}

function compareRestored(world: World, before: Uint8Array, frame: Uint8Array, effects: Uint8Array): void {
  guarded(() => world.other.restore(before));
  if (
    !isSame(
      before,
      guarded(() => world.other.snapshot()),
    )
  )
    throw new Violation('deterministic', 'a restored state gives another snapshot than the one it came from');
  const restored = guarded(() => world.other.step(frame));
  if (withoutWake(effects) !== withoutWake(restored))
    throw new Violation(
      'deterministic',
      `restored it decides ${withoutWake(restored)}, not ${withoutWake(effects)}`,
    );
  if (
    !isSame(
      guarded(() => world.policy.snapshot()),
      guarded(() => world.other.snapshot()),
    )
  )
    throw new Violation('deterministic', 'after one more event stepped and restored state differ');
}

/** A restored state says its wake-up again. */
function withoutWake(effects: Uint8Array): string {
  return JSON.stringify(decodeEffects(effects).filter(({ type }) => type !== 'wake'));
}

function isSame(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  return left === right || (left !== undefined && right !== undefined && Buffer.compare(left, right) === 0);
}

function guarded<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw new Violation('trap', (error as Error).message);
  }
}

function take(world: World, effect: Effect): void {
  if (effect.type === 'reply') answer(world, effect);
  else if (effect.type === 'alert') return;
  else if (effect.type === 'limit') limit(world, effect.id);
  else if (!world.recovered) unsettle(world, effect);
  else if (effect.type === 'wake') world.wakeAt = effect.at;
  else begin(world, effect);
}

function begin(world: World, effect: WorkEffect): void {
  const key = keyOf(effect);
  checkEffect(world, effect, key);
  world.work.push({ effect, key, begunAt: world.now, outcome: undefined });
}

function keyOf(effect: WorkEffect): string {
  if (effect.type === 'place') return `place of ${effect.id}`;
  return 'target' in effect ? keyOfTarget(effect.target) : `${effect.driver}/${effect.name}`;
}

function answer(world: World, reply: ReplyEffect): void {
  const call = world.calls.get(reply.call);
  if (!call && !world.recovered && reply.call < world.firstCall) return;
  if (!call) throw new Violation('answered', `call ${reply.call} is answered, and nobody waits for it`);
  world.calls.delete(reply.call);
  if (call.type === 'recover' && !reply.ok) throw new Violation('starts', `recover: ${reply.error?.message}`);
  if (call.type !== 'prepare') return;
  const container = world.containers.get(call.id);
  if (reply.ok) checkMounts(world, reply);
  if (!container) return;
  if (!reply.ok && container.phase === 'asked') container.phase = 'failed';
  if (!reply.ok || container.phase !== 'asked') return;
  container.phase = 'ready';
  container.wants.forEach(({ key }, index) => {
    if (volumeOf(world, key).blind) container.hurtsAtStart[index] = -1;
  });
  container.sources = (reply.mounts ?? []).map(({ source }) => source);
}

function limit(world: World, id: string): void {
  const container = world.containers.get(id);
  if (!container) return;
  checkLimit(world, container);
  container.limited = true;
}

/** Tells the policy how an effect ended. */
export function tellDone(world: World, work: Work): void {
  const outcome = work.outcome as Outcome;
  if (world.dying !== 'before') world.work = world.work.filter((other) => other !== work);
  const done = { type: 'done', effect: work.effect.effect, ...outcome };
  const { effect } = work;
  note(world, effect.type === 'driver' ? effect.op : effect.type, effect.type === 'place' ? [] : [work.key]);
  send(world, done);
  learn(world, work, outcome);
  world.lastDone = done;
}

/** What the host remembers of an answer: where the driver has it, and which file system it is. */
function learn(world: World, { effect, key }: Work, { ok, value }: Outcome): void {
  if (!ok || !value) return;
  if (effect.type === 'bind') {
    const fs = world.volumes.get(key)?.fs;
    if (fs && !volumeOf(world, key).quirks.plain) world.devs.set(key, fs);
  }
  const seen = value.driver as { path?: string; pathMountId?: number } | undefined;
  const path = (value.mountpoint as string | undefined) ?? (seen?.pathMountId ? seen.path : undefined);
  if (path !== undefined && !(effect.type === 'driver' && effect.op === 'get'))
    world.mountpoints.set(key, path);
}

/** Counts an event for the volumes that it is about; without any, for all. */
export function note(world: World, event: string, keys: readonly string[]): void {
  const column = EVENTS.indexOf(event);
  if (column < 0) return;
  for (const volume of world.volumes.values()) {
    if (keys.length > 0 && !keys.includes(volume.key)) continue;
    const rw = world.kernel.top(`${ROOT}/${volume.key}`) ? 1 : 0;
    const ro = world.kernel.top(`${ROOT}/.ro/${volume.key}`) ? 2 : 0;
    let wanted = 0;
    for (const { wants, phase } of world.containers.values())
      if (phase !== 'failed' && wants.some(({ key }) => key === volume.key))
        wanted = Math.max(wanted, phase === 'asked' ? 1 : 2);
    const facts = ((isMounted(volume, world.kernel) ? 1 : 0) * 4 + rw + ro) * 3 + wanted;
    world.coverage.hit(facts, column, world.fault);
  }
}

/** The host dies and another one begins: the journal is stepped again, and must lead to the same decisions. */
export function replayJournal(world: World): void {
  guarded(() => world.policy.restore(world.base));
  world.journal.forEach(({ frame, effects }, index) => {
    const again = guarded(() => world.policy.step(frame));
    if (!isSame(again, effects))
      throw new Violation(
        'deterministic',
        `replayed, event ${index + 1} of the journal is decided differently`,
      );
  });
  world.dying = '';
  world.calls.clear();
  world.firstCall = world.nextCall;
  world.work = [];
  world.wakeAt = 0;
  world.lastDone = undefined;
  world.recovered = false;
}

/** The journal is lost: a policy that has seen nothing. */
export function loseJournal(world: World): void {
  world.journal = [];
  world.base = world.empty;
  world.mountpoints.clear();
  world.devs.clear();
  noteFault(world, 'damaged');
}
