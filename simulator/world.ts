import type { WorkEffect } from '../host/frames/types.ts';
import type { Policy } from '../host/policy/policy.ts';
import { type Coverage, createCoverage, FAULTS } from './coverage.ts';
import { createKernel, type FileSystem, type Kernel } from './kernel.ts';
import { createRandom, type Random } from './random.ts';
import { type Quirks, type Setup, VOLUMES } from './setup.ts';

/** One volume as it really is: what its driver believes, and what is true. */
export interface SimVolume {
  readonly key: string;
  readonly driver: string;
  readonly name: string;
  readonly quirks: Quirks;
  exists: boolean;
  /** Where the driver mounts it. */
  readonly place: string;
  /** The mountpoint that it answers: the place, or a directory in it. */
  readonly mountpoint: string;
  /** The file system that the driver made available last. */
  fs: FileSystem | undefined;
  /** What the driver counts. */
  count: number;
  ids: Set<string>;
  /** Driver mounts that are ours, and those of others: the truth. */
  ours: number;
  others: number;
  /** The mount that the kernel shows was made for us, not for another client. */
  mountedByUs: boolean;
  /** The disk is attached to the machine. */
  attached: boolean;
  /** Mounts that may still come true, for the rule against second ones. */
  pending: number;
  /** Something happened that the policy has not been told and has not looked at since. */
  blind: boolean;
  /** How often it was taken away by others than the policy. */
  hurts: number;
  /** Something went wrong with a mount or an unmount: the policy can no longer know the count. */
  unsure: boolean;
  /** A bind was made and its end never told: the policy cannot know what it shows. */
  unheard: boolean;
  /** The record of it was lost, and nothing else showed it: what the driver has is not known to the policy. */
  forgiven: boolean;
  /** An unmount was sent since our last mount. */
  unmountSent: boolean;
}

/** A mount that a container made in its own namespace. */
export interface OwnMount {
  readonly key: string;
  readonly fs: FileSystem;
  readonly mountId: number;
  readonly target: string;
}

export interface SimContainer {
  readonly id: string;
  readonly labels: [string, string][];
  readonly wants: readonly { key: string; readonly: boolean; target: string }[];
  /** `asked`: prepare is open; `ready`: answered ok; `running`: it has its own namespace; `failed`: it will be cleaned up. */
  phase: 'asked' | 'ready' | 'running' | 'failed';
  limited: boolean;
  destroyed: boolean;
  /** Recovered without labels from a lost journal: nobody but the kernel knows what it has. */
  anonymous: boolean;
  own: OwnMount[];
  /** Mounts of the agent's namespace at its fork: copies, which go when the original goes. */
  copies: ReadonlySet<number>;
  pid: number;
  /** `hurts` of each of its volumes when it was asked for. */
  hurtsAtStart: number[];
  sources: string[];
}

/** A driver operation that comes true after everybody has given it up. */
export interface Late {
  readonly dueAt: number;
  readonly op: string;
  readonly key: string;
}

export interface Outcome {
  ok: boolean;
  value?: Record<string, unknown>;
  error?: { code: string; message: string; kind: string };
}

/** An effect that the policy gave out: first it is performed, then its end is told. */
export interface Work {
  readonly effect: WorkEffect;
  readonly key: string;
  readonly begunAt: number;
  outcome: Outcome | undefined;
}

export interface Entry {
  readonly event: Record<string, unknown>;
  readonly frame: Uint8Array;
  readonly effects: Uint8Array;
}

