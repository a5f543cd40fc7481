import { decodeEffects } from '../host/frames/effect_frame.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import type { Effect, ReplyEffect, WorkEffect } from '../host/frames/types.ts';
import { checkAdmission, checkTaken } from './admission.ts';
import { checkDeadlines, checkEffect, checkLimit, checkMounts } from './checks.ts';
import { EVENTS } from './coverage.ts';
import { decide, listOf } from './decide.ts';
import { isMounted } from './drivers.ts';
import { Violation } from './violation.ts';
import { keyOf, unsettle } from './work.ts';
import { volumeOf, type World } from './world.ts';

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

function isAnswered(effects: readonly Effect[], call: number): boolean {
  return effects.some((effect) => effect.type === 'reply' && effect.call === call && effect.ok);
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

function answer(world: World, reply: ReplyEffect): void {
  const call = world.calls.get(reply.call);
  if (!call && !world.recovered && reply.call < world.firstCall) return;
  if (!call && reply.call < (world.setup.present?.callsKnownFrom ?? 0)) return;
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

/** Counts an event for the volumes that it is about; without any, for all. */
export function note(world: World, event: string, keys: readonly string[]): void {
  const column = EVENTS.indexOf(event);
  if (column < 0) return;
  const { root } = world.setup.config;
  for (const volume of world.volumes.values()) {
    if (keys.length > 0 && !keys.includes(volume.key)) continue;
    const rw = world.kernel.top(`${root}/${volume.key}`) ? 1 : 0;
    const ro = world.kernel.top(`${root}/.ro/${volume.key}`) ? 2 : 0;
    let wanted = 0;
    for (const { wants, phase } of world.containers.values())
      if (phase !== 'failed' && wants.some(({ key }) => key === volume.key))
        wanted = Math.max(wanted, phase === 'asked' ? 1 : 2);
    const facts = ((isMounted(volume, world.kernel) ? 1 : 0) * 4 + rw + ro) * 3 + wanted;
    world.coverage.hit(facts, column, world.fault);
  }
}
