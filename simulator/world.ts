import type { BindEffect, Config, DetachEffect, WorkEffect } from '../host/frames/types.ts';
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
  /** Since it was last clean somebody else took a mount of it away: what the kernel shows is then less than what the driver counts. */
  taken: boolean;
  /** The machine was started anew: what it may have had for us is given back once, whatever is seen. */
  owesOnce: boolean;
  /** What `ours` says is a disk that stayed attached over a reboot: the driver itself counts none. */
  leftover: boolean;
  /** Until then something of it may come true that was given up. */
  lateUntil: number;
  /** The record of it was lost, and nothing else showed it: what the driver has is not known to the policy. */
  forgiven: boolean;
  /** An unmount was sent since our last mount. */
  unmountSent: boolean;
  /** Mounts that were answered well, less the unmounts since: so many of ours the policy has to take for counted. */
  answered: number;
  /** The last look told of a mount of the driver. */
  shown: boolean;
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
  /** Whose it is, '' for nobody's. */
  readonly tenant: string;
  /** Where its requests stand, and its resources, as the agent says it in events. */
  readonly asks: Record<string, unknown>;
  readonly wants: readonly { key: string; readonly: boolean; target: string }[];
  /** `asked`: prepare is open; `ready`: answered ok; `running`: it has its own namespace; `failed`: it will be cleaned up. */
  phase: 'asked' | 'ready' | 'running' | 'failed';
  limited: boolean;
  destroyed: boolean;
  /** Its prepare was open when the host died, or the agent only knows that it has to be cleaned up: it is not prepared again. */
  voided: boolean;
  /** The container it is nested in, '' for none. */
  readonly parent: string;
  /** Codes with which its prepare has to be refused, as the world was when it was asked. */
  readonly refusals: readonly string[];
  /** It was there when a journal was lost: it may hold what the policy does not know of. */
  survivor: boolean;
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
  /** What the kernel was to do. */
  readonly effect: BindEffect | DetachEffect | undefined;
}

export interface Outcome {
  ok: boolean;
  value?: unknown;
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
  kernel: Kernel;
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
  /** A state of the policy on the way, and how many events of the journal led to it. */
  kept: { state: Uint8Array; events: number };
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
  /** How the host dies at the next event: before or after it is on disk, in a sync with others, or because the disk is full. */
  dying: '' | 'before' | 'after' | 'unsynced' | 'full';
  /** Events that still come before that, and the length of the journal on disk. */
  unsynced: number;
  synced: number;
  /** What the agent will say again to a host that comes back alone. */
  queued: { fields: Record<string, unknown>; id: string }[];
  /** What the policy was configured with last. */
  config: Config;
  draining: boolean;
  /** An operator took a volume off the record. */
  forgot: boolean;
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

/** `coverage` is where hits of the table are counted. */
export function createWorld(setup: Setup, policies: Policies, coverage = createCoverage()): World {
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
    coverage,
    downUntil: new Map(),
    policy: policies.deciding,
    other: policies.comparing,
    empty: policies.empty,
    base: policies.empty,
    journal: [],
    kept: { state: policies.empty, events: 0 },
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
    unsynced: 0,
    synced: 0,
    queued: [],
    config: setup.config,
    draining: false,
    forgot: false,
    fault: 0,
    steps: 0,
    begun: new Map(),
  };
}

/** A volume that nobody has mounted. */
export function createVolume(driver: string, name: string, quirks: Quirks): SimVolume {
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
    taken: false,
    owesOnce: false,
    leftover: false,
    lateUntil: 0,
    forgiven: false,
    unmountSent: false,
    answered: 0,
    shown: false,
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

/** The policy cannot know any more what the driver counts; what was sent may come true for `settleMs`. */
export function doubtCount(world: World, volume: SimVolume): void {
  volume.unsure = true;
  volume.lateUntil = Math.max(volume.lateUntil, world.now + (world.setup.config.settleMs as number));
}

/** Somebody else than the policy took the volume away; `work` is what is under way. */
export function hurt(volume: SimVolume, told: boolean, work: readonly Work[] = []): void {
  volume.hurts += 1;
  // It then looks as if the unmount had been the driver's last.
  const isUnmounting = work.some(
    ({ key, effect }) => key === volume.key && effect.type === 'driver' && effect.op === 'unmount',
  );
  if (isUnmounting) volume.unsure = true;
  volume.taken = true;
  if (!told) volume.blind = true;
}
