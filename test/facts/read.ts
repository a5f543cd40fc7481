import { unpack } from '../../host/frames/codec.ts';
import type { Facts } from './facts.ts';
import { AT, volumeField } from './snapshot.ts';

type Known = 'no' | 'yes' | 'unknown';
const KNOWN: readonly Known[] = ['no', 'yes', 'unknown'];

/** A volume of a snapshot, as the tables see it. */
export interface Seen {
  key: string;
  facts: Facts;
  users: number;
}

/** The volumes of a snapshot. */
export function volumesIn(snapshot: Uint8Array): Seen[] {
  const whole = unpack(snapshot) as unknown[];
  const now = whole[AT.now] as number;
  return (whole[AT.volumes] as unknown[][]).map((fields) => seen(fields, now));
}

type Field = Parameters<typeof volumeField>[0];

function seen(fields: unknown[], now: number): Seen {
  const field = (name: Field) => fields[volumeField(name)];
  const number = (name: Field) => field(name) as number;
  const known = (name: Field) => KNOWN[number(name)] as Known;
  const [rw, ro] = [known('rw'), known('ro')];
  const isOld = (mode: Known, from: number) => mode === 'yes' && from > 0 && from !== number('driverMountId');
  const hasOld = isOld(rw, number('rwFromId')) || isOld(ro, number('roFromId'));
  const facts: Facts = {
    plain: field('plainDirs') === true ? 'yes' : 'no',
    exists: known('exists'),
    mounted: known('mounted'),
    rw,
    ro,
    binds: bindsOf(hasOld, number('suspect'), rw, ro),
    owed: owedOf(number('owedMin'), number('owedMax'), number('owedStale')),
    pause: number('retryAt') > now ? 'yes' : 'no',
    settling: number('settleAt') > now ? 'yes' : 'no',
    unmount: number('vanishAt') > now ? 'open' : 'none',
    witnessed: field('witnessed') === true ? 'yes' : 'no',
  };
  return { key: `${field('driver')}/${field('name')}`, facts, users: (field('users') as unknown[]).length };
}

function owedOf(least: number, most: number, stale: number): Facts['owed'] {
  if (most === 0) return 'none';
  const isStale = stale >= most;
  if (least === 0) return isStale ? 'maybe-stale' : 'maybe';
  return isStale ? 'surely-stale' : 'surely';
}

const RW = 1;
const RO = 2;

function bindsOf(isOld: boolean, suspect: number, rw: Known, ro: Known): Facts['binds'] {
  if (rw !== 'yes' && ro !== 'yes') return 'present';
  if (isOld) return 'old';
  return (rw === 'yes' && suspect & RW) || (ro === 'yes' && suspect & RO) ? 'suspect' : 'present';
}
