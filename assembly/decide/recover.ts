import { emitAlert, emitOk } from '../effects/emit.ts';
import { Refusal } from '../errors.ts';
import { ContainerInfo } from '../events/container.ts';
import { Mount } from '../events/mount.ts';
import { gather } from '../requests/gather.ts';
import { checkName } from '../requests/names.ts';
import { Request } from '../requests/request.ts';
import { Container, GONE, PREPARING, READY } from '../state/container.ts';
import { InFlight, Recovering, state } from '../state/state.ts';
import { Table } from '../state/table.ts';
import * as v from '../state/volume.ts';
import { Volume } from '../state/volume.ts';
import { decimal } from '../text.ts';
import { isNested } from './nested.ts';
import { next } from './next.ts';
import { ManagedTarget, parseManaged } from './paths.ts';
import { attach } from './prepare.ts';

/** The agent has started: puts together what the journal, the agent and the kernel know, then looks at every volume. */
export function recover(call: f64, journal: string, bootId: string, recovering: Recovering): void {
  const rebooted = state.bootId.length > 0 && state.bootId != bootId;
  state.bootId = bootId;
  voidEffects();
  endKernelWork();
  if (rebooted) {
    forgetBoot();
    // Whoever is still named is on a list of before: no process outlives a reboot.
    recovering.containers = [];
    recovering.orphans = [];
  } else keepKnown(recovering);
  // A journal that never saw a recovery says nothing about what was there before it.
  const whole = journal == 'whole' && state.recovered;
  adoptMounts(recovering.mounts, whole);
  keepQuarantine(recovering, whole);
  const byDev = volumesByDev();
  const named = new Set<string>();
  for (let i = 0; i < recovering.containers.length; i++) named.add(recovering.containers[i].id);
  for (let i = 0; i < recovering.containers.length; i++) {
    const info = recovering.containers[i];
    if (!state.container(info.id)) adoptContainer(info, isNested(info.id, named), whole, byDev);
  }
  state.recovered = true;
  state.wakeAt = -1;
  emitOk(call);
  lookAtAll();
}

/** Whatever the agent names may be using what nobody claims: all of it after a lost journal, and what was kept back before. */
function keepQuarantine(recovering: Recovering, whole: bool): void {
  const before = state.quarantine;
  state.quarantine = [];
  for (let i = 0; i < recovering.containers.length; i++) {
    const id = recovering.containers[i].id;
    if (!whole || before.indexOf(id) >= 0) state.quarantine.push(id);
  }
  for (let i = 0; i < recovering.orphans.length; i++) {
    const id = recovering.orphans[i];
    if (!whole || before.indexOf(id) >= 0) state.quarantine.push(id);
  }
}

/** Only the host died: containers and holds stay, open calls are void, and what was in flight may or may not have happened. */
export function restart(bootId: string, mounts: Mount[]): void {
  state.bootId = bootId;
  const containers = state.containers.values();
  voidEffects();
  for (let i = 0; i < containers.length; i++) {
    if (containers[i].phase == PREPARING) dropContainer(containers[i]);
  }
  adoptMounts(mounts, true);
  state.wakeAt = -1;
  lookAtAll();
}

function lookAtAll(): void {
  const volumes = state.volumes.values();
  for (let i = 0; i < volumes.length; i++) next(volumes[i]);
}

/** Nothing is in flight any more, but what was may still come true, or end; every fact is uncertain until it has been looked at. */
function voidEffects(): void {
  state.inFlight.clear();
  const volumes = state.volumes.values();
  for (let i = 0; i < volumes.length; i++) {
    const volume = volumes[i];
    if (volume.busy) state.inFlight.set(volume.effect, new InFlight(volume.effect, volume.key, true));
    if (volume.doing == v.MOUNT) {
      volume.owedMax += 1;
      volume.settleAt = state.now + state.configured().settleMs;
    }
    const settledAt = state.now + state.configured().settleMs;
    if (volume.doing == v.BIND_RW) volume.bindUnheard(false, settledAt);
    if (volume.doing == v.BIND_RO) volume.bindUnheard(true, settledAt);
    if (volume.doing == v.DETACH_RW) volume.detachUnheard(false);
    if (volume.doing == v.DETACH_RO) volume.detachUnheard(true);
    if (volume.doing == v.UNMOUNT) {
      if (volume.owedMin > 0) volume.owedMin -= 1;
      volume.mayVanish(state.now + state.configured().settleMs);
    }
    volume.doing = v.IDLE;
    volume.doubted = false;
    volume.settled();
    volume.exists = v.UNKNOWN;
    volume.forgetCertainty();
  }
  const containers = state.containers.values();
  for (let i = 0; i < containers.length; i++) {
    containers[i].waited();
    containers[i].placing = 0;
  }
}

/** What the kernel was doing for the agent ended with the agent: nothing of it comes true later. */
function endKernelWork(): void {
  const volumes = state.volumes.values();
  for (let i = 0; i < volumes.length; i++) {
    volumes[i].binding = 0;
    volumes[i].bindUntil = 0;
  }
}

