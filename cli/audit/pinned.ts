import { at } from './explain.ts';
import type { Finding } from './findings.ts';
import type { Views } from './judge.ts';
import type { KernelMount, Namespace } from './kernel.ts';
import { isAt } from './learn.ts';
import { type ContainerRecord, holdersOf, managedPath, type VolumeRecord } from './record.ts';

/** Processes in whose mount namespace a volume still is that nobody holds: its device stays busy, whatever is unmounted here. */
export function findPins(views: Views): Finding[] {
  const { record, kernel, root } = views;
  const found: Finding[] = [];
  for (const volume of record.volumes.values()) {
    const { dev, key, doing } = volume;
    const isHere = kernel.mounts.some((mount) => isOurs(volume, mount, root));
    if (dev === undefined || (doing && isHere) || holdersOf(record, key).length > 0) continue;
    // The device may be another's by now: then it is mounted here, and not as this volume.
    if (kernel.mounts.some((mount) => mount.dev === dev && !isOurs(volume, mount, root))) continue;
    for (const space of kernel.namespaces) {
      const mount = space.mounts.find((one) => one.dev === dev && isCopy(volume, one, views));
      if (mount) found.push(pin(volume, space, mount, views));
    }
  }
  return found;
}

function isOurs(volume: VolumeRecord, { target }: KernelMount, root: string): boolean {
  return (
    isAt(volume, target) ||
    target === managedPath(root, volume.key, 'rw') ||
    target === managedPath(root, volume.key, 'ro')
  );
}

/**
 * A copy of one of our mounts, or what a container was given of it. Every namespace has a copy of what is mounted when it begins; as long as ours is
 * there too it is no pin, for it goes with ours. The number of a device is given again, to volumes of other agents too: so the place of what a
 * container was given must be that container's own.
 */
function isCopy(volume: VolumeRecord, mount: KernelMount, { record, root, kernel }: Views): boolean {
  const isThere = ({ target, dev }: KernelMount) => target === mount.target && dev === mount.dev;
  if (isOurs(volume, mount, root)) return !kernel.mounts.some(isThere);
  const left = volume.left && record.gone.get(volume.left.container);
  return (
    left?.holds?.some(
      (hold) => hold.volume === volume.key && isPlace(mount.target, left.sandbox, hold.target),
    ) ?? false
  );
}

/** In the sandbox; or, in a root of its own, where a container has its sandbox; or the absolute path itself. */
function isPlace(target: string, sandbox: string, path: string): boolean {
  if (path.startsWith('/')) return target === path;
  return target === `${sandbox}/${path}` || target === `/mnt/mesos/sandbox/${path}`;
}

function pin(volume: VolumeRecord, space: Namespace, mount: KernelMount, { record }: Views): Finding {
  const container = containerOf(space, record.containers.values());
  const others = space.pids.length > 1 ? ` and ${space.pids.length - 1} more` : '';
  const who = `pid ${space.pid} (${space.name})${others}${container ? `, container ${container.id}` : ''}`;
  const left = volume.left
    ? `${volume.left.container} let it go at ${at(volume.left.when)}`
    : 'nobody holds it';
  return {
    kind: 'pinned',
    worst: false,
    what: `${volume.key} is pinned by ${who}, at ${mount.target} of its mount namespace`,
    because: `${left}; while that namespace has it, the device stays in use`,
    next: `end pid ${space.pid} when it is a left-over, or: nsenter -t ${space.pid} -m umount ${mount.target}`,
    target: mount.target,
    volume: volume.key,
    pid: space.pid,
    ...(container && { container: container.id }),
  };
}

function containerOf(
  { pids }: Namespace,
  containers: Iterable<ContainerRecord>,
): ContainerRecord | undefined {
  for (const container of containers)
    if (container.pid !== undefined && pids.includes(container.pid)) return container;
  return undefined;
}
