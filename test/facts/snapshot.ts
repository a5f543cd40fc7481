import { pack, unpack } from '../../host/frames/codec.ts';
import type { Policy } from '../../host/policy/policy.ts';
import { TOP, VOLUME } from '../../simulator/exhaustive/snapshot_normal.ts';
import type { Facts, User, Want } from './facts.ts';

/** The time in the composed states. Everything that is over lies before it, everything to come after it. */
export const NOW = 1_000_000;
const LATER = NOW + 50_000;
export const PAUSED_UNTIL = LATER + 5;
/** Ends the quarantine, and with it has every volume looked at. */
export const LAST_OF_QUARANTINE = 'last';
export const LEAVER = 'leaver';

/** Places in the snapshot's lists; assembly/state/snapshot.ts writes them. */
const top = (name: keyof typeof TOP) => Object.keys(TOP).indexOf(name);
export const volumeField = (name: keyof typeof VOLUME) => Object.keys(VOLUME).indexOf(name);
export const AT = {
  now: top('now'),
  nextEffect: top('nextEffect'),
  nextSeq: top('nextSeq'),
  quarantine: top('quarantine'),
  containers: top('containers'),
  volumes: top('volumes'),
  inFlight: top('inFlight'),
};
const PHASES = { waits: 0, holds: 1, limited: 2 };
const FACT = { no: 0, yes: 1, unknown: 2 };
/** At least, at most, and how many of them are stale. */
const OWED = {
  none: [0, 0, 0],
  maybe: [0, 1, 0],
  surely: [1, 1, 0],
  'maybe-stale': [0, 1, 1],
  'surely-stale': [1, 1, 1],
};
const UNMOUNT = { none: 0, open: LATER };
const GET = 1;

/** One volume in a state of its own, with the users that its want says. */
export interface Cell {
  facts: Facts;
  want: Want;
  /** An effect is under way. */
  busy?: boolean;
}

export const callOf = (index: number, user: number) => 10_000 + index * 10 + user;
export const idOf = (index: number, user: number) => `c${index}.${user}`;
export const nameOf = (index: number) => `v${index}`;
export const driverOf = (want: Want) => (want.neverCreates ? 'never' : 'ebs');

/** The snapshot of a policy that has one volume for each cell. `configured` is one that has its configuration and its recovery. */
export function compose(configured: Policy, cells: readonly Cell[]): Uint8Array {
  const whole = unpack(configured.snapshot() as Uint8Array) as unknown[];
  const leaves = cells.filter(({ want }) => want.unclaimed);
  whole[AT.now] = NOW;
  whole[AT.nextEffect] = 1_000_000;
  whole[AT.nextSeq] = 1_000_000;
  whole[AT.quarantine] = leaves.length > 0 ? ['other'] : [LAST_OF_QUARANTINE];
  whole[AT.containers] = [
    ...cells.flatMap((cell, index) => cell.want.users.map((user, at) => containerOf(cell, user, index, at))),
    ...(leaves.length > 0 ? [leaver(cells)] : []),
  ];
  whole[AT.volumes] = cells.map(volumeOf);
  whole[AT.inFlight] = cells.flatMap(({ want, busy }, index) =>
    busy ? [[index + 1, `${driverOf(want)}/${nameOf(index)}`, true]] : [],
  );
  return pack(whole);
}

function volumeOf({ facts, want, busy }: Cell, index: number): unknown[] {
  const users = want.users.map((_, at) => idOf(index, at));
  const isBusy = busy === true;
  return [
    index + 1, // seq
    driverOf(want),
    nameOf(index),
    facts.plain === 'yes',
    [], // options
    FACT[facts.exists],
    FACT[facts.mounted],
    FACT[facts.rw],
    FACT[facts.ro],
    21, // rwMountId
    22, // roMountId
    '/d/somewhere',
    30, // driverMountId
    facts.binds === 'old' ? 29 : 30, // rwFromId
    facts.binds === 'old' ? 29 : 30, // roFromId
    '7:1',
    facts.binds === 'suspect' ? (facts.rw === 'yes' ? 1 : 0) + (facts.ro === 'yes' ? 2 : 0) : 0,
    0, // stacked
    0, // binding
    0, // bindUntil
    ...OWED[facts.owed].slice(0, 2),
    false, // unmountTried
    false, // owedBefore
    OWED[facts.owed][2],
    want.unclaimed ? [LEAVER] : users,
    isBusy ? GET : 0,
    isBusy ? index + 1 : 0,
    0, // attempt
    facts.pause === 'yes' ? PAUSED_UNTIL : 0,
    facts.settling === 'yes' ? LATER + 7 : 0,
    UNMOUNT[facts.unmount],
    want.lingers ? LATER : 0,
    facts.witnessed === 'yes',
    want.unclaimed === true,
    NOW - 100, // lookedAt
    false, // doubted
    want.held === true,
    '', // failure
    '',
  ];
}

function containerOf(cell: Cell, user: User, index: number, at: number): unknown[] {
  const calls = user.phase === 'waits' ? [callOf(index, at)] : [];
  return container(idOf(index, at), PHASES[user.phase], [requestOf(cell, index, user)], calls, user.proof);
}

/** Its cleanup is what has unclaimed volumes looked at. */
function leaver(cells: readonly Cell[]): unknown[] {
  const requests = cells.map((cell, index) => requestOf(cell, index, { phase: 'limited' }));
  return container(LEAVER, PHASES.limited, requests, [], false);
}

function container(
  id: string,
  phase: number,
  requests: unknown[],
  calls: number[],
  proof = false,
): unknown[] {
  const deadlineAt = calls.length > 0 ? LATER : 0;
  const devs = proof ? ['7:1'] : [];
  return [
    500_000,
    id,
    phase,
    requests,
    '/s',
    '',
    '',
    0,
    calls,
    deadlineAt,
    0,
    phase !== PHASES.waits,
    devs,
    false,
  ];
}

function requestOf({ want }: Cell, index: number, user: User): unknown[] {
  return [
    driverOf(want),
    nameOf(index),
    'data',
    user.readonly === true,
    user.create === true,
    [],
    'label volume',
  ];
}
