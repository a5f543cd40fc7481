import type { Config } from '../host/frames/types.ts';
import type { Present } from './present/present.ts';
import { createRandom, type Random } from './random.ts';

/** The managed root of the simulated agent. */
export const ROOT = '/m';

/** How a driver behaves, beside the protocol. */
export interface Quirks {
  /** What it counts: nothing; ids of Mount; calls of Mount for each name, with the id ignored. */
  counts: 'none' | 'ids' | 'calls';
  /** Counts are gone after a restart of the driver; with `ids` its mounts are gone with it (FUSE). */
  forgets: boolean;
  /** Unmount of what is not mounted is an error. */
  strict: boolean;
  /** Unmount takes every mount of the device, ours included. */
  everyMount: boolean;
  /** Mount answers the first mount of the device, possibly ours. */
  firstMount: boolean;
  /** Believes its memory: what somebody else unmounted is not mounted again. */
  trusting: boolean;
  /** The mountpoint is a directory in the volume, not its root. */
  dataDir: boolean;
  /** The same device each time it is mounted: all mounts of it show one file system. */
  sameDev: boolean;
  /** Get names a mountpoint also for what is not mounted. */
  hints: boolean;
  /** Get is missing. */
  noGet: boolean;
  /** And so is List. */
  noList: boolean;
  /** What a restart of the driver forgets stays in the kernel's table, dead (FUSE). */
  staysDead: boolean;
  /** Mount creates what does not exist. */
  creates: boolean;
  /** Volumes are plain directories: the kernel never shows a mount. */
  plain: boolean;
}

export interface Setup {
  seed: number;
  config: Config;
  quirks: Record<string, Quirks>;
  /** Which volumes containers ask for; by default all of {@link VOLUMES}. */
  volumes?: typeof VOLUMES;
  /** What is there at the beginning; by default nothing. */
  present?: Present;
  /** Tenants that the policy lets only read; by default there are no tenants. */
  readers?: readonly string[];
  /** The time in which there may be only so many effects on a volume; a second by default, less where pauses are shorter. */
  calmMs?: number;
  /** Actions and how often they come. */
  weights: [string, number][];
  /** How often an effect goes wrong while there are faults. */
  trouble: number;
}

/** Volumes by driver; `ghost` does not exist at first. */
export const VOLUMES: readonly (readonly [driver: string, name: string])[] = [
  ['ebs', 'v1'],
  ['ebs', 'v2'],
  ['nfs', 'n1'],
  ['ebs', 'ghost'],
];

export const ORDINARY: [string, number][] = [
  ['complete', 48],
  ['prepare', 14],
  ['fork', 8],
  ['cleanup', 9],
  ['pass', 6],
  ['perform', 5],
  ['deliver', 6],
  ['destroy', 2],
  ['again', 2],
  ['debug', 0.7],
  ['update', 0.7],
];

export const FAULTS: [string, number][] = [
  ['crash', 2],
  ['die', 3],
  ['restart', 1.5],
  ['reboot', 0.7],
  ['damage', 1],
  ['double', 2],
  ['stray', 1],
  ['vanishManaged', 2],
  ['vanishDriver', 1.5],
  ['tell', 3],
  ['driverRestart', 1.5],
  ['driverDown', 1],
  ['otherMount', 2],
  ['otherUnmount', 2],
  ['operator', 1.5],
  ['configure', 1],
];

export function createQuirks(random: Random): Quirks {
  const plain = random.chance(0.1);
  const noGet = random.chance(0.15);
  return {
    counts: random.pick(['none', 'ids', 'calls'] as const),
    forgets: random.chance(0.4),
    strict: random.chance(0.4),
    everyMount: !plain && random.chance(0.2),
    firstMount: !plain && random.chance(0.15),
    trusting: random.chance(0.15),
    dataDir: random.chance(0.6),
    sameDev: random.chance(0.5),
    hints: random.chance(0.3),
    noGet,
    noList: noGet && random.chance(0.4),
    staysDead: !plain && random.chance(0.4),
    creates: random.chance(0.4),
    plain,
  };
}

/** The world of a seed: configuration, drivers, and which faults there are. Few at a time: many hide one another. */
export function createSetup(seed: number): Setup {
  const random = createRandom(seed);
  const quirks = { ebs: createQuirks(random), nfs: createQuirks(random) };
  const share = random.pick([0.15, 0.4, 0.8]);
  const weights = [...ORDINARY, ...FAULTS.filter(() => random.chance(share))];
  const trouble = random.pick([0, 0.1, 0.25, 0.5]);
  const config: Config = {
    agentId: 'a1',
    root: ROOT,
    defaultDriver: 'ebs',
    lingerMs: random.pick([0, 0, 5000]),
    settleMs: random.pick([30000, 10000]),
    drivers: Object.fromEntries(
      Object.entries(quirks).map(([name, { plain, noGet, creates }]) => [
        name,
        {
          plainDirs: plain,
          mountNeverCreates: noGet && !creates,
          create: random.chance(0.5),
          createOptions: random.chance(0.7) ? ['size'] : [],
          mountMs: random.pick([120000, 20000]),
          ...(random.chance(0.1) ? { sharing: 'exclusive' as const } : {}),
          ...(random.chance(0.06) ? { readonly: true } : {}),
          ...(random.chance(0.1) ? { lingerMs: 2000 } : {}),
        },
      ]),
    ),
    ...createAdmission(random),
  };
  return { seed, config, quirks, weights, trouble };
}

/** What single volumes may, and whether a task must have been given them. */
function createAdmission(random: Random): Partial<Config> {
  const volumes: NonNullable<Config['volumes']> = {};
  if (random.chance(0.2)) volumes['ebs/v1'] = { sharing: random.pick(['exclusive', 'shared'] as const) };
  if (random.chance(0.15)) volumes['nfs/n1'] = { readonly: true };
  if (random.chance(0.15)) volumes['ebs/v2'] = { lingerMs: random.pick([0, 1000]) };
  if (!random.chance(0.2)) return { volumes };
  return {
    volumes,
    offers: {
      ebsvolumes: { driver: 'ebs', volumes: ['v1', 'v2', 'ghost'] },
      nfsvolumes: { driver: 'nfs', volumes: ['n1'] },
    },
    requireOffer: random.chance(0.5),
  };
}
