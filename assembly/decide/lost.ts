import { emitAlert } from '../effects/emit.ts';
import { isWithin } from '../requests/names.ts';
import { state } from '../state/state.ts';
import { OBSERVE, UNKNOWN, Volume, WITNESS } from '../state/volume.ts';
import { next } from './next.ts';
import { parseManaged } from './paths.ts';

/** A mount of ours vanished from the kernel's table: its volume is looked at anew. */
export function lost(target: string): void {
  const managed = parseManaged(target);
  if (managed) {
    const volume = state.volume(managed.key);
    if (!volume) return;
    if (managed.readonly) volume.ro = UNKNOWN;
    else volume.rw = UNKNOWN;
    volume.doubted = volume.busy;
    return next(volume);
  }
  doubtLooks();
  const volumes = volumesWithin(target);
  for (let i = 0; i < volumes.length; i++) {
    const volume = volumes[i];
    emitAlert('error', 'driver-mount-lost', 'somebody unmounted ' + target, '', volume.key);
    volume.mounted = UNKNOWN;
    volume.doubted = volume.busy;
    next(volume);
  }
}

/** Where the driver has a volume without a record before only the look under way tells: it may have shown what is gone now. */
function doubtLooks(): void {
  for (let each = state.volumes.first(); each; each = state.volumes.next(each))
    if (each.mountpoint.length == 0 && (each.doing == OBSERVE || each.doing == WITNESS)) each.doubted = true;
}

/** Volumes that their drivers show at `target` or below it. */
function volumesWithin(target: string): Volume[] {
  const list: Volume[] = [];
  for (let each = state.volumes.first(); each; each = state.volumes.next(each))
    if (each.mountpoint.length > 0 && isWithin(each.mountpoint, target)) list.push(each);
  return list;
}
