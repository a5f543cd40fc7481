import { at } from './explain.ts';
import type { Finding } from './findings.ts';
import type { Views } from './judge.ts';
import { isAlive, type KernelMount, type Namespace } from './kernel.ts';
import { isAt } from './learn.ts';
import {
  type ContainerRecord,
  type Hold,
  holdersOf,
  managedPath,
  type Told,
  type VolumeRecord,
} from './record.ts';

/** What the events say is mounted, and the kernel does not show. */
export function findMissing(views: Views): Finding[] {
  const { record, kernel } = views;
  // After a reboot nothing of the record is mounted, and nothing needs to be.
  if (record.bootId !== undefined && record.bootId !== kernel.bootId) return [];
  const volumes = [...record.volumes.values()].filter(
    ({ doing, cutOff, older }) => !doing && !cutOff && !older,
  );
  return [
    ...volumes.flatMap((volume) => missingHere(volume, views)),
    ...[...record.containers.values()].flatMap((container) => missingInside(container, views)),
  ];
}

function missingHere(volume: VolumeRecord, views: Views): Finding[] {
  const { kernel, root } = views;
  const found: Finding[] = [];
  for (const [mode, told] of volume.managed) {
    const target = managedPath(root, volume.key, mode);
    if (kernel.mounts.some((mount) => mount.target === target)) continue;
    found.push(missing(`${volume.key} (${mode}) is not mounted at ${target}`, target, told, volume, views));
  }
  if (volume.mounted && volume.mountpoint && !kernel.mounts.some(({ target }) => isAt(volume, target))) {
    const what = `${volume.key} is not mounted by its driver at ${volume.mountpoint}`;
    found.push(missing(what, volume.mountpoint, volume.mounted, volume, views));
  }
  return found;
}

function missing(
  what: string,
  target: string,
  told: Told,
  volume: VolumeRecord,
  { record, moment }: Views,
): Finding {
  const living = holdersOf(record, volume.key).filter(
    ({ pid, limited }) => !limited && pid !== undefined && isAlive(pid),
  );
  const names = living.map(({ id, pid }) => `${id} (pid ${pid})`).join(', ');
  return {
    kind: 'missing',
    worst: living.length > 0,
    what,
    because: `${told.by}, ${at(told.when)}; since then somebody else has taken it away${names ? `, and it is held by ${names}` : ', and nobody holds it'}`,
    next: moment.running
      ? `moorage volume retry ${volume.key}, which looks at it and mounts it again for who holds it`
      : 'start the agent: its recovery looks at it and mounts it again for who holds it',
    target,
    volume: volume.key,
  };
}

/** A container that lives, by its own mount table. */
function missingInside(container: ContainerRecord, views: Views): Finding[] {
  const { pid, holds, preparing, limited } = container;
  if (preparing || limited || !holds || pid === undefined || !isAlive(pid)) return [];
  const space = views.kernel.namespaces.find(({ pids }) => pids.includes(pid));
  if (!space) return [];
  return holds.filter((hold) => !hasVolume(space, hold, views)).map((hold) => lost(container, pid, hold));
}

function hasVolume({ mounts }: Namespace, { volume, target }: Hold, { record }: Views): boolean {
  const dev = record.volumes.get(volume)?.dev;
  return mounts.some((mount) => (dev === undefined || mount.dev === dev) && isTarget(mount, target));
}

/** The path of a mount in a container, which may begin with the sandbox or in a root of its own. */
function isTarget({ target }: KernelMount, path: string): boolean {
  return target === path || target.endsWith(`/${path.replace(/^\/+/, '')}`);
}

function lost({ id, since }: ContainerRecord, pid: number, { volume, target }: Hold): Finding {
  return {
    kind: 'missing',
    worst: true,
    what: `${id} (pid ${pid}) has no ${volume} at ${target}`,
    because: `it was given it at ${at(since)}; its own mount namespace does not show it`,
    next: 'end the task and launch it again: a volume cannot be put into a running container',
    volume,
    container: id,
    pid,
  };
}
