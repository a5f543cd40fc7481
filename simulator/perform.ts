import type { BindEffect, DetachEffect, DriverEffect, ObserveEffect } from '../host/frames/types.ts';
import { checkDetached, checkTakenDown } from './checks.ts';
import { type Answer, driverMount, isMounted, mountVolume, ourClient, unmountVolume } from './drivers.ts';
import { ROOT } from './setup.ts';
import { noteFault, type Outcome, type SimVolume, volumeOf, type Work, type World } from './world.ts';

const OK: Outcome = { ok: true };

function failure(kind: string, code: string, message: string): Outcome {
  return { ok: false, error: { kind, code, message } };
}

/** Does what an effect says, or goes wrong with it, and keeps the outcome until it is told. */
export function perform(
  world: World,
  work: Work,
  isTroubled = world.faults && world.random.chance(world.setup.trouble),
): void {
  const { effect } = work;
  if (effect.type === 'driver') work.outcome = performDriver(world, work, effect, isTroubled);
  else if (effect.type === 'observe') work.outcome = observe(world, effect, isTroubled);
  else if (isTroubled) work.outcome = kernelTrouble(world, work);
  else work.outcome = performKernel(world, work);
}

function performKernel(world: World, { effect }: Work): Outcome {
  if (effect.type === 'bind') return bind(world, effect);
  return effect.type === 'detach' ? detach(world, effect) : OK;
}

/** It fails, or it hangs until its deadline; then it may have been done. */
function kernelTrouble(world: World, work: Work): Outcome {
  const roll = world.random.below(3);
  if (roll > 0 && work.effect.type !== 'place') performKernel(world, work);
  if (work.effect.type === 'bind') volumeOf(world, work.key).unheard = true;
  if (roll === 0) {
    noteFault(world, 'failed');
    return failure('failed', 'EIO', 'it went wrong here');
  }
  return timeout(world, work);
}

function timeout(world: World, { effect, begunAt }: Work): Outcome {
  noteFault(world, 'timeout');
  world.now = Math.max(world.now, begunAt + effect.deadlineMs);
  return failure('timeout', 'timeout', `no end after ${effect.deadlineMs} ms`);
}

function performDriver(world: World, work: Work, effect: DriverEffect, isTroubled: boolean): Outcome {
  const volume = volumeOf(world, work.key);
  if ((world.downUntil.get(effect.driver) ?? 0) > world.now)
    return failure('unreachable', 'ECONNREFUSED', 'nobody listens');
  if (!isTroubled) return callDriver(world, volume, effect);
  if (effect.op !== 'get') volume.unsure = true;
  const roll = world.random.below(6);
  if (roll === 0) {
    noteFault(world, 'refused');
    return failure('refused', 'driver-refused', 'not now');
  }
  if (roll === 1) {
    noteFault(world, 'unreachable');
    return failure('unreachable', 'ECONNREFUSED', 'nobody listens');
  }
  if (roll === 2) {
    callDriver(world, volume, effect);
    noteFault(world, 'done-in-spite');
    return failure(world.random.pick(['refused', 'failed']), 'driver-failed', 'it says that it failed');
  }
  if (roll === 3) {
    callDriver(world, volume, effect);
    return timeout(world, work);
  }
  const isCut = world.random.chance(0.5);
  const outcome = isCut ? failure('timeout', 'ECONNRESET', 'the connection broke') : timeout(world, work);
  noteFault(world, 'timeout');
  if (roll === 4 && effect.op !== 'get') comeTrueLater(world, effect.op, work.key);
  return outcome;
}

/** What nobody waits for any more happens within `settleMs` of its end, or never. */
export function comeTrueLater(world: World, op: string, key: string): void {
  const settleMs = world.setup.config.settleMs as number;
  const volume = volumeOf(world, key);
  volume.unsure = true;
  const after = world.random.below(settleMs);
  const dueAt = world.now + after;
  if (op === 'mount') volume.pending += 1;
  world.late.push({ dueAt, op, key });
}

/** Driver operations whose time has come, after they were given up. */
export function runLate(world: World): void {
  for (;;) {
    const index = world.late.findIndex(({ dueAt }) => dueAt <= world.now);
    if (index < 0) return;
    const [late] = world.late.splice(index, 1) as [(typeof world.late)[number]];
    const volume = volumeOf(world, late.key);
    noteFault(world, 'late');
    if (late.op === 'mount') {
      volume.pending -= 1;
      mountVolume(volume, world.kernel, ourClient);
    } else if (late.op === 'unmount') {
      unmount(world, volume, 'an unmount that had timed out');
    } else if (late.op === 'create') volume.exists = true;
  }
}

