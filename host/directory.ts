import { DOCKER_PLACES, type PluginPlaces } from './effects/plugin_places.ts';
import { decodeEvent } from './frames/event_frame.ts';
import type { Config, Effect, Event } from './frames/types.ts';

/**
 * What names in effects stand for: addresses of drivers, sandboxes and pids of containers, paths of driver mounts. All of it was
 * in events before, and is learnt again from the same events when a journal is replayed. Nothing is decided with it.
 */
export interface Directory {
  root: string;
  /** Where drivers without an address are looked for. Not learnt: the host's configuration says it. */
  plugins: PluginPlaces;
  /** By driver name; a driver that is no longer configured keeps its last address. */
  readonly drivers: Map<string, DriverPlace>;
  readonly containers: Map<string, ContainerPlace>;
  /** Driver mountpoints by `driver/name`, as last answered. */
  readonly mountpoints: Map<string, string>;
  /** The file system (`major:minor`) of each volume, as last bound. */
  readonly devs: Map<string, string>;
}

export interface DriverPlace {
  address: string | undefined;
  maxInFlight: number;
  plainDirs: boolean;
}

export interface ContainerPlace {
  sandbox: string;
  rootfs: string | undefined;
  pid: number | undefined;
  /** Wall time of the event that named it first, milliseconds; 0 when no clock made it. For people. */
  since: number;
}

export interface DirectoryKeeper {
  readonly directory: Directory;
  /** Learns from an event and the effects that followed it. `wallMs`: of its record. */
  learn(event: Event, effects: readonly Effect[], wallMs?: number): void;
  /** All that was learnt, for a snapshot of the journal. */
  keep(): Learnt;
  /** Takes the place of all that was learnt with what `keep` gave. */
  remember(learnt: Learnt): void;
}

/** What a directory has learnt, as MessagePack has it: pairs of a key and what is known of it, null for what is not known. */
export interface Learnt {
  root: string;
  drivers: [string, { address: string | null; maxInFlight: number; plainDirs: boolean }][];
  /** `since` is missing in what older versions kept. */
  containers: [string, { sandbox: string; rootfs: string | null; pid: number | null; since?: number }][];
  mountpoints: [string, string][];
  devs: [string, string][];
  /** Volumes by the number of the effect whose answer will name a mountpoint. */
  asked: [number, string][];
}

const MAX_IN_FLIGHT = 16;

/** What is of use here in the value of a `done`. */
interface Answer {
  mountpoint?: string;
  dev?: string;
  driver?: { path?: string; pathMountId?: number };
}

export function createDirectory(): DirectoryKeeper {
  const directory: Directory = {
    root: '',
    plugins: DOCKER_PLACES,
    drivers: new Map(),
    containers: new Map(),
    mountpoints: new Map(),
    devs: new Map(),
  };
  /** Volume of each effect whose answer names a mountpoint. */
  const asked = new Map<number, string>();

  function learnConfig(config: Config): void {
    directory.root = config.root;
    for (const [name, driver] of Object.entries(config.drivers)) {
      directory.drivers.set(name, {
        address: driver.address,
        maxInFlight: driver.maxInFlight ?? MAX_IN_FLIGHT,
        plainDirs: driver.plainDirs ?? false,
      });
    }
  }

  function learnDone(event: Event & { type: 'done' }): void {
    const key = asked.get(event.effect);
    if (key === undefined) return;
    asked.delete(event.effect);
    const answer = event.value as Answer | undefined;
    if (event.ok && answer?.dev) directory.devs.set(key, answer.dev);
    const seen = answer?.driver?.pathMountId === undefined ? undefined : answer.driver.path;
    const path = answer?.mountpoint ?? seen;
    if (event.ok && path) directory.mountpoints.set(key, path);
  }

  function learnEvent(event: Event, effects: readonly Effect[], wallMs: number): void {
    const sinceOf = (id: string) => directory.containers.get(id)?.since ?? wallMs;
    if (event.type === 'configure' && isTaken(event.call, effects)) learnConfig(event.config);
    else if (event.type === 'prepare') {
      const { id, sandbox, rootfs } = event.container;
      if (isRefused(event.call, effects)) return;
      const pid = directory.containers.get(id)?.pid;
      directory.containers.set(id, { sandbox, rootfs, pid, since: sinceOf(id) });
    } else if (event.type === 'recover') {
      for (const { id, sandbox, rootfs, pid } of event.containers)
        directory.containers.set(id, { sandbox, rootfs, pid, since: sinceOf(id) });
    } else if (event.type === 'isolate') {
      const place = directory.containers.get(event.id);
      if (place) place.pid = event.pid;
    } else if (event.type === 'cleanup') directory.containers.delete(event.id);
    else if (event.type === 'done') learnDone(event);
  }

  return {
    directory,
    learn(event, effects, wallMs = 0) {
      learnEvent(event, effects, wallMs);
      for (const effect of effects) {
        const answersPath = (effect.type === 'driver' && effect.op === 'mount') || effect.type === 'observe';
        if (answersPath) asked.set(effect.effect, `${effect.driver}/${effect.name}`);
        else if (effect.type === 'bind')
          asked.set(effect.effect, effect.target.split('/').slice(-2).join('/'));
      }
    },
    keep: () => ({
      root: directory.root,
      drivers: [...directory.drivers].map(([name, place]) => [
        name,
        { ...place, address: place.address ?? null },
      ]),
      containers: [...directory.containers].map(([id, { sandbox, rootfs, pid, since }]) => [
        id,
        { sandbox, rootfs: rootfs ?? null, pid: pid ?? null, since },
      ]),
      mountpoints: [...directory.mountpoints],
      devs: [...directory.devs],
      asked: [...asked],
    }),
    remember(learnt) {
      directory.root = learnt.root;
      refill(
        directory.drivers,
        learnt.drivers.map(([name, place]) => [name, { ...place, address: place.address ?? undefined }]),
      );
      refill(
        directory.containers,
        learnt.containers.map(([id, { sandbox, rootfs, pid, since }]) => [
          id,
          { sandbox, rootfs: rootfs ?? undefined, pid: pid ?? undefined, since: since ?? 0 },
        ]),
      );
      refill(directory.mountpoints, learnt.mountpoints);
      refill(directory.devs, learnt.devs);
      refill(asked, learnt.asked);
    },
  };
}

function refill<Key, Value>(map: Map<Key, Value>, entries: readonly [Key, Value][]): void {
  map.clear();
  for (const [key, value] of entries) map.set(key, value);
}

function isRefused(call: number, effects: readonly Effect[]): boolean {
  return effects.some((effect) => effect.type === 'reply' && effect.call === call && !effect.ok);
}

function isTaken(call: number, effects: readonly Effect[]): boolean {
  return effects.some((effect) => effect.type === 'reply' && effect.call === call && effect.ok);
}

/** Like `learn`, from the frame of a journal; a frame that the policy refused teaches nothing. */
export function learnFrame(
  keeper: DirectoryKeeper,
  frame: Uint8Array,
  effects: readonly Effect[],
  wallMs = 0,
): void {
  try {
    keeper.learn(decodeEvent(frame), effects, wallMs);
  } catch {
    // The policy has answered it as unreadable, and so it names nothing.
  }
}
