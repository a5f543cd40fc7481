import type { Config } from '../../host/frames/types.ts';
import type { Wanted } from '../requests.ts';
import { type Quirks, ROOT, type Setup } from '../setup.ts';

/** A world that is small enough for all its ways to be gone. */
export interface SmallWorld {
  readonly name: string;
  /** What is special about it, for people. */
  readonly about: string;
  readonly quirks?: Partial<Quirks>;
  readonly config?: Partial<Config>;
  readonly driver?: Config['drivers'][string];
  /** The modes in which volumes are asked for: read-only or not. */
  readonly readonly?: readonly boolean[];
  /** Another client of the same driver mounts and unmounts. */
  readonly others?: boolean;
}

/** Which of its containers and volumes there are, and how much may go wrong. */
export interface Size {
  readonly containers: number;
  readonly volumes: number;
  readonly faults: number;
}

const PLAIN_QUIRKS: Quirks = {
  counts: 'none',
  forgets: false,
  strict: false,
  everyMount: false,
  firstMount: false,
  trusting: false,
  dataDir: true,
  sameDev: false,
  hints: false,
  noGet: false,
  noList: false,
  staysDead: false,
  creates: false,
  plain: false,
};

/**
 * Where a driver's mount is dead, a prepare tries to bind it until its time is over, with the least pause after each try. How much of
 * that time is left tells the states on the way apart: by default 45,000 of them for each way there.
 */
const SHORT_PREPARE_MS = 10;

/** In the order in which they are searched. */
export const SMALL_WORLDS: readonly SmallWorld[] = [
  { name: 'plain', about: 'a driver that counts nothing' },
  { name: 'linger', about: 'volumes linger', config: { lingerMs: 3 } },
  { name: 'calls', about: 'a driver that counts calls', quirks: { counts: 'calls' } },
  {
    name: 'ids',
    about: 'a driver that counts ids, and whose mounts go with it',
    quirks: { counts: 'ids', forgets: true, strict: true },
  },
  {
    name: 'forgetful',
    about: 'a driver that counts calls, forgets them at a restart and refuses what it does not know',
    quirks: { counts: 'calls', forgets: true, strict: true },
  },
  {
    name: 'dead',
    about: 'a driver whose mounts stay in the kernel, dead, when it restarts',
    quirks: { counts: 'ids', forgets: true, staysDead: true },
    config: { prepareMs: SHORT_PREPARE_MS },
  },
  { name: 'exclusive', about: 'one container a volume', driver: { sharing: 'exclusive' } },
  { name: 'modes', about: 'containers read, or write', readonly: [false, true] },
  {
    name: 'every-mount',
    about: 'unmount takes every mount of the device, which stays the same',
    quirks: { everyMount: true, sameDev: true },
  },
  {
    name: 'trusting',
    about: 'a driver that believes its memory, and answers Get for what is not mounted',
    quirks: { counts: 'calls', trusting: true, hints: true, dataDir: false },
  },
  {
    name: 'directories',
    about: 'volumes are plain directories, which no kernel shows',
    quirks: { plain: true },
    driver: { plainDirs: true },
  },
  {
    name: 'others',
    about: 'another client of a driver that counts calls',
    quirks: { counts: 'calls' },
    others: true,
  },
];

/**
 * Pauses are as short as they can be, so that time has few steps: with `retryMaxMs` 1 every pause is 1 ms, whatever the number
 * of the attempt, and what is late comes at once or 1 ms later. A deadline keeps its length: it is far beyond all pauses.
 */
export const SETTLE_MS = 2;
const RETRY_MAX_MS = 1;
/** A prepare ends once, not twice, while a driver is slow. */
const MOUNT_MS = 60_000;

export function setupOf(small: SmallWorld, { volumes }: Size): Setup {
  const quirks = { ...PLAIN_QUIRKS, ...small.quirks };
  const config: Config = {
    agentId: 'a1',
    root: ROOT,
    defaultDriver: 'ebs',
    settleMs: SETTLE_MS,
    retryMaxMs: RETRY_MAX_MS,
    ...small.config,
    drivers: { ebs: { mountMs: MOUNT_MS, ...small.driver } },
  };
  return {
    seed: 0,
    config,
    quirks: { ebs: quirks },
    volumes: Array.from({ length: volumes }, (_, index) => ['ebs', `v${index + 1}`] as const),
    calmMs: 1,
    weights: [],
    trouble: 0,
  };
}

/**
 * What a container may ask for: each volume, or all of them, in each mode. All containers may ask for the same: without that they could
 * not be taken for one another in {@link addWorld}.
 */
export function wishesOf(small: SmallWorld, { volumes }: Size): Wanted[][] {
  const names = Array.from({ length: volumes }, (_, at) => `v${at + 1}`);
  const sets = volumes > 1 ? [...names.map((name) => [name]), names] : [names];
  return (small.readonly ?? [false]).flatMap((readonly) =>
    sets.map((set) =>
      set.map((name) => ({
        way: 'label' as const,
        driver: 'ebs',
        name,
        readonly,
        create: false,
        options: '',
      })),
    ),
  );
}
