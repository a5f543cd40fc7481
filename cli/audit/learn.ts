import type { Learnt } from '../../host/directory.ts';
import type { Effect, Event, WorkEffect } from '../../host/frames/types.ts';
import type { Policy } from '../../host/policy/policy.ts';
import { beginWithStatus } from './begin.ts';
import { adopt, newContainer, remember, seeMounts } from './found.ts';
import { learnEnd } from './learn_end.ts';
import { type AuditRecord, managedAt, type VolumeRecord, volumeOf, type When } from './record.ts';

/** Puts together what a journal says, from its events and the effects that followed each. */
export interface Learner {
  readonly record: AuditRecord;
  /** What the host had learnt before the first event that is still there. */
  begin(learnt: Learnt, policy: Policy, events: number, wallMs: number): void;
  event(event: Event, effects: readonly Effect[], when: When): void;
}

type Recover = Event & { type: 'recover' };

export function createLearner(record: AuditRecord): Learner {
  const underway = new Map<number, WorkEffect>();
  /** Containers by the number of the prepare call that waits. */
  const waiting = new Map<number, string>();
  let parts: Recover[] = [];

  function drop(id: string, when: When): void {
    const container = record.containers.get(id);
    record.containers.delete(id);
    record.quarantine.delete(id);
    if (!container?.holds?.length) return;
    record.gone.set(id, container);
    for (const { volume } of container.holds) volumeOf(record, volume).left = { container: id, when };
  }

  function begin(effect: WorkEffect, when: When): void {
    underway.set(effect.effect, effect);
    const key = keyOf(effect, record);
    if (key === undefined) return;
    const volume = volumeOf(record, key);
    volume.doing = { effect, since: when };
    if (effect.type === 'driver' && effect.op === 'mount') volume.asked = true;
  }

  function end(event: Event & { type: 'done' }, when: When): void {
    const effect = underway.get(event.effect);
    if (!effect) return;
    underway.delete(event.effect);
    const key = keyOf(effect, record);
    if (key === undefined) return;
    const volume = volumeOf(record, key);
    if (volume.doing?.effect.effect === event.effect) volume.doing = undefined;
    learnEnd(volume, effect, event, when);
  }

  /** The host or the agent began anew: what was under way has no end. */
  function cutOff(when: When): void {
    underway.clear();
    waiting.clear();
    for (const volume of record.volumes.values()) {
      if (volume.doing) volume.cutOff = { ...volume.doing, lost: when };
      volume.doing = undefined;
    }
  }

  function recovered(when: When): void {
    const [first] = parts;
    const containers = parts.flatMap((part) => part.containers);
    const named = new Set([...containers.map(({ id }) => id), ...parts.flatMap(({ orphans }) => orphans)]);
    const rebooted = record.bootId !== undefined && record.bootId !== first?.bootId;
    cutOff(when);
    record.bootId = first?.bootId;
    // One whose prepare has no answer is kept as well, when the agent names it: its cleanup comes.
    for (const id of [...record.containers.keys()]) if (rebooted || !named.has(id)) drop(id, when);
    seeMounts(
      record,
      parts.flatMap(({ mounts }) => mounts),
      rebooted,
      when,
    );
    if (!rebooted) for (const container of containers) adopt(record, container, when);
    record.quarantine = new Set(first?.journal === 'whole' ? [] : containers.map(({ id }) => id));
    parts = [];
  }

  function answered(call: number, ok: boolean, effect: Effect & { type: 'reply' }, when: When): void {
    const id = waiting.get(call);
    waiting.delete(call);
    const container = id === undefined ? undefined : record.containers.get(id);
    if (!container?.preparing) return;
    if (!ok) {
      record.containers.delete(container.id);
      return;
    }
    container.preparing = false;
    container.since = when;
    container.holds = (effect.mounts ?? []).flatMap(({ source, target }) => {
      const at = managedAt(record.config?.root ?? '', source);
      return at ? [{ volume: at.key, source, target }] : [];
    });
  }

  function take(event: Event, ok: (call: number) => boolean, when: When): void {
    if (event.type === 'configure' && ok(event.call)) record.config = event.config;
    else if (event.type === 'prepare') {
      const { id, sandbox } = event.container;
      waiting.set(event.call, id);
      if (!record.containers.has(id)) record.containers.set(id, newContainer(id, sandbox, when));
    } else if (event.type === 'isolate') {
      const container = record.containers.get(event.id);
      if (container) Object.assign(container, { pid: event.pid, preparing: false });
    } else if (event.type === 'cleanup') drop(event.id, when);
    else if (event.type === 'recover') {
      if (event.part === 0) parts = [];
      parts.push(event);
      if (event.last && ok(event.call)) recovered(when);
    } else if (event.type === 'restart') {
      cutOff(when);
      for (const { id, preparing } of [...record.containers.values()]) if (preparing) drop(id, when);
      seeMounts(record, event.mounts, false, when);
    } else if (event.type === 'done') end(event, when);
    else if (event.type === 'lost') lose(record, event.target);
    else if (event.type === 'operator' && ok(event.call)) operate(record, event, when);
  }

  return {
    record,
    begin(learnt, policy, events, wallMs) {
      const when = { event: events, wallMs };
      record.from = events + 1;
      record.events = events;
      remember(record, learnt, when);
      beginWithStatus(record, policy, when, begin);
    },
    event(event, effects, when) {
      record.events = when.event;
      record.last = when;
      const replies = effects.filter((effect) => effect.type === 'reply');
      take(event, (call) => replies.some((reply) => reply.call === call && reply.ok), when);
      for (const effect of effects) {
        if (effect.type === 'reply') answered(effect.call, effect.ok, effect, when);
        else if (effect.type === 'limit') limit(record, effect.id, when);
        else if (effect.type === 'alert') warn(record, effect, when);
        else if (effect.type !== 'wake') begin(effect, when);
      }
    },
  };
}

