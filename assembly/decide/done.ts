import { emitAlert } from '../effects/emit.ts';
import {
  DRIVER_FAILED,
  DRIVER_REFUSED,
  DRIVER_UNREACHABLE,
  NOT_MOUNTED,
  PLACE_FAILED,
  TIMEOUT,
} from '../errors.ts';
import { Outcome } from '../events/outcome.ts';
import { RETRY_FIRST_MS } from '../limits.ts';
import { Container } from '../state/container.ts';
import { state } from '../state/state.ts';
import * as v from '../state/volume.ts';
import { Volume } from '../state/volume.ts';
import { decimal } from '../text.ts';
import { next } from './next.ts';
import { observed } from './observed.ts';
import { advance, failPrepare, failWaiters } from './prepare.ts';
import { retryLater } from './retry.ts';

/** An effect ended: its facts go into the volume, and `next` says what follows. */
export function done(outcome: Outcome): void {
  if (!state.inFlight.has(outcome.effect)) return endedLate(outcome.effect, lastDoing(outcome.effect));
  const inFlight = state.inFlight.get(outcome.effect);
  state.inFlight.delete(outcome.effect);
  if (inFlight.isVolume) {
    const volume = state.volume(inFlight.key);
    if (volume && volume.busy && volume.effect == outcome.effect) volumeDone(volume, outcome);
    else endedLate(outcome.effect, volume);
  } else {
    const container = state.container(inFlight.key);
    if (container && container.placing == outcome.effect) placeDone(container, outcome);
  }
}

/** An end that nobody waits for any more says nothing. But something may have been done: the volume that it meant is looked at. */
function endedLate(effect: f64, volume: Volume | null): void {
  const key = volume ? volume.key : '';
  emitAlert('warn', 'unknown-effect', 'effect ' + decimal(effect) + ' ended, but was not under way', '', key);
  if (!volume) return;
  volume.doubted = volume.busy;
  if (!volume.busy) volume.forgetCertainty();
  volume.retryAt = 0;
  next(volume);
}

function lastDoing(effect: f64): Volume | null {
  if (effect == 0) return null;
  for (let each = state.volumes.first(); each; each = state.volumes.next(each))
    if (each.effect == effect) return each;
  return null;
}

function volumeDone(volume: Volume, outcome: Outcome): void {
  const doing = volume.doing;
  volume.doing = v.IDLE;
  if (doing == v.GET) got(volume, outcome);
  else if (doing == v.CREATE) created(volume, outcome);
  else if (doing == v.MOUNT) mounted(volume, outcome);
  else if (doing == v.UNMOUNT) unmounted(volume, outcome);
  else if (doing == v.BIND_RW || doing == v.BIND_RO) bound(volume, doing == v.BIND_RO, outcome);
  else if (doing == v.DETACH_RW || doing == v.DETACH_RO) detached(volume, doing == v.DETACH_RO, outcome);
  else observed(volume, outcome, doing == v.WITNESS);
  if (volume.doubted) volume.forgetCertainty();
  volume.doubted = false;
  next(volume);
}

/** What went wrong, in words: which operation on which volume, and what the driver or the kernel said. */
function failureText(operation: string, volume: Volume, outcome: Outcome): string {
  return operation + ' ' + volume.key + ': ' + (outcome.message.length > 0 ? outcome.message : outcome.code);
}

function codeOf(outcome: Outcome): string {
  if (outcome.refused) return DRIVER_REFUSED;
  if (outcome.unreachable) return DRIVER_UNREACHABLE;
  return outcome.timedOut ? TIMEOUT : DRIVER_FAILED;
}

function got(volume: Volume, outcome: Outcome): void {
  if (outcome.ok) {
    volume.settled();
    volume.exists = outcome.exists ? v.YES : v.NO;
  } else if (outcome.code == 'unsupported') {
    const failure = failureText('get', volume, outcome);
    retryLater(volume, DRIVER_REFUSED, failure);
    failWaiters(
      volume,
      DRIVER_REFUSED,
      failure,
      'set mountNeverCreates for the driver, if its Mount creates nothing',
    );
  } else if (outcome.refused) {
    volume.exists = v.NO;
    volume.failure = outcome.message;
  } else retryLater(volume, codeOf(outcome), failureText('get', volume, outcome));
}

function created(volume: Volume, outcome: Outcome): void {
  if (outcome.ok) {
    volume.settled();
    volume.exists = v.YES;
    return;
  }
  volume.exists = v.UNKNOWN;
  const failure = failureText('create', volume, outcome);
  retryLater(volume, codeOf(outcome), failure);
  if (outcome.refused)
    failWaiters(volume, DRIVER_REFUSED, failure, 'see what the driver says about this volume');
}

