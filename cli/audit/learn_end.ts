import type { Event, WorkEffect } from '../../host/frames/types.ts';
import type { Mode, VolumeRecord, When } from './record.ts';

/** What is of use here in the value of a `done`. */
interface Value {
  mountpoint?: string;
  dev?: string;
  stillMounted?: boolean;
  managed?: { mode: Mode; mountId: number }[];
  driver?: { answered: boolean; path?: string; pathMountId?: number };
  pinnedBy?: { pid: number; container?: string }[];
}

type Done = Event & { type: 'done' };

/** How an effect on a volume ended, in the record of the volume. */
export function learnEnd(volume: VolumeRecord, effect: WorkEffect, done: Done, when: When): void {
  const value = (done.value ?? {}) as Value;
  if (!done.ok) {
    failed(volume, effect, done, when);
    return;
  }
  if (effect.type === 'observe') {
    observed(volume, value, when);
    return;
  }
  volume.failure = undefined;
  if (effect.type === 'driver') driven(volume, effect, value, when);
  else if (effect.type === 'bind') bound(volume, effect.readonly ? 'ro' : 'rw', value, when);
  else if (effect.type === 'detach') volume.managed.delete(modeOf(effect.target));
}

function failed(volume: VolumeRecord, effect: WorkEffect, { error }: Done, when: When): void {
  volume.failure = { what: `${wordsOf(effect)}: ${error?.message ?? 'failed'}`, when };
  // Sent and not answered: it may have come true, or may yet.
  if (error?.kind === 'timeout') volume.cutOff = { effect, since: when, lost: when };
}

function driven(
  volume: VolumeRecord,
  { op }: WorkEffect & { type: 'driver' },
  value: Value,
  when: When,
): void {
  if (op === 'mount') {
    volume.mounted = { when, by: 'driver mount' };
    volume.mountpoint = value.mountpoint ?? volume.mountpoint;
    volume.cutOff = undefined;
    volume.forgotten = undefined;
  } else if (op === 'unmount') {
    volume.asked = false;
    if (value.stillMounted !== true) gone(volume);
  }
}

function bound(volume: VolumeRecord, mode: Mode, value: Value, when: When): void {
  volume.managed.set(mode, { when, by: 'bind' });
  volume.dev = value.dev ?? volume.dev;
  volume.pinned = undefined;
}

/** The kernel was looked at: what it showed then counts, whatever was said before. */
function observed(volume: VolumeRecord, { managed, driver, pinnedBy }: Value, when: When): void {
  const modes = new Set(managed?.map(({ mode }) => mode));
  for (const mode of [...volume.managed.keys()]) if (!modes.has(mode)) volume.managed.delete(mode);
  for (const mode of modes)
    if (!volume.managed.has(mode)) volume.managed.set(mode, { when, by: 'seen by a look' });
  if (pinnedBy?.length === 0) volume.pinned = undefined;
  // Whatever was cut off has come true by now or it has not, save for a driver that may still be at work.
  if (!isMount(volume.cutOff?.effect) || driver?.pathMountId) volume.cutOff = undefined;
  if (driver?.pathMountId) {
    volume.mountpoint = driver.path ?? volume.mountpoint;
    if (volume.asked) volume.mounted ??= { when, by: 'seen by a look' };
  } else if (driver?.answered) gone(volume);
}

function gone(volume: VolumeRecord): void {
  volume.mounted = undefined;
  volume.older = false;
}

function isMount(effect: WorkEffect | undefined): boolean {
  return effect?.type === 'driver' && effect.op === 'mount';
}

function modeOf(target: string): Mode {
  return target.split('/').at(-3) === '.ro' ? 'ro' : 'rw';
}

/** An effect in a few words. */
export function wordsOf(effect: WorkEffect): string {
  if (effect.type === 'driver') return `driver ${effect.op}`;
  return effect.type === 'observe' ? 'a look at it' : effect.type;
}