/** After a reboot no container holds anything, and what the drivers still count is given back once. */
function forgetBoot(): void {
  state.containers = new Table<Container>();
  const volumes = state.volumes.values();
  for (let i = 0; i < volumes.length; i++) {
    const volume = volumes[i];
    volume.users = [];
    volume.lingerAt = 0;
    volume.settleAt = 0;
    volume.vanishAt = 0;
    volume.boundMountId = 0;
    volume.mountpoint = '';
    volume.suspect = 0;
    volume.owedMin = volume.owedMax > 0 ? 1 : 0;
    volume.owedMax = volume.owedMin;
    volume.unmountTried = false;
  }
}

/** Holders that the agent still names stay; the others are dropped. */
function keepKnown(recovering: Recovering): void {
  const named = new Map<string, ContainerInfo>();
  for (let i = 0; i < recovering.containers.length; i++)
    named.set(recovering.containers[i].id, recovering.containers[i]);
  const orphans = new Set<string>();
  for (let i = 0; i < recovering.orphans.length; i++) orphans.add(recovering.orphans[i]);
  const containers = state.containers.values();
  for (let i = 0; i < containers.length; i++) {
    const container = containers[i];
    const lives = named.has(container.id);
    if (!lives && !orphans.has(container.id)) {
      dropContainer(container);
      continue;
    }
    if (container.phase == GONE) continue;
    container.phase = READY;
    container.deadlineAt = 0;
    if (!lives) continue;
    const info = named.get(container.id);
    container.pid = info.pid;
    container.ownDevs = devsOf(info.mounts);
  }
}

function devsOf(mounts: Mount[]): string[] {
  const devs: string[] = [];
  for (let i = 0; i < mounts.length; i++) if (devs.indexOf(mounts[i].dev) < 0) devs.push(mounts[i].dev);
  return devs;
}

function dropContainer(container: Container): void {
  state.containers.delete(container);
  for (let i = 0; i < container.requests.length; i++) {
    const volume = state.volume(container.requests[i].key);
    if (!volume) continue;
    const at = volume.users.indexOf(container.id);
    if (at >= 0) volume.users.splice(at, 1);
  }
}

/** Every mount under the managed root belongs to a volume: one without a record gets one, and is an orphan until somebody claims it. */
function adoptMounts(mounts: Mount[], whole: bool): void {
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
    if (from > 0) volume.boundMountId = from;
    else volume.suspect = v.RW | v.RO;
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

/** Volumes by their file system, to find those that a container's own mount table shows. */
function volumesByDev(): Map<string, Volume[]> {
  const byDev = new Map<string, Volume[]>();
  const volumes = state.volumes.values();
  for (let i = 0; i < volumes.length; i++) {
    const volume = volumes[i];
    if (volume.dev.length == 0) continue;
    if (!byDev.has(volume.dev)) byDev.set(volume.dev, []);
    byDev.get(volume.dev).push(volume);
  }
  return byDev;
}

/** A container that the record does not know: its own description says what it holds, and with a lost journal its mounts do too. */
function adoptContainer(info: ContainerInfo, nested: bool, whole: bool, byDev: Map<string, Volume[]>): void {
  const gathered = gather(info, state.configured(), nested);
  if (gathered.refusal) {
    emitAlert('warn', 'unreadable-container', (gathered.refusal as Refusal).message, info.id, '');
    gathered.list = [];
  }
  const devs = devsOf(info.mounts);
  if (!whole) claimByMounts(gathered.list, devs, byDev);
  if (gathered.list.length == 0) return;
  const container = state.addContainer(info.id);
  container.phase = READY;
  container.requests = gathered.list;
  container.sandbox = info.sandbox;
  container.rootfs = info.rootfs;
  container.pid = info.pid;
  container.placed = true;
  container.ownDevs = devs;
  for (let i = 0; i < gathered.list.length; i++) claim(container, gathered.list[i], whole, info.mounts);
}

/** The file system that a container has mounted at a container path, '' for none. */
function devAt(mounts: Mount[], path: string): string {
  const end = path.startsWith('/') ? path : '/' + path;
  for (let i = 0; i < mounts.length; i++) if (mounts[i].target.endsWith(end)) return mounts[i].dev;
  return '';
}

/** Adds the volumes whose file systems the container has mounted to what it asks for. */
function claimByMounts(list: Request[], devs: string[], byDev: Map<string, Volume[]>): void {
  for (let i = 0; i < devs.length; i++) {
    if (!byDev.has(devs[i])) continue;
    const volumes = byDev.get(devs[i]);
    for (let j = 0; j < volumes.length; j++)
      if (!asksFor(list, volumes[j].key)) list.push(requestFor(volumes[j]));
  }
}

function asksFor(list: Request[], key: string): bool {
  for (let i = 0; i < list.length; i++) if (list[i].key == key) return true;
  return false;
}

function requestFor(volume: Volume): Request {
  const request = new Request();
  request.driver = volume.driver;
  request.name = volume.name;
  request.identify();
  request.origin = 'mount table';
  return request;
}

function claim(container: Container, request: Request, whole: bool, mounts: Mount[]): void {
  const known = state.volume(request.key) !== null;
  attach(container, request);
  const volume = state.volume(request.key) as Volume;
  // What the container itself has mounted there is proof that it still holds it.
  if (volume.dev.length == 0) volume.dev = devAt(mounts, request.path);
  // Others that the lost journal knew may have it as well.
  if (!whole) volume.unclaimed = true;
  if (volume.users.length == 1 && volume.options.length == 0) volume.options = request.options;
  if (!known) {
    volume.owedMax = 1;
    volume.forgetCertainty();
  }
}