function callDriver(world: World, volume: SimVolume, effect: DriverEffect): Outcome {
  const { quirks } = volume;
  if (effect.op === 'get') {
    if (!volume.exists) {
      const code = quirks.noGet ? 'unsupported' : 'driver-refused';
      return failure('refused', code, `no volume ${volume.name}`);
    }
    const shown = quirks.hints || isMounted(volume, world.kernel);
    return { ok: true, value: { exists: true, ...(shown ? { mountpoint: volume.mountpoint } : {}) } };
  }
  if (effect.op === 'create') {
    volume.exists = true;
    return OK;
  }
  if (effect.op === 'mount') {
    const answer = mountVolume(volume, world.kernel, ourClient);
    return answer.ok ? { ok: true, value: { mountpoint: answer.mountpoint } } : refused(answer);
  }
  const answer = unmount(world, volume, 'an unmount');
  if (!answer.ok) {
    volume.unsure = true;
    return refused(answer);
  }
  const path = world.mountpoints.get(volume.key);
  return {
    ok: true,
    value: { stillMounted: path !== undefined && mountAt(world, volume, path) !== undefined },
  };
}

function unmount(world: World, volume: SimVolume, what: string): Answer {
  const was = isMounted(volume, world.kernel);
  const answer = unmountVolume(volume, world.kernel, ourClient);
  if (was && !isMounted(volume, world.kernel)) checkTakenDown(world, volume, what);
  return answer;
}

function refused(answer: Answer & { ok: false }): Outcome {
  return failure('refused', 'driver-refused', answer.message);
}

/** The mount that a path of the volume lies on, unless that is the agent's disk or lies under the managed root. */
function mountAt(world: World, volume: SimVolume, path: string) {
  if (path.startsWith(`${ROOT}/`) || volume.quirks.plain) return undefined;
  return driverMount(volume, world.kernel);
}

function bind(world: World, effect: BindEffect): Outcome {
  const { source, target } = effect;
  if (source.startsWith(`${ROOT}/`)) return failure('refused', 'under-root', `${source} is a managed mount`);
  const volume = [...world.volumes.values()].find(({ mountpoint }) => mountpoint === source);
  const plainFs =
    volume?.quirks.plain && effect.plain ? { key: volume.key, dev: '8:1', dead: false } : undefined;
  const from = volume && driverMount(volume, world.kernel);
  const fs = from?.fs ?? volume?.fs ?? plainFs;
  if (!volume || !fs || (!from && !effect.plain))
    return failure('refused', 'not-mounted', `${source} is no mount of its own`);
  const mount = world.kernel.mount(target, fs, volume.quirks.dataDir ? '/data' : '/', 'managed', from?.id);
  return {
    ok: true,
    value: { mountId: mount.id, sourceMountId: from?.id ?? 1, fstype: 'ext4', dev: fs.dev },
  };
}

function detach(world: World, effect: DetachEffect): Outcome {
  const top = world.kernel.top(effect.target);
  if (!top) return OK;
  if (top.id !== effect.mountId)
    return failure('refused', 'other-mount', `mount ${top.id} is there, not ${effect.mountId}`);
  checkDetached(world, top);
  world.kernel.unmount(top);
  return OK;
}

function observe(world: World, effect: ObserveEffect, isTroubled: boolean): Outcome {
  const { driver, name } = effect;
  const volume = volumeOf(world, `${driver}/${name}`);
  if (isTroubled && world.random.chance(0.4)) {
    noteFault(world, 'timeout');
    return failure('timeout', 'timeout', 'the mount table could not be read in time');
  }
  const isDown = isTroubled || (world.downUntil.get(driver) ?? 0) > world.now;
  volume.blind = false;
  const mounted = isMounted(volume, world.kernel);
  const hint = !isDown && (volume.quirks.hints || mounted) ? volume.mountpoint : undefined;
  const paths = [hint, world.mountpoints.get(volume.key)].filter((path) => path !== undefined);
  const path = paths.find((known) => mountAt(world, volume, known));
  const shown = path === undefined ? undefined : mountAt(world, volume, path);
  const managed = world.kernel.mounts.flatMap(({ target, id, fs }) => {
    if (target === `${ROOT}/${volume.key}`) return [{ mode: 'rw', mountId: id, fs }];
    return target === `${ROOT}/.ro/${volume.key}` ? [{ mode: 'ro', mountId: id, fs }] : [];
  });
  const at = path ?? hint;
  return {
    ok: true,
    value: {
      managed: managed.map(({ mode, mountId }) => ({ mode, mountId })),
      driver: {
        answered: !isDown,
        ...(isDown ? {} : { exists: volume.exists }),
        ...(at === undefined ? {} : { path: at }),
        ...(shown === undefined ? {} : { pathMountId: shown.id }),
      },
      pinnedBy: effect.witness
        ? pins(world, volume, shown?.fs ?? managed[0]?.fs ?? world.devs.get(volume.key))
        : [],
    },
  };
}

/** Namespaces that still have the file system: by a mount of their own, or by a copy of the driver's that shows all of it. */
function pins(world: World, volume: SimVolume, fs: { dev: string } | undefined) {
  if (!fs) return [];
  const driverId = driverMount(volume, world.kernel)?.id ?? 0;
  const found: { pid: number; container: string }[] = [];
  for (const { id, pid, own, copies, phase } of world.containers.values()) {
    if (phase !== 'running') continue;
    const hasOwn = own.some((mount) => mount.fs.dev === fs.dev && mount.key === volume.key);
    if (hasOwn || (!volume.quirks.dataDir && copies.has(driverId))) found.push({ pid, container: id });
  }
  return found;
}
