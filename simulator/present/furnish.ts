import type { WorkEffect } from '../../host/frames/types.ts';
import { createKernel, type FileSystem, type HostMount } from '../kernel.ts';
import { createRandom, derive, type Random } from '../random.ts';
import type { Quirks } from '../setup.ts';
import { gaveBack, keyOf } from '../work.ts';
import { createVolume, hurt, type SimContainer, type SimVolume, volumeOf, type World } from '../world.ts';
import type { Fact, Present, PresentContainer, PresentVolume } from './present.ts';

/** Device numbers from here on are those of file systems that the simulation makes. */
const FIRST_MINOR = 1_000_000;

/**
 * Makes a world out of the present: what the policy is sure of is true, of what it does not know each seed takes one or the other. The
 * deciding instance takes the state over, as at a swap. Throws PolicyError when it refuses it.
 */
export function furnish(world: World, present: Present): void {
  world.policy.restore(present.state);
  const state = world.policy.snapshot() as Uint8Array;
  world.base = state;
  world.kept = { state, events: 0 };
  world.now = present.now;
  world.nextCall = present.lastCall + 1;
  world.firstCall = world.nextCall;
  world.nextPid = 1 + Math.max(10, ...present.containers.map(({ pid }) => pid));
  world.recovered = present.recovered;
  world.draining = present.draining;
  // The instance says its wake-up at the first event: a tick, at once.
  world.wakeAt = world.now;
  furnishVolumes(world, present);
  furnishContainers(world, present);
  world.work = present.effects.map((effect) => ({
    effect,
    key: keyOf(effect),
    begunAt: world.now,
    outcome: undefined,
  }));
  for (const { effect, key } of world.work) if (effect.type !== 'place') begun(world, effect, key);
}

/** It was sent before the simulation began: whether it is done is as open as what becomes of it. */
function begun(world: World, effect: WorkEffect, key: string): void {
  const volume = volumeOf(world, key);
  if (effect.type !== 'driver' || effect.op !== 'unmount') return;
  volume.unmountSent = true;
  gaveBack(volume);
}

function furnishVolumes(world: World, { volumes, containers, config }: Present): void {
  const random = createRandom(derive(world.setup.seed, 5));
  const mounts: HostMount[] = [...world.kernel.mounts];
  const numbers = volumes.flatMap(({ rwMountId, roMountId, driverMountId, rwFromId, roFromId }) => [
    rwMountId,
    roMountId,
    driverMountId,
    rwFromId,
    roFromId,
  ]);
  let nextId = 1 + Math.max(1000, ...numbers, ...mounts.map(({ id }) => id));
  let nextMinor = FIRST_MINOR;
  for (const told of volumes) {
    const volume = createFrom(told, world.setup.quirks[told.driver] as Quirks);
    world.volumes.set(volume.key, volume);
    const isMounted = isTrue(told.mounted, random);
    const bound = { rw: isTrue(told.rw, random), ro: isTrue(told.ro, random) };
    if (isMounted || bound.rw || bound.ro)
      volume.fs = { key: volume.key, dev: told.dev ?? `7:${nextMinor++}`, dead: false };
    count(volume, told, isMounted, random);
    const isHurt = (['rw', 'ro'] as const).some(
      (mode) => isHeld(containers, told, mode) && !(isMounted && bound[mode] && told.owed[1] > 0),
    );
    if (isHurt) hurt(volume, false);
    if (told.mountpoint !== null) world.mountpoints.set(volume.key, told.mountpoint);
    if (told.dev !== null && volume.fs) world.devs.set(volume.key, volume.fs);
    const driverId = told.driverMountId || nextId++;
    if (isMounted && !volume.quirks.plain)
      mounts.push(mountOf(driverId, volume.place, volume, '/', 'driver', 0));
    const shown = volume.quirks.dataDir ? '/data' : '/';
    for (const mode of ['rw', 'ro'] as const) {
      if (!bound[mode]) continue;
      const target = `${config.root}/${mode === 'ro' ? '.ro/' : ''}${volume.key}`;
      const number = (mode === 'rw' ? told.rwMountId : told.roMountId) || nextId++;
      const from = (mode === 'rw' ? told.rwFromId : told.roFromId) || driverId;
      const mount = mountOf(number, target, volume, shown, 'managed', volume.quirks.plain ? 0 : from);
      mounts.push({ ...mount, doubtful: !told.isSure });
    }
  }
  world.kernel = createKernel({ mounts, nextId, nextMinor });
}

/** Whether a container has it in this mode. */
function isHeld(
  containers: readonly PresentContainer[],
  { driver, name }: PresentVolume,
  mode: 'rw' | 'ro',
): boolean {
  const isIt = (wish: PresentContainer['volumes'][number]) =>
    wish.driver === driver && wish.name === name && wish.readonly === (mode === 'ro');
  return containers.some(({ state, volumes }) => state === 'holding' && volumes.some(isIt));
}

function isTrue(fact: Fact, random: Random): boolean {
  return fact === 'yes' || (fact === 'unknown' && random.chance(0.5));
}

