import { NO_TEXTS } from '../text.ts';
import { Entry } from './table.ts';

/** A fact about a volume: the kernel or the driver said so, or nobody knows. */
export const NO: i32 = 0;
export const YES: i32 = 1;
export const UNKNOWN: i32 = 2;

/** The one effect that a volume may have in flight. */
export const IDLE: i32 = 0;
export const GET: i32 = 1;
export const CREATE: i32 = 2;
export const MOUNT: i32 = 3;
export const UNMOUNT: i32 = 4;
export const BIND_RW: i32 = 5;
export const BIND_RO: i32 = 6;
export const DETACH_RW: i32 = 7;
export const DETACH_RO: i32 = 8;
export const OBSERVE: i32 = 9;
export const WITNESS: i32 = 10;

/** Bits of `suspect`, `stacked` and `binding`. */
export const RW: i32 = 1;
export const RO: i32 = 2;

export function modeBit(readonly: bool): i32 {
  return readonly ? RO : RW;
}

/** All that is known of one volume, by the key `driver/name`. What is wanted follows from its users; `next` compares the two. */
export class Volume extends Entry {
  /** Order of first sight; never used again. */
  seq: f64 = 0;
  driver: string = '';
  name: string = '';
  /** The driver's volumes are plain directories, as it was configured when the volume was first wanted. */
  plainDirs: bool = false;
  /** Of the first request, flat pairs; handed to `create`. */
  options: string[] = NO_TEXTS;

  /** Does the driver know it? */
  exists: i32 = UNKNOWN;
  /** Is it mounted by the driver? */
  mounted: i32 = NO;
  rw: i32 = NO;
  ro: i32 = NO;
  rwMountId: f64 = 0;
  roMountId: f64 = 0;
  /** The path that the driver answered to Mount. */
  mountpoint: string = '';
  driverMountId: f64 = 0;
  /** The driver mounts that our binds show; another one than the driver has now means that they are stale. 0: not known. */
  rwFromId: f64 = 0;
  roFromId: f64 = 0;
  dev: string = '';
  /** Modes whose mount is replaced before anybody is given it: nobody knows what it shows, or an open detach may still take it. */
  suspect: i32 = 0;
  /** Modes with more than one mount at their place, as last seen. */
  stacked: i32 = 0;
  /** Modes with a bind of which nobody has heard the end: it may come true until `bindUntil`. */
  binding: i32 = 0;
  bindUntil: f64 = 0;

  /** How many driver mounts are ours: at least, at most. */
  owedMin: i32 = 0;
  owedMax: i32 = 0;
  /** An unmount has been sent since the last mount: what the kernel no longer shows is then not owed. */
  unmountTried: bool = false;
  /** One of them is from before the machine started anew: given back once, or together with what is mounted since. */
  owedBefore: bool = false;
  /** So many of them were counted when the kernel showed no mount: it may be another client's that it shows since. */
  owedStale: i32 = 0;

  /** Ids of the containers that hold it or wait for it, in order of arrival. */
  users: string[] = [];

  doing: i32 = IDLE;
  /** The effect in flight, or the last one that was: a late end tells by it which volume it meant. */
  effect: f64 = 0;
  attempt: i32 = 0;
  /** Nothing is begun before this time. */
  retryAt: f64 = 0;
  /** A mount may still come true at the driver until then. */
  settleAt: f64 = 0;
  /** An unmount of which nobody has heard the end may still come true at the driver until then: nothing is begun before. */
  vanishAt: f64 = 0;
  /** Stays mounted without users until then. */
  lingerAt: f64 = 0;
  /** The last look found no live container that still has it. */
  witnessed: bool = false;
  /** Found at a recovery without a record: left alone while containers of that recovery live. */
  unclaimed: bool = false;
  /** When the last look at it began: what it shows is from then, or later. */
  lookedAt: f64 = 0;
  /** A mount vanished while an effect was under way: what that effect tells may be older. */
  doubted: bool = false;
  /** An operator said: do not take it down. */
  held: bool = false;
  /** The last failure, for the answers of those who wait. */
  failure: string = '';
  failureCode: string = '';

  get busy(): bool {
    return this.doing != IDLE;
  }

  get managed(): bool {
    return this.rw != NO || this.ro != NO;
  }

  get uncertain(): bool {
    return this.mounted == UNKNOWN || this.rw == UNKNOWN || this.ro == UNKNOWN;
  }

  /** Mounted, and the driver may count one of ours for it: what is mounted for another client alone goes when that one gives it back. */
  get mountedForUs(): bool {
    return this.mounted == YES && this.owedMax > this.owedStale;
  }

  /** Our bind is there and shows a mount that the driver has replaced since. */
  isStale(readonly: bool): bool {
    const from = readonly ? this.roFromId : this.rwFromId;
    return (readonly ? this.ro : this.rw) == YES && from > 0 && from != this.driverMountId;
  }

  /** The kernel shows no mount of the driver. */
  gone(): void {
    this.mounted = NO;
    this.owedStale = this.owedMax;
  }

  forgetCertainty(): void {
    this.mounted = UNKNOWN;
    this.rw = UNKNOWN;
    this.ro = UNKNOWN;
    this.witnessed = false;
  }

  /** Nobody heard how a bind ended; it may come true until `until`. What is then there is replaced. */
  bindUnheard(readonly: bool, until: f64): void {
    this.suspect |= modeBit(readonly);
    this.binding |= modeBit(readonly);
    this.bindUntil = until;
  }

  /** Nobody heard how a detach ended: it may still take the mount that is there. */
  detachUnheard(readonly: bool): void {
    this.suspect |= modeBit(readonly);
  }

  /** The last thing tried went well: the next failure starts counting anew. */
  settled(): void {
    this.attempt = 0;
    this.retryAt = 0;
    this.failure = '';
    this.failureCode = '';
  }
}
