import { emitAlert } from '../effects/emit.ts';
import { Mount } from '../events/mount.ts';
import { checkName } from '../requests/names.ts';
import { state } from '../state/state.ts';
import * as v from '../state/volume.ts';
import { Volume } from '../state/volume.ts';
import { decimal } from '../text.ts';
import { ManagedTarget, parseManaged } from './paths.ts';

/** A volume that gets its record now, and the file systems that its binds show. */
class Adopted {
  volume: Volume;
  rwDev: string = '';
  roDev: string = '';

  constructor(volume: Volume) {
    this.volume = volume;
  }
}

/** Every mount under the managed root belongs to a volume: one without a record gets one, and is an orphan until somebody claims it. */
export function adoptMounts(mounts: Mount[], whole: bool): void {
  const prefix = state.configured().root + '/';
  let example = '';
  const adopted: Adopted[] = [];
  const byKey = new Map<string, Adopted>();
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
    volume.dev = mount.dev;
    if (!known) {
      example = mount.target;
      adopted.push(new Adopted(volume));
      byKey.set(volume.key, adopted[adopted.length - 1]);
    }
    if (byKey.has(volume.key)) note(byKey.get(volume.key), managed.readonly, mount);
  }
  if (adopted.length == 0) return;
  findDriverMounts(adopted, mounts, prefix);
  tellOrphans(adopted.length, example, whole);
}

/** Of mounts stacked at one place the last one counts. */
function note(adopted: Adopted, readonly: bool, mount: Mount): void {
  if (readonly) {
    adopted.volume.roMountId = mount.mountId;
    adopted.roDev = mount.dev;
  } else {
    adopted.volume.rwMountId = mount.mountId;
    adopted.rwDev = mount.dev;
  }
}

/**
 * Which driver mount each bind of an adopted volume shows: the one other mount of its file system. Where there is none the driver has
 * mounted anew since, and where there are several nobody knows: then it is replaced before a task is given it.
 */
function findDriverMounts(adopted: Adopted[], mounts: Mount[], prefix: string): void {
  const others = new Map<string, f64>();
  for (let i = 0; i < mounts.length; i++) {
    const mount = mounts[i];
    if (!mount.target.startsWith(prefix)) others.set(mount.dev, others.has(mount.dev) ? 0 : mount.mountId);
  }
  for (let i = 0; i < adopted.length; i++) {
    const found = adopted[i];
    const volume = found.volume;
    volume.rwFromId = otherOf(others, found.rwDev);
    volume.roFromId = otherOf(others, found.roDev);
    if (found.rwDev.length > 0 && volume.rwFromId == 0) volume.suspect |= v.RW;
    if (found.roDev.length > 0 && volume.roFromId == 0) volume.suspect |= v.RO;
  }
}

function otherOf(others: Map<string, f64>, dev: string): f64 {
  return others.has(dev) ? others.get(dev) : 0;
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
