import type { EffectError, WorkEffect } from '../host/frames/types.ts';

type Answer = { ok: true; value?: unknown } | { ok: false; error: EffectError };

/** A kernel and drivers just deep enough to answer effects truthfully: what is mounted where, and since when. */
export interface Machine {
  /** Volumes that the drivers know, `driver/name`. */
  volumes: Set<string>;
  /** Driver mounts by `driver/name`: the mount's id. */
  driverMounts: Map<string, number>;
  /** Managed mounts by target: the mount's id. */
  managed: Map<string, number>;
  /** Containers whose own namespace still has a volume: `driver/name` to container id. */
  pinned: Map<string, string>;
  /** Every driver operation so far, as `op driver/name`. */
  calls: string[];
  /** Drivers that do not answer. */
  silent: Set<string>;
  answer(effect: WorkEffect): Answer;
}

export const ROOT = '/m';

export function createMachine(...volumes: string[]): Machine {
  let nextId = 100;
  const machine: Machine = {
    volumes: new Set(volumes),
    driverMounts: new Map(),
    managed: new Map(),
    pinned: new Map(),
    calls: [],
    silent: new Set(),
    answer: (effect) => answers[effect.type](effect as never),
  };

  function driver(effect: WorkEffect & { type: 'driver' }): Answer {
    const key = `${effect.driver}/${effect.name}`;
    machine.calls.push(`${effect.op} ${key}`);
    if (machine.silent.has(effect.driver)) return failed('unreachable', 'ECONNREFUSED', 'nobody listens');
    if (effect.op === 'create') machine.volumes.add(key);
    if (!machine.volumes.has(key)) return failed('refused', 'driver-refused', `no volume ${effect.name}`);
    if (effect.op === 'get') return { ok: true, value: { exists: true } };
    if (effect.op === 'mount') {
      if (!machine.driverMounts.has(key)) machine.driverMounts.set(key, nextId++);
      return { ok: true, value: { mountpoint: `/d/${key}` } };
    }
    if (effect.op === 'unmount') {
      machine.driverMounts.delete(key);
      return { ok: true, value: { stillMounted: false } };
    }
    return { ok: true, value: {} };
  }

  const answers = {
    driver,
    bind(effect: WorkEffect & { type: 'bind' }): Answer {
      const sourceMountId = machine.driverMounts.get(effect.source.slice(3));
      if (sourceMountId === undefined)
        return failed('refused', 'not-mounted', `${effect.source} is no mount`);
      machine.managed.set(effect.target, nextId);
      return { ok: true, value: { mountId: nextId++, sourceMountId, fstype: 'ext4', dev: '7:1' } };
    },
    detach(effect: WorkEffect & { type: 'detach' }): Answer {
      if (machine.managed.get(effect.target) !== effect.mountId) {
        return failed('refused', 'other-mount', 'another mount');
      }
      machine.managed.delete(effect.target);
      return { ok: true };
    },
    observe(effect: WorkEffect & { type: 'observe' }): Answer {
      const key = `${effect.driver}/${effect.name}`;
      const modes = [
        ['rw', `${ROOT}/${key}`],
        ['ro', `${ROOT}/.ro/${key}`],
      ] as const;
      const managed = modes.flatMap(([mode, target]) => {
        const mountId = machine.managed.get(target);
        return mountId === undefined ? [] : [{ mode, mountId }];
      });
      const id = machine.driverMounts.get(key);
      const answered = !machine.silent.has(effect.driver);
      const shown = id === undefined ? {} : { path: `/d/${key}`, pathMountId: id };
      const container = machine.pinned.get(key);
      const pinnedBy = effect.witness && container !== undefined ? [{ pid: 7, container }] : [];
      const exists = answered ? { exists: machine.volumes.has(key) } : {};
      return { ok: true, value: { managed, driver: { answered, ...exists, ...shown }, pinnedBy } };
    },
    place: (): Answer => ({ ok: true }),
  };
  return machine;
}

export function failed(kind: EffectError['kind'], code: string, message: string): Answer {
  return { ok: false, error: { kind, code, message } };
}
