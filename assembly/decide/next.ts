import { emitBind, emitDetach, emitDriver, emitLimit, emitObserve } from '../effects/emit.ts';
import { NO_SUCH_VOLUME, NOT_MOUNTED, TIMEOUT } from '../errors.ts';
import { GET_MS } from '../limits.ts';
import { Container, LIMITED, PREPARING, READY } from '../state/container.ts';
import { countUsers, state } from '../state/state.ts';
import * as v from '../state/volume.ts';
import { Volume } from '../state/volume.ts';
import { NO_TEXTS } from '../text.ts';
import { advance, failWaiters, refuseCalls } from './prepare.ts';
import { retryLater } from './retry.ts';

/**
 * Compares what is wanted of a volume with the facts and begins at most one effect. Every event changes facts or users and
 * then comes here; calling it once more changes nothing. The table of facts × wants → effect is in ARCHITECTURE.md.
 */
export function next(volume: Volume): void {
  if (volume.busy || state.recovering !== null) return;
  if (state.now < volume.vanishAt) return waitForUnmount(volume);
  if (volume.users.length == 0) backward(volume);
  else if (countUsers(volume, PREPARING) + countUsers(volume, READY) > 0) forward(volume);
}

/**
 * An unmount that nobody has heard the end of may yet take whatever is there, and one that is sent after it would be counted twice.
 * That the mount is gone says nothing: somebody else may have taken it. So nothing is begun, not even a look, before its time is over.
 */
function waitForUnmount(volume: Volume): void {
  if (volume.failure.length == 0) {
    volume.failureCode = TIMEOUT;
    volume.failure = 'unmount ' + volume.key + ': no answer yet';
  }
  if (volume.retryAt < volume.vanishAt) state.retryVolume(volume, volume.vanishAt);
}

/** True when a retry is not to be waited for. */
function mayBegin(volume: Volume): bool {
  return state.now >= volume.retryAt;
}

function forward(volume: Volume): void {
  if (volume.uncertain) {
    if (mayBegin(volume)) emitObserve(volume, v.OBSERVE, false);
  } else if (!volume.mountedForUs) acquire(volume);
  else if (volume.isStale(false)) replace(volume, false);
  else if (volume.isStale(true)) replace(volume, true);
  else if (isSuspect(volume, false)) replace(volume, false);
  else if (isSuspect(volume, true)) replace(volume, true);
  else if (volume.rw == v.NO && wantsMode(volume, false)) bind(volume, false);
  else if (volume.ro == v.NO && wantsMode(volume, true)) bind(volume, true);
  else tellWaiters(volume);
}

/** A wanted bind that nobody may be given. */
function isSuspect(volume: Volume, readonly: bool): bool {
  if ((volume.suspect & v.modeBit(readonly)) == 0) return false;
  return (readonly ? volume.ro : volume.rw) == v.YES && wantsMode(volume, readonly);
}

function replace(volume: Volume, readonly: bool): void {
  if (mayBegin(volume)) detach(volume, readonly ? v.DETACH_RO : v.DETACH_RW, readonly);
}

/** Takes away our binds of what was mounted before; true while there is one. */
function detachOld(volume: Volume): bool {
  if (!volume.managed) return false;
  if (mayBegin(volume)) detach(volume, volume.rw == v.YES ? v.DETACH_RW : v.DETACH_RO, volume.rw != v.YES);
  return true;
}

/** Does a user that still counts want the volume read-only, or for writing? */
function wantsMode(volume: Volume, readonly: bool): bool {
  for (let i = 0; i < volume.users.length; i++) {
    const container = state.container(volume.users[i]);
    if (!container || container.phase == LIMITED) continue;
    const request = container.request(volume.key);
    if (request && request.readonly == readonly) return true;
  }
  return false;
}

function tellWaiters(volume: Volume): void {
  for (let i = 0; i < volume.users.length; i++) {
    const container = state.container(volume.users[i]);
    if (container) advance(container);
  }
}

/** The driver does not have it mounted for us: get, create where allowed, mount. */
function acquire(volume: Volume): void {
  limitTheLost(volume);
  if (countUsers(volume, PREPARING) + countUsers(volume, READY) == 0 || !mayBegin(volume)) return;
  if (detachOld(volume)) return;
  const driver = state.configured().driver(volume.driver);
  const creates = wantsCreate(volume);
  if (volume.exists == v.UNKNOWN && (creates || !driver.mountNeverCreates)) {
    emitDriver(volume, v.GET, 'get', NO_TEXTS, waitLimit(volume));
  } else if (volume.exists == v.NO && creates) {
    emitDriver(volume, v.CREATE, 'create', volume.options, driver.mountMs);
  } else if (volume.exists == v.NO) {
    missing(volume);
  } else {
    volume.unmountTried = false;
    volume.witnessed = false;
    emitDriver(volume, v.MOUNT, 'mount', NO_TEXTS, driver.mountMs);
  }
}