/** Everything outside of the policy. */
export interface World {
  readonly setup: Setup;
  readonly kernel: Kernel;
  readonly volumes: Map<string, SimVolume>;
  readonly containers: Map<string, SimContainer>;
  readonly coverage: Coverage;
  /** Drivers that do not answer until then. */
  readonly downUntil: Map<string, number>;
  /** The deciding instance, and a second one for comparisons. */
  policy: Policy;
  other: Policy;
  /** The state of a policy that has seen nothing. */
  readonly empty: Uint8Array;
  /** The state before the first event of `journal`: a host that starts goes on from here. */
  base: Uint8Array;
  /** Events on disk. */
  journal: Entry[];
  /** What the host learnt from events: mountpoints and file systems, by volume. */
  mountpoints: Map<string, string>;
  devs: Map<string, FileSystem>;
  random: Random;
  faults: boolean;
  now: number;
  wakeAt: number;
  nextCall: number;
  /** Calls before this one were open when the host died: void. */
  firstCall: number;
  nextPid: number;
  bootId: number;
  /** Before the recovery was answered nothing is performed. */
  recovered: boolean;
  calls: Map<number, { type: string; id: string; answerBy: number }>;
  work: Work[];
  late: Late[];
  untold: { target: string; key: string }[];
  /** The last done that was told, for telling it twice. */
  lastDone: Record<string, unknown> | undefined;
  /** The host dies at the next event: before or after it is on disk. */
  dying: '' | 'before' | 'after';
  fault: number;
  /** Events so far. */
  steps: number;
  /** When effects on each volume began, for the rule against restless retries. */
  begun: Map<string, number[]>;
}

export interface Policies {
  /** An instance with no state; the same or another one each time. */
  deciding: Policy;
  comparing: Policy;
  empty: Uint8Array;
}

export function createWorld(setup: Setup, policies: Policies): World {
  policies.deciding.restore(policies.empty);
  const kernel = createKernel();
  const volumes = (setup.volumes ?? VOLUMES).map(([driver, name]) =>
    createVolume(driver, name, setup.quirks[driver] as Quirks),
  );
  kernel.mount('/other', { key: '', dev: '8:2', dead: false }, '/', 'foreign');
  return {
    setup,
    kernel,
    volumes: new Map(volumes.map((volume) => [volume.key, volume])),
    containers: new Map(),
    coverage: createCoverage(),
    downUntil: new Map(),
    policy: policies.deciding,
    other: policies.comparing,
    empty: policies.empty,
    base: policies.empty,
    journal: [],
    mountpoints: new Map(),
    devs: new Map(),
    random: createRandom(setup.seed),
    faults: true,
    now: 0,
    wakeAt: 0,
    nextCall: 1,
    firstCall: 1,
    nextPid: 10,
    bootId: 1,
    recovered: false,
    calls: new Map(),
    work: [],
    late: [],
    untold: [],
    lastDone: undefined,
    dying: '',
    fault: 0,
    steps: 0,
    begun: new Map(),
  };
}

function createVolume(driver: string, name: string, quirks: Quirks): SimVolume {
  const place = `/d/${driver}/${name}`;
  return {
    key: `${driver}/${name}`,
    driver,
    name,
    quirks,
    exists: name !== 'ghost',
    place,
    mountpoint: quirks.dataDir ? `${place}/data` : place,
    fs: undefined,
    count: 0,
    ids: new Set(),
    ours: 0,
    others: 0,
    attached: false,
    mountedByUs: false,
    pending: 0,
    blind: false,
    hurts: 0,
    unsure: false,
    unheard: false,
    forgiven: false,
    unmountSent: false,
  };
}

export function noteFault(world: World, name: string): void {
  world.fault = FAULTS.indexOf(name);
}

/** The volume with that key. Throws when there is none: then the policy speaks of something that nobody named. */
export function volumeOf(world: World, key: string): SimVolume {
  const volume = world.volumes.get(key);
  if (!volume) throw new Error(`the policy speaks of volume "${key}", which nobody named`);
  return volume;
}

/** The volume of a managed target: `<root>/driver/name` or `<root>/.ro/driver/name`. */
export function keyOfTarget(target: string): string {
  return target.split('/').slice(-2).join('/');
}

/** Somebody else than the policy took the volume away. */
export function hurt(volume: SimVolume, told: boolean): void {
  volume.hurts += 1;
  if (!told) volume.blind = true;
}
