import { emitOk } from '../effects/emit.ts';
import { ContainerInfo } from '../events/container.ts';
import { Mount } from '../events/mount.ts';
import { Container, GONE, PREPARING, READY } from '../state/container.ts';
import { InFlight, Recovering, state } from '../state/state.ts';
import { Table } from '../state/table.ts';
import * as v from '../state/volume.ts';
import { adoptContainer, devsOf, volumesByDev } from './adopt_container.ts';
import { adoptMounts } from './adopt_mounts.ts';
import { isNested } from './nested.ts';
import { next } from './next.ts';

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
  // Of a recovery that was coming in the rest went down with the host: it is sent anew, from its first part.
  state.recovering = null;
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
  const settledAt = state.now + state.configured().settleMs;
  const volumes = state.volumes.values();
  for (let i = 0; i < volumes.length; i++) {
    const volume = volumes[i];
    if (volume.busy) state.inFlight.set(volume.effect, new InFlight(volume.effect, volume.key, true));
    if (volume.doing == v.MOUNT) {
      volume.owedMax += 1;
      volume.settleAt = settledAt;
    }
    if (volume.doing == v.BIND_RW) volume.bindUnheard(false, settledAt);
    if (volume.doing == v.BIND_RO) volume.bindUnheard(true, settledAt);
    if (volume.doing == v.DETACH_RW) volume.detachUnheard(false);
    if (volume.doing == v.DETACH_RO) volume.detachUnheard(true);
    if (volume.doing == v.UNMOUNT) {
      if (volume.owedMin > 0) volume.owedMin -= 1;
      volume.owedBefore = false;
      volume.vanishAt = settledAt;
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
    volume.rwFromId = 0;
    volume.roFromId = 0;
    volume.mountpoint = '';
    volume.suspect = 0;
    volume.owedMin = volume.owedMax > 0 ? 1 : 0;
    volume.owedMax = volume.owedMin;
    volume.owedBefore = volume.owedMin > 0;
    volume.owedStale = volume.owedMax;
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

function dropContainer(container: Container): void {
  state.containers.delete(container);
  for (let i = 0; i < container.requests.length; i++) {
    const volume = state.volume(container.requests[i].key);
    if (!volume) continue;
    const at = volume.users.indexOf(container.id);
    if (at >= 0) volume.users.splice(at, 1);
  }
}
