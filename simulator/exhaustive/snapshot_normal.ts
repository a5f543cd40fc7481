import { unpack } from '../../host/frames/codec.ts';
import { PolicyError } from '../../host/policy/policy_error.ts';
import type { Labels } from './labels.ts';

/**
 * The fields of a snapshot, in the order of `assembly/state/snapshot.ts` (a test holds them together), and what each is to a
 * fingerprint:
 *
 * - `as`: itself, with names as labels.
 * - `drop`: never decides anything. Counters of numbers that are always new (`nextEffect`, `nextSeq`); the texts of the last failure,
 *   which only go into messages; the policy's `now`, because the next event brings a later one.
 * - `time`: the distance from now, 0 for none: the policy compares and adds times, and does nothing else with them.
 * - `seq`: its rank, because it only orders what is due at the same moment.
 * - `boot`: whether it is the present one; no later one is ever the same as one of before.
 * - `attempt`: dropped where every pause has the same length (`retryMaxMs` up to 3), for it is the length of the pause and a word
 *   in messages; else itself.
 * - `ended`: the number of the effect under way, or of the last one; it counts as long as its end may still be told, which is as long as
 *   the world has it. So do the entries of `inFlight`: those of effects that were voided wait for an end that never comes.
 * - `managed`: the number of a managed mount, 0 for one that is gone: it is compared with those of mounts that are there.
 * - `looks`: see {@link addLooks}.
 * - the others: labels, of which only equality matters.
 */
export const TOP = {
  SCHEMA: 'as',
  now: 'drop',
  bootId: 'boot',
  recovered: 'as',
  draining: 'as',
  nextEffect: 'drop',
  nextSeq: 'drop',
  config: 'as',
  quarantine: 'as',
  containers: 'containers',
  volumes: 'volumes',
  inFlight: 'inFlight',
} as const;

export const CONTAINER = {
  seq: 'seq',
  id: 'as',
  phase: 'as',
  requests: 'as',
  sandbox: 'as',
  rootfs: 'as',
  user: 'as',
  pid: 'pid',
  calls: 'call',
  deadlineAt: 'time',
  placing: 'effect',
  placed: 'as',
  ownDevs: 'as',
  destroyed: 'as',
} as const;

export const VOLUME = {
  seq: 'seq',
  driver: 'as',
  name: 'as',
  plainDirs: 'as',
  options: 'as',
  exists: 'as',
  mounted: 'as',
  rw: 'as',
  ro: 'as',
  rwMountId: 'managed',
  roMountId: 'managed',
  mountpoint: 'as',
  driverMountId: 'mount',
  rwFromId: 'mount',
  roFromId: 'mount',
  dev: 'as',
  suspect: 'as',
  stacked: 'as',
  binding: 'as',
  bindUntil: 'looks',
  owedMin: 'as',
  owedMax: 'as',
  unmountTried: 'as',
  owedBefore: 'as',
  owedStale: 'as',
  users: 'as',
  doing: 'as',
  effect: 'ended',
  attempt: 'attempt',
  retryAt: 'time',
  settleAt: 'looks',
  vanishAt: 'looks',
  lingerAt: 'time',
  witnessed: 'as',
  unclaimed: 'as',
  lookedAt: 'looks',
  doubted: 'as',
  held: 'as',
  failure: 'drop',
  failureCode: 'drop',
} as const;

export const IN_FLIGHT = { effect: 'effect', key: 'as', isVolume: 'as' } as const;

const TOP_KINDS = Object.values(TOP);
const CONTAINER_KINDS = Object.values(CONTAINER);
const VOLUME_KINDS = Object.values(VOLUME);
const IN_FLIGHT_KINDS = Object.values(IN_FLIGHT);
const at = (name: keyof typeof VOLUME): number => Object.keys(VOLUME).indexOf(name);
const SETTLE = at('settleAt');
const VANISH = at('vanishAt');
const BIND = at('bindUntil');
const BINDING = at('binding');
const LOOKED = at('lookedAt');
/** Up to this `retryMaxMs` a pause has no spread, so that all are the same. */
const SAME_PAUSE_MS = 3;

type Row = readonly unknown[];

export interface Moment {
  readonly now: number;
  readonly bootId: string;
  readonly retryMaxMs: number;
  /** Numbers of effects whose ends may still be told. */
  readonly open: ReadonlySet<number>;
  /** Numbers of the mounts that there are. */
  readonly alive: ReadonlySet<number>;
}

