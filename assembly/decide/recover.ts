import { emitAlert, emitOk } from '../effects/emit.ts';
import { Refusal } from '../errors.ts';
import { ContainerInfo } from '../events/container.ts';
import { Mount } from '../events/mount.ts';
import { gather } from '../requests/gather.ts';
import { checkName } from '../requests/names.ts';
import { Request } from '../requests/request.ts';
import { Container, GONE, PREPARING, READY } from '../state/container.ts';
import { Recovering, state } from '../state/state.ts';
import * as v from '../state/volume.ts';
import { Volume } from '../state/volume.ts';
import { next } from './next.ts';
import { parseManaged } from './paths.ts';
import { attach } from './prepare.ts';

/** The agent has started: puts together what the journal, the agent and the kernel know, then looks at every volume. */
export function recover(call: f64, journal: string, bootId: string, recovering: Recovering): void {
  const rebooted = state.bootId.length > 0 && state.bootId != bootId;
  state.bootId = bootId;
  voidEffects();
  if (rebooted) forgetBoot();
  else keepKnown(recovering);
  const whole = journal == 'whole';
  adoptMounts(recovering.mounts, whole);
  state.quarantine = [];
  for (let i = 0; i < recovering.containers.length; i++) {
    const info = recovering.containers[i];
    if (!whole) state.quarantine.push(info.id);
    if (!state.container(info.id)) adoptContainer(info, whole);
  }
  state.recovered = true;
  emitOk(call);
  lookAtAll();
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
  lookAtAll();
}

function lookAtAll(): void {
  const volumes = state.volumes.values();
  for (let i = 0; i < volumes.length; i++) next(volumes[i]);
}

/** Nothing is in flight any more, but what was may still come true; every fact is uncertain until it has been looked at. */
function voidEffects(): void {
  state.inFlight.clear();
  const volumes = state.volumes.values();
  for (let i = 0; i < volumes.length; i++) {
    const volume = volumes[i];
    if (volume.doing == v.MOUNT) {
      volume.owedMax += 1;
      volume.settleAt = state.now + state.configured().settleMs;
    }
    if (volume.doing == v.UNMOUNT && volume.owedMin > 0) volume.owedMin -= 1;
    volume.doing = v.IDLE;
    volume.effect = 0;
    volume.settled();
    volume.exists = v.UNKNOWN;
    volume.forgetCertainty();
  }
  const containers = state.containers.values();
  for (let i = 0; i < containers.length; i++) {
    containers[i].calls = [];
    containers[i].placing = 0;
  }
}

/** After a reboot no container holds anything, and what the drivers still count is given back once. */
function forgetBoot(): void {
  state.containers.clear();
  const volumes = state.volumes.values();
  for (let i = 0; i < volumes.length; i++) {
    const volume = volumes[i];
    volume.users = [];
    volume.lingerAt = 0;
    volume.settleAt = 0;
    volume.owedMin = volume.owedMax > 0 ? 1 : 0;
    volume.owedMax = volume.owedMin;
    volume.unmountTried = false;
  }
}

/** Holders that the agent still names stay; the others are dropped. */
function keepKnown(recovering: Recovering): void {
  const containers = state.containers.values();
  for (let i = 0; i < containers.length; i++) {
    const container = containers[i];
    const info = find(recovering.containers, container.id);
    if (!info && recovering.orphans.indexOf(container.id) < 0) {
      dropContainer(container);
      continue;
    }
    if (container.phase == GONE) continue;
    container.phase = READY;
    container.deadlineAt = 0;
    if (!info) continue;
    container.pid = info.pid;
    container.ownDevs = devsOf(info.mounts);
  }
}

function find(list: ContainerInfo[], id: string): ContainerInfo | null {
  for (let i = 0; i < list.length; i++) if (list[i].id == id) return list[i];
  return null;
}

function devsOf(mounts: Mount[]): string[] {
  const devs: string[] = [];
  for (let i = 0; i < mounts.length; i++) if (devs.indexOf(mounts[i].dev) < 0) devs.push(mounts[i].dev);
  return devs;
}

function dropContainer(container: Container): void {
  state.containers.delete(container.id);
  for (let i = 0; i < container.requests.length; i++) {
    const volume = state.volume(container.requests[i].key);
    if (!volume) continue;
    const at = volume.users.indexOf(container.id);
    if (at >= 0) volume.users.splice(at, 1);
  }
}

/** Every mount under the managed root belongs to a volume: one without a record gets one, and is an orphan until somebody claims it. */
function adoptMounts(mounts: Mount[], whole: bool): void {
  const root = state.configured().root;
  for (let i = 0; i < mounts.length; i++) {
    const mount = mounts[i];
    if (!mount.target.startsWith(root + '/')) continue;
    const managed = parseManaged(mount.target);
    if (!managed || checkName(managed.name, '', '') || checkName(managed.driver, '', '')) {
      emitAlert('warn', 'foreign-under-root', 'a mount that moorage did not make: ' + mount.target, '', '');
      continue;
    }
    let volume = state.volume(managed.driver + '/' + managed.name);
    if (!volume) {
      volume = state.addVolume(managed.driver, managed.name);
      volume.unclaimed = !whole;
      volume.owedMax = 1;
      volume.forgetCertainty();
      emitAlert(
        'warn',
        'orphan-mount',
        'no record of the mount ' + mount.target + (whole ? '; it is taken down' : ''),
        '',
        volume.key,
      );
    }
    volume.dev = mount.dev;
  }
}

/** A container that the record does not know: its own description says what it holds, and with a lost journal its mounts do too. */
function adoptContainer(info: ContainerInfo, whole: bool): void {
  const gathered = gather(info, state.configured());
  if (gathered.refusal) {
    emitAlert('warn', 'unreadable-container', (gathered.refusal as Refusal).message, info.id, '');
    gathered.list = [];
  }
  const devs = devsOf(info.mounts);
  if (!whole) claimByMounts(gathered.list, devs);
  if (gathered.list.length == 0) return;
  const container = state.addContainer(info.id);
  container.phase = READY;
  container.requests = gathered.list;
  container.sandbox = info.sandbox;
  container.rootfs = info.rootfs;
  container.pid = info.pid;
  container.placed = true;
  container.ownDevs = devs;
  for (let i = 0; i < gathered.list.length; i++) claim(container, gathered.list[i]);
}

/** Adds the volumes whose file systems the container has mounted to what it asks for. */
function claimByMounts(list: Request[], devs: string[]): void {
  const volumes = state.volumes.values();
  for (let i = 0; i < volumes.length; i++) {
    const volume = volumes[i];
    if (volume.dev.length == 0 || devs.indexOf(volume.dev) < 0) continue;
    let asked = false;
    for (let j = 0; j < list.length; j++) if (list[j].key == volume.key) asked = true;
    if (asked) continue;
    const request = new Request();
    request.driver = volume.driver;
    request.name = volume.name;
    request.origin = 'mount table';
    list.push(request);
  }
}

function claim(container: Container, request: Request): void {
  const known = state.volume(request.key) !== null;
  attach(container, request);
  const volume = state.volume(request.key) as Volume;
  if (!known) {
    volume.owedMax = 1;
    volume.forgetCertainty();
  }
}
