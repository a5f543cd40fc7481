import { decodeEffects } from '../host/frames/effect_frame.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import type { Config, DriverEffect, Effect, ReplyEffect, WorkEffect } from '../host/frames/types.ts';
import { checkAdmission, checkTaken } from './admission.ts';
import { checkDeadlines, checkEffect, checkLimit, checkMounts } from './checks.ts';
import { EVENTS } from './coverage.ts';
import { isMounted } from './drivers.ts';
import { doubt } from './kernel_effects.ts';
import { ROOT } from './setup.ts';
import { Violation } from './violation.ts';
import {
  doubtCount,
  type Entry,
  keyOfTarget,
  noteFault,
  type Outcome,
  type SimVolume,
  volumeOf,
  type Work,
  type World,
} from './world.ts';

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

/** The ways to die, made once: a stack for each would cost more than the event. */
const NOT_ON_DISK = new HostDied('the host died before the event was on disk');
const NOT_BEGUN = new HostDied('the host died before the effects of the event began');
const NOT_SYNCED = new HostDied('the host died before events were on disk');

/**
 * One event: written down, decided, its effects checked against the world and taken over. `id` is the container or volume that
 * it is about; time and call number are written into `fields`. Returns the number of the call.
 */
export function send(world: World, fields: Record<string, unknown>, id = ''): number {
  if (world.dying === 'before' || world.dying === 'full') throw notHeard(world, fields, id);
  const type = fields.type as string;
  const call = CALLS.has(type) ? world.nextCall++ : 0;
  const event = fields;
  event.at = world.now;
  if (call > 0) {
    event.call = call;
    const { prepareMs = PREPARE_MS } = world.config;
    const answerBy = type === 'prepare' ? world.now + prepareMs : Number.POSITIVE_INFINITY;
    world.calls.set(call, { type, id, answerBy });
  }
  const frame = encodeEvent(event);
  const effects = decide(world, frame);
  world.journal.push({ event, frame, effects });
  world.steps += 1;
  if (world.dying === 'unsynced') {
    waitForSync(world, fields, id);
    return call;
  }
  const decoded = listOf(effects).count === 0 ? [] : decodeEffects(effects);
  if (type === 'restart' || (type === 'recover' && fields.last === true && isAnswered(decoded, call)))
    world.recovered = true;
  if (world.dying === 'after') {
    for (const effect of decoded) unsettle(world, effect);
    throw NOT_BEGUN;
  }
  for (const effect of decoded) take(world, effect);
  checkDeadlines(world);
  return call;
}

/** What the agent says again to a host that comes back alone. */
const SAID_AGAIN = new Set(['isolate', 'update', 'destroy', 'cleanup']);

function notHeard(world: World, fields: Record<string, unknown>, id: string): HostDied {
  if (SAID_AGAIN.has(fields.type as string)) world.queued.push({ fields, id });
  return NOT_ON_DISK;
}

/** Events that share a sync: it never ends, so none of their effects begin. */
function waitForSync(world: World, fields: Record<string, unknown>, id: string): void {
  if (SAID_AGAIN.has(fields.type as string)) world.queued.push({ fields: { ...fields }, id });
  world.unsynced -= 1;
  if (world.unsynced === 0) throw NOT_SYNCED;
}

/** Of the events that waited for a sync only the first are on disk. */
export function loseUnsynced(world: World): void {
  world.dying = '';
  const kept = world.random.below(world.journal.length - world.synced + 1);
  world.journal.length = world.synced + kept;
  if (world.kept.events > world.journal.length) world.kept = { state: world.base, events: 0 };
  for (const { effects } of world.journal.slice(world.synced))
    for (const effect of decodeEffects(effects)) unsettle(world, effect);
}

/** The policy has to take it for begun. */
function unsettle(world: World, effect: Effect): void {
  if (effect.type === 'detach') doubt(world, effect);
  if (effect.type !== 'driver' || effect.op === 'get') return;
  const volume = volumeOf(world, keyOf(effect));
  doubtCount(world, volume);
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
  if (!before) return effects;
  compareRestored(world, before, frame, effects);
  world.kept = { state: before, events: world.journal.length };
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
  if (!isAlike(effects, restored))
    throw new Violation('deterministic', `restored it decides ${inWords(restored)}, not ${inWords(effects)}`);
  if (
    !isSame(
      guarded(() => world.policy.snapshot()),
      guarded(() => world.other.snapshot()),
    )
  )
    throw new Violation('deterministic', 'after one more event stepped and restored state differ');
}

/** Where the list of a frame of effects has its head: one byte with the count in it, or followed by two or four bytes of it. */
const HEAD = 2;
const ARRAY_16 = 0xdc;
const ARRAY_32 = 0xdd;
/** How a wake-up begins: a list of two, number 8. */
const WAKE = [0x92, 0x08];

/** How many effects there are, and where they begin. */
function listOf(frame: Uint8Array): { count: number; body: number } {
  const head = frame[HEAD] as number;
  const size = head === ARRAY_32 ? 4 : head === ARRAY_16 ? 2 : 0;
  let count = size === 0 ? head - 0x90 : 0;
  for (let i = 1; i <= size; i += 1) count = count * 256 + (frame[HEAD + i] as number);
  return { count, body: HEAD + 1 + size };
}