/** Where it is mounted: at its mountpoint, or in the directory above when that has the volume's name. */
function createFrom({ driver, name, mountpoint }: PresentVolume, quirks: Quirks): SimVolume {
  if (mountpoint === null) return createVolume(driver, name, quirks);
  const [above, own] = mountpoint.split('/').slice(-2);
  const dataDir = own !== name && above === name;
  const place = dataDir ? mountpoint.slice(0, mountpoint.lastIndexOf('/')) : mountpoint;
  return { ...createVolume(driver, name, { ...quirks, dataDir }), mountpoint, place };
}

/** What the driver counts is somewhere in what the policy takes for possible. */
function count(volume: SimVolume, told: PresentVolume, isMounted: boolean, random: Random): void {
  // One that is owed from before a reboot is none that the driver has mounted since.
  const before = told.owedBefore ? 1 : 0;
  const least = Math.max(0, told.owed[0] - before);
  const most = Math.max(0, told.owed[1] - before);
  const { counts } = volume.quirks;
  const owed = least + random.below(most - least + 1);
  const ours = isMounted ? (counts === 'calls' ? owed : Math.min(1, owed)) : 0;
  volume.exists = told.exists !== 'no' || isMounted;
  volume.ours = ours;
  volume.others = isMounted && ours === 0 ? 1 : 0;
  volume.count = counts === 'calls' ? ours + volume.others : 0;
  if (counts === 'ids' && ours > 0) volume.ids.add('moorage');
  if (counts === 'ids' && volume.others > 0) volume.ids.add('somebody');
  volume.mountedByUs = isMounted && ours > 0;
  volume.attached = isMounted;
  volume.answered = least;
  volume.forgiven = told.unclaimed;
  volume.owesOnce = told.owedBefore;
  // More than one come only from ends that nobody heard.
  volume.unsure = least !== most || most > 1 || told.owedBefore || !told.isSure || (!isMounted && most > 0);
  volume.lateUntil = Math.max(told.settleAt, told.vanishAt);
}

function mountOf(
  id: number,
  target: string,
  { fs }: SimVolume,
  root: string,
  made: HostMount['made'],
  from: number,
): HostMount {
  return { id, target, fs: fs as FileSystem, root, made, from, doubtful: false };
}

function furnishContainers(world: World, present: Present): void {
  const copies = new Set(world.kernel.mounts.map(({ id }) => id));
  const ids = new Set(present.containers.map(({ id }) => id));
  for (const told of present.containers) {
    const container = containerFrom(world, told, parentOf(told.id, ids), copies);
    container.survivor = present.quarantine.includes(told.id);
    world.containers.set(told.id, container);
  }
  for (const id of present.quarantine) {
    if (ids.has(id)) continue;
    const nothing = { id, state: 'holding', destroyed: false, placing: 0, deadlineAt: 0, pid: 1 } as const;
    const container = containerFrom(world, { ...nothing, volumes: [] }, '', copies);
    container.survivor = true;
    container.anonymous = true;
    world.containers.set(id, container);
  }
  const deadlines = new Map(present.containers.map(({ id, deadlineAt }) => [id, deadlineAt]));
  for (const { call, id } of present.calls)
    world.calls.set(call, {
      type: 'prepare',
      id,
      answerBy: deadlines.get(id) || Number.POSITIVE_INFINITY,
    });
}

function parentOf(id: string, ids: ReadonlySet<string>): string {
  for (let at = id.lastIndexOf('.'); at > 0; at = id.lastIndexOf('.', at - 1))
    if (ids.has(id.slice(0, at))) return id.slice(0, at);
  return '';
}

function containerFrom(
  world: World,
  { id, state, destroyed, pid, volumes }: PresentContainer,
  parent: string,
  copies: ReadonlySet<number>,
): SimContainer {
  const { root } = world.setup.config;
  const isHolder = state === 'holding' || state === 'limited';
  const wants = volumes.map(({ driver, name, path, readonly }) => ({
    key: `${driver}/${name}`,
    readonly,
    target: `/s/${id}/${path}`,
  }));
  const phase = state === 'waiting' ? 'asked' : !isHolder ? 'failed' : pid > 0 ? 'running' : 'ready';
  return {
    id,
    tenant: '',
    asks: {
      labels: [],
      env: [],
      volumes: volumes.map(({ driver, name, path, readonly }) => ({
        driver,
        name,
        options: {},
        containerPath: path,
        readonly,
      })),
      resources: {},
    },
    wants,
    phase,
    limited: state === 'limited',
    destroyed,
    // How it asked for them is not known: it is not asked again.
    voided: state === 'waiting',
    parent,
    refusals: [],
    survivor: false,
    anonymous: false,
    own: phase === 'running' ? wants.map((want, index) => ownMount(world, want, pid, index)) : [],
    copies: phase === 'running' ? copies : new Set(),
    pid,
    hurtsAtStart: wants.map(() => 0),
    sources: isHolder ? wants.map(({ key, readonly }) => `${root}/${readonly ? '.ro/' : ''}${key}`) : [],
  };
}

/** What a running container has mounted for itself. */
function ownMount(world: World, { key, target }: SimContainer['wants'][number], pid: number, index: number) {
  const fs = world.volumes.get(key)?.fs ?? { key, dev: 'gone', dead: true };
  return { key, fs, mountId: 10_000_000 + pid * 10 + index, target };
}
