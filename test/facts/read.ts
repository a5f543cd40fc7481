import { unpack } from '../../host/frames/codec.ts';
import type { Facts } from './facts.ts';

type Known = 'no' | 'yes' | 'unknown';
const KNOWN: readonly Known[] = ['no', 'yes', 'unknown'];

/** A volume of a snapshot, as the tables see it. */
export interface Seen {
  key: string;
  facts: Facts;
  users: number;
}

/** The volumes of a snapshot; assembly/state/snapshot.ts has their fields in this order. */
export function volumesIn(snapshot: Uint8Array): Seen[] {
  const whole = unpack(snapshot) as unknown[];
  const now = whole[1] as number;
  return (whole[10] as unknown[][]).map((fields) => seen(fields, now));
}

function seen(fields: unknown[], now: number): Seen {
  const known = (at: number) => KNOWN[fields[at] as number] as Known;
  const number = (at: number) => fields[at] as number;
  const [rw, ro] = [known(7), known(8)];
  const isOld = (mode: Known, from: number) => mode === 'yes' && from > 0 && from !== number(12);
  const facts: Facts = {
    plain: fields[3] === true ? 'yes' : 'no',
    exists: known(5),
    mounted: known(6),
    rw,
    ro,
    binds: bindsOf(isOld(rw, number(13)) || isOld(ro, number(14)), number(16), rw, ro),
    owed: number(21) === 0 ? 'none' : number(20) === 0 ? 'maybe' : 'surely',
    pause: number(28) > now ? 'yes' : 'no',
    settling: number(29) > now ? 'yes' : 'no',
    unmount: number(30) > now ? 'open' : 'none',
    witnessed: fields[32] === true ? 'yes' : 'no',
  };
  return { key: `${fields[1]}/${fields[2]}`, facts, users: (fields[24] as unknown[]).length };
}

const RW = 1;
const RO = 2;

function bindsOf(isOld: boolean, suspect: number, rw: Known, ro: Known): Facts['binds'] {
  if (rw !== 'yes' && ro !== 'yes') return 'present';
  if (isOld) return 'old';
  return (rw === 'yes' && suspect & RW) || (ro === 'yes' && suspect & RO) ? 'suspect' : 'present';
}