function mounted(volume: Volume, outcome: Outcome): void {
  if (outcome.ok && outcome.mountpoint.startsWith('/')) {
    // The attempts go on counting until it is bound: a driver whose mounts do not last is not asked faster and faster.
    volume.retryAt = 0;
    volume.failure = '';
    volume.failureCode = '';
    volume.driverMountId = 0;
    volume.mounted = v.YES;
    volume.mountpoint = outcome.mountpoint;
    if (volume.owedBefore) {
      volume.owedBefore = false;
      volume.owedStale = 0;
    } else {
      volume.owedMin += 1;
      volume.owedMax += 1;
    }
    return;
  }
  if (outcome.ok) {
    outcome.ok = false;
    outcome.kind = 'failed';
    outcome.message = 'the driver answered "' + outcome.mountpoint + '", which is no absolute path';
    volume.owedMin += 1;
  }
  const failure = failureText('mount', volume, outcome);
  if (!outcome.unreachable) {
    volume.owedMax += 1;
    volume.forgetCertainty();
  }
  if (outcome.timedOut) volume.settleAt = state.now + state.configured().settleMs;
  retryLater(volume, codeOf(outcome), failure);
  if (!outcome.refused) return;
  failWaiters(volume, DRIVER_REFUSED, failure, 'see the log of driver ' + volume.driver);
  if (volume.users.length == 0) volume.retryAt = 0;
}

function unmounted(volume: Volume, outcome: Outcome): void {
  if (!outcome.unreachable) volume.owedBefore = false;
  if (outcome.ok) {
    volume.settled();
    // It was shown and is gone: the driver counts none. What was not shown may be counted more than once.
    const isLast = volume.mounted == v.YES && !outcome.stillMounted;
    volume.unmountTried = false;
    volume.owedMin = !isLast && volume.owedMin > 0 ? volume.owedMin - 1 : 0;
    volume.owedMax = !isLast && volume.owedMax > 0 ? volume.owedMax - 1 : 0;
    if (outcome.stillMounted) {
      volume.mounted = v.YES;
      if (volume.owedStale > volume.owedMax) volume.owedStale = volume.owedMax;
    } else volume.gone();
    // A long count is given back with a pause after each: the driver may be the one that miscounts.
    if (volume.owedMax > 0) state.retryVolume(volume, state.now + RETRY_FIRST_MS);
    return;
  }
  if (outcome.timedOut) {
    if (volume.owedMin > 0) volume.owedMin -= 1;
    volume.vanishAt = state.now + state.configured().settleMs;
  }
  if (outcome.unreachable) volume.unmountTried = false;
  else volume.forgetCertainty();
  const failure = failureText('unmount', volume, outcome);
  retryLater(volume, codeOf(outcome), failure);
  emitAlert(
    'warn',
    'unmount-failed',
    failure + '; try ' + decimal(volume.attempt) + ', trying again',
    '',
    volume.key,
  );
}

function bound(volume: Volume, readonly: bool, outcome: Outcome): void {
  if (outcome.ok) {
    volume.settled();
    volume.driverMountId = outcome.sourceMountId;
    if (readonly) volume.roFromId = outcome.sourceMountId;
    else volume.rwFromId = outcome.sourceMountId;
    volume.dev = outcome.dev;
    volume.suspect &= ~v.modeBit(readonly);
    return setMode(volume, readonly, v.YES, outcome.mountId);
  }
  const failure = failureText('bind', volume, outcome);
  if (outcome.timedOut) volume.bindUnheard(readonly, state.now + state.configured().settleMs);
  volume.forgetCertainty();
  retryLater(volume, codeOf(outcome), failure);
  if (!outcome.refused) return;
  const code = outcome.code == NOT_MOUNTED ? NOT_MOUNTED : DRIVER_FAILED;
  failWaiters(
    volume,
    code,
    failure,
    'driver ' + volume.driver + ' must mount the volume where it says; see plainDirs in the configuration',
  );
  if (volume.users.length == 0) volume.retryAt = 0;
}

function detached(volume: Volume, readonly: bool, outcome: Outcome): void {
  if (outcome.ok) {
    volume.settled();
    return uncover(volume, readonly, outcome.mountId);
  }
  if (outcome.timedOut) volume.detachUnheard(readonly);
  const failure = failureText('detach', volume, outcome);
  volume.forgetCertainty();
  retryLater(volume, codeOf(outcome), failure);
  emitAlert('warn', 'detach-failed', failure, '', volume.key);
}

/** Of mounts stacked at one place the next one comes to light, and is told with the detach; nobody knows what it shows. */
function uncover(volume: Volume, readonly: bool, mountId: f64): void {
  const bit = v.modeBit(readonly);
  if (mountId > 0) {
    volume.suspect |= bit;
    return setMode(volume, readonly, v.YES, mountId);
  }
  volume.suspect &= ~bit;
  setMode(volume, readonly, (volume.stacked & bit) == 0 ? v.NO : v.UNKNOWN, 0);
}

export function setMode(volume: Volume, readonly: bool, fact: i32, mountId: f64): void {
  if (readonly) {
    volume.ro = fact;
    volume.roMountId = mountId;
  } else {
    volume.rw = fact;
    volume.rwMountId = mountId;
  }
}

function placeDone(container: Container, outcome: Outcome): void {
  container.placing = 0;
  if (outcome.ok) {
    container.placed = true;
    return advance(container);
  }
  const said = outcome.message.length > 0 ? outcome.message : outcome.code;
  failPrepare(
    container,
    PLACE_FAILED,
    'container ' + container.id + ': ' + said,
    'look at the container path and at what lies there',
  );
}
