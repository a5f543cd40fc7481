import { emitAlert } from '../effects/emit.ts';
import { Mount } from '../events/mount.ts';
import { checkName } from '../requests/names.ts';
import { state } from '../state/state.ts';
import * as v from '../state/volume.ts';
import { Volume } from '../state/volume.ts';
import { decimal } from '../text.ts';
import { ManagedTarget, parseManaged } from './paths.ts';

/** Every mount under the managed root belongs to a volume: one without a record gets one, and is an orphan until somebody claims it. */
export function adoptMounts(mounts: Mount[], whole: bool): void {
  const prefix = state.configured().root + '/';
  let example = '';
  const adopted: Volume[] = [];
  const isAdopted = new Set<string>();
  for (let i = 0; i < mounts.length; i++) {
    const mount = mounts[i];
    if (!mount.target.startsWith(prefix)) continue;
    const managed = parseManaged(mount.target);
    if (!managed || checkName(managed.name, '', '') || checkName(managed.driver, '', '')) {
      emitAlert('warn', 'foreign-under-root', 'a mount that moorage did not make: ' + mount.target, '', '');
      continue;
    }
    const known = state.volume(managed.key);
    const volume = known ? known : adoptVolume(managed, whole);
    if (!known) {
      example = mount.target;
      adopted.push(volume);
      isAdopted.add(volume.key);
    } else if (volume.dev != mount.dev && isAdopted.has(volume.key)) volume.suspect = v.RW | v.RO;
    volume.dev = mount.dev;
    if (!isAdopted.has(volume.key)) continue;
    if (managed.readonly) volume.roMountId = mount.mountId;
    else volume.rwMountId = mount.mountId;
  }
  if (adopted.length == 0) return;
  findDriverMounts(adopted, mounts, prefix);
  tellOrphans(adopted.length, example, whole);
}

/**
 * Which driver mount the binds of adopted volumes show: the one other mount of their file system. Where there is none the driver has
 * mounted anew since, and where there are several nobody knows: then they are replaced before a task is given one.
 */
function findDriverMounts(adopted: Volume[], mounts: Mount[], prefix: string): void {
  const others = new Map<string, f64>();
  for (let i = 0; i < mounts.length; i++) {
    const mount = mounts[i];
    if (!mount.target.startsWith(prefix)) others.set(mount.dev, others.has(mount.dev) ? 0 : mount.mountId);
  }
  for (let i = 0; i < adopted.length; i++) {
    const volume = adopted[i];
    const from = others.has(volume.dev) ? others.get(volume.dev) : 0;
    volume.rwFromId = from;
    volume.roFromId = from;
    if (from == 0) volume.suspect = v.RW | v.RO;
  }
}

function adoptVolume(managed: ManagedTarget, whole: bool): Volume {
  const volume = state.addVolume(managed.driver, managed.name, managed.key);
  volume.plainDirs = state.configured().driver(managed.driver).plainDirs;
  volume.unclaimed = !whole;
  // A bind of ours is made after a Mount of ours, and taken away before its Unmount.
  volume.owedMin = 1;
  volume.owedMax = 1;
  volume.forgetCertainty();
  return volume;
}

function tellOrphans(count: i32, example: string, whole: bool): void {
  const what =
    count == 1
      ? 'no record of the mount ' + example
      : 'no record of ' + decimal(count) + ' mounts, such as ' + example;
  const then = whole
    ? '; taken down when nobody has it'
    : '; left alone as long as containers of before live';
  emitAlert('warn', 'orphan-mount', what + then, '', '');
}