/** The volume that an effect is about; a `place` is about a container. */
function keyOf(effect: WorkEffect, { config }: AuditRecord): string | undefined {
  if (effect.type === 'place') return undefined;
  if (effect.type === 'bind' || effect.type === 'detach')
    return managedAt(config?.root ?? '', effect.target)?.key;
  return `${effect.driver}/${effect.name}`;
}

function limit(record: AuditRecord, id: string, when: When): void {
  const container = record.containers.get(id);
  if (container) container.limited = when;
}

function lose({ volumes, config }: AuditRecord, target: string): void {
  const at = managedAt(config?.root ?? '', target);
  for (const volume of volumes.values()) {
    if (at?.key === volume.key) volume.managed.delete(at.mode);
    if (isAt(volume, target)) volume.mounted = undefined;
  }
}

/** A driver answers the mount itself, or a directory of it. */
export function isAt({ mountpoint }: Pick<VolumeRecord, 'mountpoint'>, target: string): boolean {
  if (mountpoint === undefined) return false;
  return mountpoint === target || mountpoint.slice(0, mountpoint.lastIndexOf('/')) === target;
}

function operate(record: AuditRecord, event: Event & { type: 'operator' }, when: When): void {
  const volume = record.volumes.get(`${event.driver}/${event.name}`);
  if (!volume) return;
  if (event.verb === 'hold') volume.held = when;
  if (event.verb === 'release') volume.held = undefined;
  if (event.verb !== 'forget') return;
  volume.held = undefined;
  volume.mounted = undefined;
  volume.forgotten = when;
}

function warn(record: AuditRecord, alert: Effect & { type: 'alert' }, when: When): void {
  const volume = alert.volume === undefined ? undefined : record.volumes.get(alert.volume);
  if (volume && alert.code.startsWith('pinned')) volume.pinned = { words: alert.message, when };
}
