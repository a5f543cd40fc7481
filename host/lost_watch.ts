import type { Binding, Mount, MountWatch } from './binding.ts';
import type { Directory } from './directory.ts';
import type { Outcome } from './effects/outcome.ts';
import type { ObserveEffect, WorkEffect } from './frames/types.ts';
import type { Log } from './log.ts';
import { isBelowRoot } from './recovery.ts';

export interface LostWatchParts {
  binding: Binding;
  directory: Directory;
  /** Takes `lost`, as an event. */
  tell(event: Record<string, unknown>): void;
  log: Log;
}

/** Knows from effects and recoveries which mounts are ours, and tells when one vanishes that nobody here has unmounted. */
export interface LostWatch {
  /** Before an effect begins: what it takes away is not missed. */
  begin(effect: WorkEffect): void;
  /** After it, before its end is told. */
  end(effect: WorkEffect, outcome: Outcome): void;
  /** A recovery begins with these mounts: from now on they are watched, and what vanishes is told when it is `settled`. */
  known(table: readonly Mount[]): void;
  settled(): void;
  close(): void;
}

/** Fields of the values of outcomes that name mounts. */
interface Values {
  mountId?: number;
  sourceMountId?: number;
  managed?: { mode: string; mountId: number }[];
  driver?: { path?: string; pathMountId?: number };
}

export function createLostWatch({ binding, directory, tell, log }: LostWatchParts): LostWatch {
  const watch = start(binding, gone, log);
  /** By path: the mounts that lie there, and should. */
  const places = new Map<string, number[]>();
  const pathsOf = new Map<number, Set<string>>();
  /** Where a volume's driver has it mounted. */
  const driverPaths = new Map<string, string>();
  /** Paths of mounts that vanished during a recovery. */
  let held: Set<string> | undefined;

  function gone(mountIds: readonly number[]): void {
    const vanished = new Set(mountIds);
    const paths = new Set(mountIds.flatMap((id) => [...(pathsOf.get(id) ?? [])]));
    for (const path of paths) {
      set(
        path,
        (places.get(path) ?? []).filter((id) => !vanished.has(id)),
      );
      if (held) held.add(path);
      else tell({ type: 'lost', target: path });
    }
  }

  function set(path: string, mountIds: readonly number[]): void {
    const before = new Set(places.get(path));
    const after = new Set(mountIds);
    const dropped: number[] = [];
    for (const id of before) {
      if (after.has(id)) continue;
      const paths = pathsOf.get(id);
      paths?.delete(path);
      if (paths?.size !== 0) continue;
      pathsOf.delete(id);
      dropped.push(id);
    }
    if (dropped.length > 0) watch?.unwatch(dropped);
    const added = mountIds.filter((id) => !before.has(id));
    for (const id of added) pathsOf.set(id, (pathsOf.get(id) ?? new Set()).add(path));
    if (mountIds.length === 0) places.delete(path);
    else places.set(path, [...mountIds]);
    if (added.length > 0) watch?.watch(added.map((mountId) => ({ mountId, path })));
  }

  function setDriver(key: string, path: string | undefined, mountId: number | undefined): void {
    const before = driverPaths.get(key);
    if (before !== undefined && before !== path) set(before, []);
    if (path === undefined || !mountId) {
      if (path !== undefined) set(path, []);
      driverPaths.delete(key);
      return;
    }
    driverPaths.set(key, path);
    set(path, [mountId]);
  }

  function endObserve(effect: ObserveEffect, { managed = [], driver }: Values): void {
    const key = `${effect.driver}/${effect.name}`;
    const idsOf = (mode: string) => managed.filter((one) => one.mode === mode).map(({ mountId }) => mountId);
    set(`${directory.root}/${key}`, idsOf('rw'));
    set(`${directory.root}/.ro/${key}`, idsOf('ro'));
    setDriver(key, driver?.pathMountId === undefined ? undefined : driver.path, driver?.pathMountId);
  }

  function known(table: readonly Mount[]): void {
    for (const path of [...places.keys()]) set(path, []);
    driverPaths.clear();
    held = new Set();
    const byTarget = new Map<string, Mount[]>();
    for (const mount of table) {
      const stack = byTarget.get(mount.target);
      if (stack) stack.push(mount);
      else byTarget.set(mount.target, [mount]);
    }
    for (const [target, mounts] of byTarget) {
      if (!isBelowRoot(target, directory.root)) continue;
      set(
        target,
        mounts.map(({ mountId }) => mountId),
      );
      const path = directory.mountpoints.get(volumeOf(target));
      const driver = path === undefined ? undefined : lying(path, byTarget);
      if (driver && mounts.some(({ dev }) => dev === driver.dev))
        setDriver(volumeOf(target), path, driver.mountId);
    }
  }

  return {
    begin(effect) {
      if (effect.type === 'detach')
        set(
          effect.target,
          (places.get(effect.target) ?? []).filter((id) => id !== effect.mountId),
        );
      else if (effect.type === 'driver' && effect.op === 'unmount')
        setDriver(`${effect.driver}/${effect.name}`, undefined, undefined);
    },
    // Of an effect that failed nobody knows what it did: the policy looks, and what it sees is watched.
    end(effect, outcome) {
      if (!watch || !outcome.ok) return;
      const value = (outcome.value ?? {}) as Values;
      if (effect.type === 'bind') {
        if (value.mountId) set(effect.target, [value.mountId]);
        if (!effect.plain) setDriver(volumeOf(effect.target), effect.source, value.sourceMountId);
      } else if (effect.type === 'detach' && value.mountId) set(effect.target, [value.mountId]);
      else if (effect.type === 'observe') endObserve(effect, value);
    },
    known: (table) => watch && known(table),
    settled() {
      const paths = held ?? [];
      held = undefined;
      for (const target of paths) tell({ type: 'lost', target });
    },
    close: () => watch?.close(),
  };
}

/** The host goes on without: what is lost is found when somebody looks. */
function start(binding: Binding, gone: (mountIds: number[]) => void, log: Log): MountWatch | undefined {
  try {
    const watch = binding.watchMounts?.(gone);
    if (watch) log('debug', `mounts are watched by ${watch.way}`);
    return watch;
  } catch (error) {
    log(
      'warn',
      `mounts cannot be watched: ${(error as Error).message}; one that somebody else unmounts is found only when its volume is used again`,
    );
    return undefined;
  }
}

/** The key of the volume that a managed target stands for. */
function volumeOf(target: string): string {
  return target.split('/').slice(-2).join('/');
}

/** The topmost mount at a driver's path, or at its parent: drivers answer a directory of the volume's mount. */
function lying(path: string, byTarget: ReadonlyMap<string, readonly Mount[]>): Mount | undefined {
  return (byTarget.get(path) ?? byTarget.get(path.slice(0, path.lastIndexOf('/'))))?.at(-1);
}