function missing(volume: Volume): void {
  const said = volume.failure.length > 0 ? ' (it says: ' + volume.failure + ')' : '';
  const message = 'driver ' + volume.driver + ' has no volume ' + volume.name + said;
  volume.exists = v.UNKNOWN;
  failWaiters(volume, NO_SUCH_VOLUME, message, 'check the name, or create the volume with the driver first');
  if (volume.users.length > 0) retryLater(volume, NO_SUCH_VOLUME, message);
}

function wantsCreate(volume: Volume): bool {
  for (let i = 0; i < volume.users.length; i++) {
    const container = state.container(volume.users[i]);
    if (!container || container.phase != PREPARING) continue;
    const request = container.request(volume.key);
    if (request && request.create) return true;
  }
  return false;
}

/** How long the most patient waiter still waits, at most GET_MS. */
function waitLimit(volume: Volume): f64 {
  let longest: f64 = 0;
  for (let i = 0; i < volume.users.length; i++) {
    const container = state.container(volume.users[i]);
    if (container && container.phase == PREPARING && container.deadlineAt - state.now > longest) {
      longest = container.deadlineAt - state.now;
    }
  }
  return longest > 0 && longest < GET_MS ? longest : GET_MS;
}

/** Holders whose volume is gone at the driver, and of whom no mount of their own is known to be alive, are told. */
function limitTheLost(volume: Volume): void {
  for (let i = 0; i < volume.users.length; i++) {
    const container = state.container(volume.users[i]);
    if (!container || container.phase != READY) continue;
    if (volume.dev.length > 0 && container.ownDevs.indexOf(volume.dev) >= 0) continue;
    limit(container, volume);
  }
}

function limit(container: Container, volume: Volume): void {
  const reason = 'volume ' + volume.key + ' is no longer mounted by its driver';
  container.phase = LIMITED;
  refuseCalls(
    container,
    NOT_MOUNTED,
    'container ' + container.id + ': ' + reason,
    'send its cleanup, and start it anew',
  );
  emitLimit(container.id, reason);
}

function bind(volume: Volume, readonly: bool): void {
  if (!mayBegin(volume)) return;
  const driver = state.configured().driver(volume.driver);
  const owner = driver.chownFirstHolder && !volume.managed ? firstUser(volume) : '';
  emitBind(volume, readonly ? v.BIND_RO : v.BIND_RW, readonly, owner);
}

function firstUser(volume: Volume): string {
  const container = volume.users.length == 1 ? state.container(volume.users[0]) : null;
  return container && container.phase == PREPARING ? container.user : '';
}

/** Nobody wants it: take down our mounts, make sure that no container has it any more, have the driver unmount it, forget it. */
function backward(volume: Volume): void {
  if (volume.held || (volume.unclaimed && state.quarantine.length > 0)) return;
  if (volume.lingerAt > state.now || !mayBegin(volume)) return;
  if (volume.rw == v.YES) return detach(volume, v.DETACH_RW, false);
  if (volume.ro == v.YES) return detach(volume, v.DETACH_RO, true);
  const unmount = owesUnmount(volume);
  if (volume.uncertain || (unmount && !volume.witnessed)) return emitObserve(volume, v.WITNESS, true);
  // A mount that nobody has heard the end of is given back when it can no longer come true.
  if (state.now < volume.settleAt) return state.retryVolume(volume, volume.settleAt);
  if (!unmount) return state.volumes.delete(volume);
  volume.unmountTried = true;
  volume.witnessed = false;
  emitDriver(volume, v.UNMOUNT, 'unmount', NO_TEXTS, state.configured().driver(volume.driver).unmountMs);
}

/** A driver mount that the kernel shows and that may be ours; or one that is surely ours, shown or not. */
function owesUnmount(volume: Volume): bool {
  return volume.mounted == v.YES ? volume.owedMax > 0 : volume.owedMin > 0;
}

function detach(volume: Volume, doing: i32, readonly: bool): void {
  volume.witnessed = false;
  emitDetach(volume, doing, readonly);
}
