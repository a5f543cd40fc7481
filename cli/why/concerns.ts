import type { ContainerInfo, Effect, Event, WorkEffect } from '../../host/frames/types.ts';
import type { Chapter } from './story.ts';
import type { Subject } from './subject.ts';

/** Follows the events of a journal and picks those that concern a subject. */
export interface Concerns {
  /** The event concerns it: what is to be told; undefined when it does not. Earlier prepares may be found to concern it too, see `late`. */
  take(chapter: Omit<Chapter, 'ended' | 'isGeneral'> & { event: Event }): Chapter | undefined;
  /** Chapters of before that only now turn out to concern it. */
  late(): Chapter[];
  readonly known: Set<string>;
}

const GENERAL = new Set(['recover', 'restart', 'swap']);

interface Asked {
  id: string;
  chapter: Chapter;
}

export function createConcerns(subject: Subject): Concerns {
  /** Effects under way. */
  const open = new Map<number, { effect: WorkEffect; since: number }>();
  /** Prepares that are not answered, by call. */
  const asked = new Map<number, Asked>();
  /** Volumes of each container of which it is known what it asks for. */
  const uses = new Map<string, Set<string>>();
  const known = new Set<string>();
  let found: Chapter[] = [];

  /** A container that asks for the subject, or the subject itself. */
  function isOurs(id: string): boolean {
    return subject.isContainer(id) || [...(uses.get(id) ?? [])].some(subject.isVolume);
  }

  /** A volume that the subject asks for, or the subject itself. */
  function isOurVolume(key: string): boolean {
    if (subject.isVolume(key)) return true;
    return uses.get(subject.text)?.has(key) ?? false;
  }

  function note(id: string, keys: Iterable<string>): void {
    const all = uses.get(id) ?? new Set<string>();
    for (const key of keys) all.add(key);
    uses.set(id, all);
  }

  function concernsEffect(effect: Effect): boolean {
    if (effect.type === 'reply') {
      const waiting = asked.get(effect.call);
      return waiting !== undefined && isOurs(waiting.id);
    }
    if (effect.type === 'limit' || effect.type === 'place') return isOurs(effect.id);
    if (effect.type === 'alert')
      return (
        (effect.volume !== undefined && isOurVolume(effect.volume)) ||
        (effect.container !== undefined && isOurs(effect.container))
      );
    const key = volumeOf(effect);
    return key !== undefined && isOurVolume(key);
  }

  function concernsEvent(event: Event): boolean {
    switch (event.type) {
      case 'prepare':
        return isOurs(event.container.id);
      case 'isolate':
      case 'update':
      case 'destroy':
      case 'cleanup':
        return isOurs(event.id);
      case 'operator':
        return event.driver !== undefined && isOurVolume(`${event.driver}/${event.name}`);
      case 'lost':
        return isOurVolume(keyOfTarget(event.target));
      case 'recover':
        return (
          event.containers.some(({ id }) => isOurs(id)) ||
          event.orphans.some(isOurs) ||
          event.mounts.some(({ target }) => isOurVolume(keyOfTarget(target)))
        );
      case 'restart':
        return event.mounts.some(({ target }) => isOurVolume(keyOfTarget(target)));
      default:
        return false;
    }
  }

  /** What an event and its effects tell of who uses what; before it is asked whether they concern the subject. */
  function learn(event: Event, effects: readonly Effect[], chapter: Chapter): void {
    if (event.type === 'prepare') {
      known.add(event.container.id);
      asked.set(event.call, { id: event.container.id, chapter });
      note(event.container.id, wantedBy(event.container, effects));
    }
    if (event.type === 'recover')
      for (const container of event.containers) {
        known.add(container.id);
        note(container.id, wantedBy(container, effects));
      }
    for (const effect of effects) {
      const key = volumeOf(effect);
      if (key !== undefined) known.add(key);
      if (effect.type !== 'reply') continue;
      const waiting = asked.get(effect.call);
      if (waiting) answer(waiting, effect);
    }
  }

  /** Only the answer to a prepare names all its volumes. */
  function answer({ id, chapter }: Asked, reply: Effect & { type: 'reply' }): void {
    const was = isOurs(id);
    note(
      id,
      (reply.mounts ?? []).map(({ source }) => keyOfTarget(source)),
    );
    if (!was && isOurs(id)) found.push(chapter);
  }

  function forget(event: Event, effects: readonly Effect[]): void {
    for (const effect of effects) if (effect.type === 'reply') asked.delete(effect.call);
    if (event.type === 'cleanup') uses.delete(event.id);
  }

  return {
    known,
    take(step) {
      const { event, effects, at } = step;
      const ended = event.type === 'done' ? open.get(event.effect) : undefined;
      if (event.type === 'done') open.delete(event.effect);
      const chapter: Chapter = {
        ...step,
        isGeneral: false,
        ended: ended && { effect: ended.effect, tookMs: at - ended.since },
      };
      learn(event, effects, chapter);
      const ours = effects.filter((effect) => concernsEffect(effect));
      const concerns =
        ours.length > 0 || concernsEvent(event) || (ended !== undefined && concernsEffect(ended.effect));
      for (const effect of effects) if ('effect' in effect) open.set(effect.effect, { effect, since: at });
      forget(event, effects);
      chapter.effects = ours;
      chapter.isGeneral = !concerns;
      return concerns || GENERAL.has(event.type) ? chapter : undefined;
    },
    late() {
      const all = found;
      found = [];
      return all;
    },
  };
}

/** The volumes that it surely asks for: those named outright, and those of effects whose name stands in its labels or environment. */
function wantedBy(
  { labels, env, volumes }: Pick<ContainerInfo, 'labels' | 'env' | 'volumes'>,
  effects: readonly Effect[],
): string[] {
  const text = JSON.stringify([labels, env, volumes]);
  return effects.flatMap((effect) => {
    const key = volumeOf(effect);
    return key !== undefined && text.includes(nameOf(key)) ? [key] : [];
  });
}

function nameOf(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}

/** The volume of an effect, `driver/name`. */
export function volumeOf(effect: Effect): string | undefined {
  if (effect.type === 'driver' || effect.type === 'observe') return `${effect.driver}/${effect.name}`;
  if (effect.type === 'bind' || effect.type === 'detach') return keyOfTarget(effect.target);
  return effect.type === 'alert' ? effect.volume : undefined;
}

/** Of the path of a managed mount: its last two names. */
export function keyOfTarget(target: string): string {
  return target.split('/').slice(-2).join('/');
}
