import { emitAlert } from '../effects/emit.ts';
import { DRIVER_UNREACHABLE, TIMEOUT } from '../errors.ts';
import { Outcome } from '../events/outcome.ts';
import { state } from '../state/state.ts';
import * as v from '../state/volume.ts';
import { Volume } from '../state/volume.ts';
import { decimal } from '../text.ts';
import { retryLater } from './retry.ts';

/** A look at kernel and driver: what was uncertain becomes a fact, or is looked at again. */
export function observed(volume: Volume, outcome: Outcome, witness: bool): void {
  if (!outcome.ok) {
    return retryLater(
      volume,
      TIMEOUT,
      'observe ' + volume.key + ': ' + (outcome.message.length > 0 ? outcome.message : outcome.code),
    );
  }
  seeManaged(volume, outcome);
  if (outcome.saysExists) volume.exists = outcome.exists ? v.YES : v.NO;
  seeDriver(volume, outcome);
  if (witness && !volume.uncertain) seePins(volume, outcome);
}

/** The last mount listed at a place is the one on top. */
function seeManaged(volume: Volume, outcome: Outcome): void {
  const rwBefore = volume.rwMountId;
  const roBefore = volume.roMountId;
  volume.rw = v.NO;
  volume.ro = v.NO;
  volume.stacked = 0;
  for (let i = 0; i < outcome.managed.length; i++) {
    const seen = outcome.managed[i];
    const readonly = seen.mode == 'ro';
    if ((readonly ? volume.ro : volume.rw) == v.YES) volume.stacked |= v.modeBit(readonly);
    if (readonly) {
      volume.ro = v.YES;
      volume.roMountId = seen.mountId;
    } else {
      volume.rw = v.YES;
      volume.rwMountId = seen.mountId;
    }
  }
  // Of a mount that this record has not made nobody knows what it shows. What lies below ours shows nothing.
  if (volume.rw == v.YES && volume.rwMountId != rwBefore) volume.suspect |= v.RW;
  if (volume.ro == v.YES && volume.roMountId != roBefore) volume.suspect |= v.RO;
  seeBinds(volume);
}

/** A bind without an answer is over when it is seen, or when it can no longer come. */
function seeBinds(volume: Volume): void {
  if (volume.rw == v.YES) volume.binding &= ~v.RW;
  if (volume.ro == v.YES) volume.binding &= ~v.RO;
  if (volume.lookedAt >= volume.bindUntil) volume.binding = 0;
  if (volume.rw == v.NO) volume.suspect &= ~v.RW;
  if (volume.ro == v.NO) volume.suspect &= ~v.RO;
  if (volume.binding == 0) return;
  volume.suspect |= volume.binding;
  if ((volume.binding & v.RW) != 0) volume.rw = v.UNKNOWN;
  if ((volume.binding & v.RO) != 0) volume.ro = v.UNKNOWN;
  retryLater(volume, TIMEOUT, 'bind ' + volume.key + ': no answer, and not there yet');
  if (volume.retryAt > volume.bindUntil) state.retryVolume(volume, volume.bindUntil);
}

function seeDriver(volume: Volume, outcome: Outcome): void {
  if (outcome.pathMountId > 0) {
    // A driver that was killed in the middle of a Mount may take it away again when it starts.
    volume.mounted = outcome.answered || volume.owedMin > 0 ? v.YES : v.UNKNOWN;
    if (volume.mounted == v.UNKNOWN) retryUnanswered(volume);
    volume.mountpoint = outcome.path;
    volume.driverMountId = outcome.pathMountId;
  } else if (!outcome.answered) {
    // It is not where it was, and the driver does not say whether it is elsewhere.
    if (!volume.plainDirs && volume.mountpoint.length > 0) volume.mounted = v.UNKNOWN;
    if (volume.mounted == v.UNKNOWN) retryUnanswered(volume);
  } else if (volume.lookedAt < volume.settleAt) {
    volume.mounted = v.UNKNOWN;
    retryLater(volume, TIMEOUT, 'mount ' + volume.key + ': no answer, and not mounted yet');
    if (volume.retryAt > volume.settleAt) state.retryVolume(volume, volume.settleAt);
  } else seeNothing(volume);
}

function retryUnanswered(volume: Volume): void {
  retryLater(volume, DRIVER_UNREACHABLE, 'driver ' + volume.driver + ' does not answer');
}

/** The driver answers and the kernel shows no mount of it. Plain directories never show one: there the count decides. */
function seeNothing(volume: Volume): void {
  if (volume.plainDirs && volume.owedMin > 0 && !volume.unmountTried && volume.mountpoint.length > 0) {
    volume.mounted = v.YES;
    return;
  }
  if (volume.unmountTried) volume.owedMin = 0;
  volume.owedMax = volume.owedMin;
  volume.gone();
}

/** The kernel is the witness: a container that still has the volume keeps it from being unmounted, whatever the count says. */
function seePins(volume: Volume, outcome: Outcome): void {
  let pinned = false;
  for (let i = 0; i < outcome.pinnedBy.length; i++) {
    const pin = outcome.pinnedBy[i];
    const who = pin.container.length > 0 ? 'container ' + pin.container : 'process ' + decimal(pin.pid);
    const ours = pin.container.length > 0 || state.quarantine.length > 0;
    const text =
      who + ' still has volume ' + volume.key + (ours ? '; it stays mounted' : ' in its mount namespace');
    emitAlert(ours ? 'error' : 'info', ours ? 'pinned' : 'pinned-outside', text, pin.container, volume.key);
    if (ours) pinned = true;
  }
  // Somebody who came meanwhile has to be looked for when he is gone.
  volume.witnessed = !pinned && volume.users.length == 0;
  // A task that came meanwhile does not wait for it.
  if (pinned && volume.users.length == 0)
    retryLater(volume, 'pinned', 'volume ' + volume.key + ' is still in use by a container');
}
