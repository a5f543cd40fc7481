import { PREPARING, READY } from './container.ts';
import { countUsers, state } from './state.ts';
import { Volume } from './volume.ts';

/** What a person would call the state of a volume. It follows from facts and users; nothing is decided by it. */
export const MOUNTING: i32 = 0;
/** Whoever has it can use it. */
export const MOUNTED: i32 = 1;
/** Nobody has it; it stays for a while, for the next one. */
export const LINGERING: i32 = 2;
export const UNMOUNTING: i32 = 3;
/** The kernel or the driver has still to say what there is. */
export const UNCERTAIN: i32 = 4;
/** The last thing tried went wrong; it is tried again. */
export const FAILED: i32 = 5;
/** Its driver is not configured any more. */
export const RETIRING: i32 = 6;
/** Nobody has it; it stays because an operator said so. */
export const HELD: i32 = 7;
/** Its driver has it no more; all that had it have been told. */
export const LOST: i32 = 8;
/** Found without a record; it stays while containers live that may have it. */
export const UNCLAIMED: i32 = 9;

export const VOLUME_WORDS: string[] = [
  'mounting',
  'mounted',
  'lingering',
  'unmounting',
  'uncertain',
  'failed',
  'retiring',
  'held',
  'lost',
  'unclaimed',
];

/** The index of its word. */
export function wordOf(volume: Volume): i32 {
  const isUsed = volume.users.length > 0;
  if (isUsed && countUsers(volume, PREPARING) + countUsers(volume, READY) == 0) return LOST;
  if (!isUsed && volume.held) return HELD;
  if (!isUsed && volume.unclaimed && state.quarantine.length > 0) return UNCLAIMED;
  if (volume.uncertain) return UNCERTAIN;
  if (volume.failure != '') return FAILED;
  return isUsed ? wordOfUsed(volume) : wordOfUnused(volume);
}

function wordOfUsed(volume: Volume): i32 {
  if (!volume.mountedForUs || volume.busy) return MOUNTING;
  return isRetiring(volume) ? RETIRING : MOUNTED;
}

function wordOfUnused(volume: Volume): i32 {
  if (volume.lingerAt > state.now) return LINGERING;
  return isRetiring(volume) ? RETIRING : UNMOUNTING;
}

function isRetiring(volume: Volume): bool {
  return state.configured().driver(volume.driver).retiring;
}