/** The same effects; a state that was restored says its wake-up again, after all else. */
function isAlike(effects: Uint8Array, restored: Uint8Array): boolean {
  if (isSame(effects, restored)) return true;
  const [told, again] = [listOf(effects), listOf(restored)];
  if (told.count + 1 !== again.count || told.body !== again.body) return false;
  const isWake = restored[effects.length] === WAKE[0] && restored[effects.length + 1] === WAKE[1];
  return isWake && isSame(effects.subarray(told.body), restored.subarray(told.body, effects.length));
}

/** For people. */
function inWords(effects: Uint8Array): string {
  return JSON.stringify(decodeEffects(effects));
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
  if (call.type === 'prepare') answerPrepare(world, call.id, reply);
  else checkTaken(call, reply);
}

function answerPrepare(world: World, id: string, reply: ReplyEffect): void {
  const container = world.containers.get(id);
  if (reply.ok) checkMounts(world, reply);
  checkAdmission(world, id, container, reply);
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
  if (world.dying === '' || world.dying === 'after')
    world.work = world.work.filter((other) => other !== work);
  const { effect } = work;
  const done = { type: 'done', effect: effect.effect, ...outcome };
  if (effect.type === 'driver') tellDriver(world, effect, volumeOf(world, work.key), outcome.ok);
  note(world, effect.type === 'driver' ? effect.op : effect.type, effect.type === 'place' ? [] : [work.key]);
  send(world, done);
  learn(world, work, outcome);
  // What is not on disk yet may never have been told.
  if (effect.type === 'observe' && outcome.ok && world.dying === '') seeClean(world, work);
  world.lastDone = done;
}

/** What may still come true the policy waits for from now on: it does not know how long ago the call was given up. */
function tellDriver(world: World, { op }: DriverEffect, volume: SimVolume, ok: boolean): void {
  if (op !== 'mount' && op !== 'unmount') return;
  if (!ok && volume.unsure) doubtCount(world, volume);
  if (op === 'mount' && ok) volume.answered = true;
}

/**
 * The policy has been shown that nothing of the volume is left, and nothing is: whatever it could not know before is over. Not so
 * while it has to take a mount that was answered for counted: that the driver itself has lost count no look shows.
 */
function seeClean(world: World, { key, outcome, begunAt }: Work): void {
  const volume = volumeOf(world, key);
  const { value } = outcome as Outcome;
  const { driver: seen } = value as { driver: { answered: boolean; pathMountId?: number } };
  if (!seen.answered || seen.pathMountId || volume.quirks.plain) return;
  if (volume.owesOnce || volume.answered || volume.lateUntil > begunAt) return;
  const isLeft = volume.ours + volume.others > 0 || volume.attached || isMounted(volume, world.kernel);
  if (isLeft || world.late.some((late) => late.key === key)) return;
  volume.unsure = false;
  volume.taken = false;
  volume.forgiven = false;
}

/** What the host remembers of an answer: where the driver has it, and which file system it is. */
function learn(world: World, { effect, key }: Work, { ok, value }: Outcome): void {
  if (!ok || !value) return;
  const told = value as { mountpoint?: string; driver?: { path?: string; pathMountId?: number } };
  if (effect.type === 'bind') {
    const fs = world.volumes.get(key)?.fs;
    if (fs && !volumeOf(world, key).quirks.plain) world.devs.set(key, fs);
  }
  const path = told.mountpoint ?? (told.driver?.pathMountId ? told.driver.path : undefined);
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

/** Of so many starts one replays the journal from its first event; the others begin at the state kept last. */
const STARTS_FOR_A_WHOLE_REPLAY = 32;

/** The host dies and another one begins: the journal is stepped again, and must lead to the same decisions. */
export function replayJournal(world: World): void {
  if (world.dying === 'unsynced') loseUnsynced(world);
  if (world.steps % STARTS_FOR_A_WHOLE_REPLAY === 0) world.kept = { state: world.base, events: 0 };
  const { state, events } = world.kept;
  guarded(() => world.policy.restore(state));
  for (let index = events; index < world.journal.length; index += 1) {
    const { frame, effects } = world.journal[index] as Entry;
    const again = guarded(() => world.policy.step(frame));
    // Either may come from a state that was restored just before.
    if (!isAlike(effects, again) && !isAlike(again, effects))
      throw new Violation(
        'deterministic',
        `replayed, event ${index + 1} of the journal is decided differently`,
      );
  }
  recollect(world);
  // The policy counts the time in which something may still come true from now on.
  for (const volume of world.volumes.values()) if (volume.unsure) doubtCount(world, volume);
  world.dying = '';
  world.unsynced = 0;
  world.calls.clear();
  world.firstCall = world.nextCall;
  world.work = [];
  world.wakeAt = 0;
  world.lastDone = undefined;
  world.recovered = false;
}

/** What the policy was told last, as far as the journal goes. */
function recollect(world: World): void {
  const last = (fits: (event: Record<string, unknown>) => boolean) => {
    for (let index = world.journal.length - 1; index >= 0; index -= 1) {
      const { event } = world.journal[index] as Entry;
      if (fits(event)) return event;
    }
    return undefined;
  };
  world.draining = last(({ verb }) => verb === 'drain' || verb === 'resume')?.verb === 'drain';
  world.config = (last(({ type }) => type === 'configure')?.config ?? world.setup.config) as Config;
}

/** The journal is lost: a policy that has seen nothing. */
export function loseJournal(world: World): void {
  world.journal = [];
  world.base = world.empty;
  world.dying = '';
  world.kept = { state: world.base, events: 0 };
  world.mountpoints.clear();
  world.devs.clear();
  noteFault(world, 'damaged');
}