/** Puts the state of a policy into a fingerprint. Throws PolicyError for one that it cannot read. */
export function addSnapshot(labels: Labels, bytes: Uint8Array, moment: Moment): void {
  const top = unpack(bytes) as Row;
  check(top, TOP_KINDS, 'state');
  const containers = top[TOP_KINDS.indexOf('containers')] as Row[];
  const volumes = top[TOP_KINDS.indexOf('volumes')] as Row[];
  const inFlight = (top[TOP_KINDS.indexOf('inFlight')] as Row[]).filter(([effect]) =>
    moment.open.has(effect as number),
  );
  const seqs = [...containers, ...volumes].map(([seq]) => seq as number).sort((one, other) => one - other);
  top.forEach((value, index) => {
    const kind = TOP_KINDS[index];
    if (kind === 'boot') labels.add(value === moment.bootId ? 1 : 0);
    else if (kind === 'as') addAsIs(labels, value);
  });
  labels.add(containers.length);
  for (const row of containers) {
    check(row, CONTAINER_KINDS, 'container');
    addRow(labels, row, CONTAINER_KINDS, moment, seqs);
  }
  labels.add(volumes.length);
  for (const row of volumes) {
    check(row, VOLUME_KINDS, 'volume');
    addRow(labels, row, VOLUME_KINDS, moment, seqs);
    addLooks(labels, row, moment.now);
  }
  labels.add(inFlight.length);
  for (const row of inFlight) {
    check(row, IN_FLIGHT_KINDS, 'inFlight');
    addRow(labels, row, IN_FLIGHT_KINDS, moment, seqs);
  }
}

function check(row: Row, kinds: readonly string[], what: string): void {
  if (Array.isArray(row) && row.length === kinds.length) return;
  throw new PolicyError(
    `the exhaustive search reads snapshots of ${kinds.length} fields a ${what}, this policy's have ${row.length}; tell it the ` +
      'others in simulator/exhaustive/snapshot_normal.ts',
  );
}

function addRow(labels: Labels, row: Row, kinds: readonly string[], moment: Moment, seqs: number[]): void {
  for (let i = 0; i < kinds.length; i += 1) {
    const value = row[i];
    switch (kinds[i]) {
      case 'as':
        addAsIs(labels, value);
        break;
      case 'time':
        labels.add(value === 0 ? 0x7fff_fffe : (value as number) - moment.now);
        break;
      case 'seq':
        labels.add(seqs.indexOf(value as number));
        break;
      case 'call':
        labels.add((value as number[]).length);
        for (const call of value as number[]) labels.label('call', call);
        break;
      case 'ended':
        labels.label('effect', moment.open.has(value as number) ? (value as number) : 0);
        break;
      case 'managed':
        labels.label('mount', moment.alive.has(value as number) ? (value as number) : 0);
        break;
      case 'mount':
      case 'effect':
      case 'pid':
        labels.label(kinds[i] as 'mount' | 'effect' | 'pid', value as number);
        break;
      case 'attempt':
        if (moment.retryMaxMs > SAME_PAUSE_MS) labels.add(value as number);
        break;
    }
  }
}

/**
 * `settleAt`, `vanishAt` and `bindUntil` are compared with now, and with the begin of the last look. Once past they are never ahead
 * of now again, so that only the second question is left, for `bindUntil` while it has a bind (`binding`) that it speaks of; while they
 * are ahead, so they are of the look. `lookedAt` asks nothing else.
 */
function addLooks(labels: Labels, row: Row, now: number): void {
  const looked = row[LOOKED] as number;
  for (const index of [SETTLE, VANISH, BIND]) {
    const until = row[index] as number;
    const isAsked = looked < until && (index !== BIND || row[BINDING] !== 0);
    labels.add(until > now ? until - now : isAsked ? -1 : -2);
  }
}

function addAsIs(labels: Labels, value: unknown): void {
  if (typeof value === 'number') labels.add(value);
  else if (typeof value === 'string') labels.text(value);
  else if (typeof value === 'boolean') labels.add(value ? 0x1111_1111 : 0x2222_2222);
  else if (Array.isArray(value)) {
    labels.add(value.length);
    for (const item of value) addAsIs(labels, item);
  } else if (value && typeof value === 'object') addAsIs(labels, Object.entries(value).flat());
  else labels.add(0x3333_3333);
}
