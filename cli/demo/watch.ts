import { decodeEffects } from '../../host/frames/effect_frame.ts';
import { decodeEvent } from '../../host/frames/event_frame.ts';
import type { Effect, Event } from '../../host/frames/types.ts';
import { segmentFiles } from '../../host/journal/journal_files.ts';
import { readSegment } from '../../host/journal/segment_reader.ts';
import { loadPolicy, type Policy } from '../../host/policy/policy.ts';

export interface VolumeView {
  /** `driver/name`. */
  key: string;
  /** Ids of the containers whose prepare was answered ok and that are not cleaned up. */
  holders: string[];
  mountedByDriver: boolean;
  modes: ('rw' | 'ro')[];
}

/** What a journal says while it grows: the same steps once more, in a policy of the watcher's own. */
export interface Watch {
  /** Reads what has been added. Returns one line for each change since. */
  poll(): string[];
  volumes(): VolumeView[];
  /** The most holders that a volume had at one time. */
  maxHolders(): number;
}

export function createWatch(journal: string, policyFile: string): Watch {
  const policy: Policy = loadPolicy(policyFile);
  const volumes = new Map<string, VolumeView>();
  const under = new Map<number, Effect>();
  const preparing = new Map<number, string>();
  const seen = new Map<string, number>();
  let most = 0;

  function volume(key: string): VolumeView {
    const known = volumes.get(key) ?? { key, holders: [], mountedByDriver: false, modes: [] };
    volumes.set(key, known);
    return known;
  }

  function hold(source: string, id: string): string[] {
    const view = volume(source.split('/').slice(-2).join('/'));
    if (view.holders.includes(id)) return [];
    view.holders.push(id);
    most = Math.max(most, view.holders.length);
    return [`${view.key}: ${id} holds it, ${plural(view.holders.length, 'holder')}`];
  }

  function drop(id: string): string[] {
    return [...volumes.values()]
      .filter(({ holders }) => holders.includes(id))
      .map((view) => {
        view.holders.splice(view.holders.indexOf(id), 1);
        return `${view.key}: ${id} is gone, ${plural(view.holders.length, 'holder')}`;
      });
  }

  function finished(effect: Effect | undefined): string[] {
    if (effect?.type === 'driver' && (effect.op === 'mount' || effect.op === 'unmount')) {
      const view = volume(`${effect.driver}/${effect.name}`);
      view.mountedByDriver = effect.op === 'mount';
      return [`${view.key}: driver ${effect.op}ed it`];
    }
    if (effect?.type !== 'bind' && effect?.type !== 'detach') return [];
    const parts = effect.target.split('/');
    const mode = parts.at(-3) === '.ro' ? 'ro' : 'rw';
    const view = volume(parts.slice(-2).join('/'));
    view.modes = view.modes.filter((known) => known !== mode);
    if (effect.type === 'bind') view.modes.push(mode);
    return [`${view.key}: managed mount (${mode}) ${effect.type === 'bind' ? 'made' : 'taken away'}`];
  }

  function eventLines(event: Event): string[] {
    if (event.type === 'cleanup') return drop(event.id);
    if (event.type === 'recover')
      return [`recovered with ${plural(event.containers?.length ?? 0, 'container')} running`];
    if (event.type !== 'done' || !event.ok) return [];
    const effect = under.get(event.effect);
    under.delete(event.effect);
    return finished(effect);
  }

  function effectLines(effect: Effect): string[] {
    if ('effect' in effect) under.set(effect.effect, effect);
    if (effect.type === 'alert') return [`alert: ${effect.message}`];
    if (effect.type !== 'reply' || !effect.ok) return [];
    const id = preparing.get(effect.call);
    return id === undefined ? [] : (effect.mounts ?? []).flatMap(({ source }) => hold(source, id));
  }

  function take(frame: Uint8Array): string[] {
    const event = decodeEvent(frame);
    const effects = decodeEffects(policy.step(frame));
    if (event.type === 'prepare') preparing.set(event.call, event.container.id);
    return [...eventLines(event), ...effects.flatMap(effectLines)];
  }

  return {
    poll: () =>
      segmentFiles(journal).flatMap((file) => {
        const { records } = readSegment(file);
        const from = seen.get(file) ?? 0;
        seen.set(file, records.length);
        return records
          .slice(from)
          .filter(({ kind }) => kind === 'event')
          .flatMap(({ frame }) => take(frame));
      }),
    volumes: () => [...volumes.values()],
    maxHolders: () => most,
  };
}

export function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
