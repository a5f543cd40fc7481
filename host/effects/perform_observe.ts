import { readlinkSync } from 'node:fs';
import type { Binding, Mount } from '../binding.ts';
import type { Directory } from '../directory.ts';
import type { ObserveEffect } from '../frames/types.ts';
import { type Ask, findVolume } from './find_volume.ts';
import { mountAt } from './mount_at.ts';
import { failureOf, type Outcome, withDeadline } from './outcome.ts';
import { callPlugin } from './plugin_api.ts';

/** Of mounts stacked at one target so many are told, the last is on top. All of tens of thousands would not fit into a frame. */
const STACK_SHOWN = 8;

interface DriverView {
  answered: boolean;
  exists?: boolean;
  path?: string;
  pathMountId?: number;
}

/** What kernel and driver say of a volume: its managed mounts, where the driver has it, and (witness) who else still has it. */
export async function performObserve(
  effect: ObserveEffect,
  binding: Binding,
  directory: Directory,
): Promise<Outcome> {
  try {
    const driver = await askDriver(effect, binding, directory);
    return await withDeadline(
      `observe ${effect.driver}/${effect.name}`,
      effect.deadlineMs,
      lookAtKernel(effect, binding, directory, driver),
    );
  } catch (error) {
    return failureOf(error);
  }
}

async function askDriver(effect: ObserveEffect, binding: Binding, directory: Directory): Promise<DriverView> {
  const ask: Ask = (method, body) =>
    callPlugin(binding, effect.driver, directory, method, body, effect.deadlineMs);
  const { answered, exists, path } = await findVolume(effect.name, ask);
  return { answered, ...(exists === undefined ? {} : { exists }), ...(path === undefined ? {} : { path }) };
}

async function lookAtKernel(
  effect: ObserveEffect,
  binding: Binding,
  directory: Directory,
  driver: DriverView,
): Promise<Outcome> {
  const key = `${effect.driver}/${effect.name}`;
  const held = await firstMount([driver.path, directory.mountpoints.get(key)], binding, directory);
  if (held) Object.assign(driver, { path: held.path, pathMountId: held.at.mountId });
  const table = await binding.mountTable();
  const managed = managedMounts(effect, table, directory);
  const shown = held?.at ?? managed[0]?.mount ?? remembered(key, directory);
  const copies = [
    ...managedTargets(key, directory).keys(),
    ...[driver.path, directory.mountpoints.get(key)].filter((path) => path?.startsWith('/')),
    ...table.filter(({ mountId }) => mountId === held?.at.mountId).map(({ target }) => target),
  ] as string[];
  const pinnedBy = effect.witness && shown ? await pins({ ...shown, copies }, binding, directory) : [];
  const modes = managed.map(({ mode, mount }) => ({ mode, mountId: mount.mountId }));
  return { ok: true, value: { managed: modes, driver, pinnedBy } };
}

/** The path that the driver hints at is looked at first, then the one on record: either may be where the mount is. */
async function firstMount(paths: (string | undefined)[], binding: Binding, directory: Directory) {
  for (const path of paths) {
    const found = path === undefined ? undefined : await mountAt(path, binding, directory);
    if (found?.mounted) return { path, at: found.at };
  }
  return undefined;
}

/** When nothing of the volume is shown here, a container may still have its file system. */
function remembered(key: string, directory: Directory): { dev: string; root: string } | undefined {
  const dev = directory.devs.get(key);
  const isPlain = directory.drivers.get(key.split('/')[0] as string)?.plainDirs ?? false;
  return dev === undefined || isPlain ? undefined : { dev, root: '/' };
}

function managedTargets(key: string, { root }: Directory): Map<string, string> {
  return new Map([
    [`${root}/${key}`, 'rw'],
    [`${root}/.ro/${key}`, 'ro'],
  ]);
}

function managedMounts(effect: ObserveEffect, table: readonly Mount[], directory: Directory) {
  const targets = managedTargets(`${effect.driver}/${effect.name}`, directory);
  const found = table.flatMap((mount) => {
    const mode = targets.get(mount.target);
    return mode === undefined ? [] : [{ mode, mount }];
  });
  return [...targets.values()].flatMap((mode) =>
    found.filter((one) => one.mode === mode).slice(-STACK_SHOWN),
  );
}

/** Who else has the volume: not with a copy of our mounts or of the driver's, which every namespace begins with, but with one of its own. */
async function pins(
  { dev, root, copies }: { dev: string; root: string; copies: string[] },
  binding: Binding,
  directory: Directory,
) {
  const found = await binding.pinnedBy({ dev, root, copies });
  if (found.length === 0) return [];
  const containers = containersByNamespace(directory);
  return found.map(({ pid, namespace }) => {
    const container = containers.get(namespace);
    return container === undefined ? { pid } : { pid, container };
  });
}

/** Containers by the inode of their process's mount namespace (namespaces(7)); processes that are gone have none. */
function containersByNamespace(directory: Directory): Map<number, string> {
  const byNamespace = new Map<number, string>();
  for (const [id, { pid }] of directory.containers) {
    if (pid === undefined) continue;
    try {
      const inode = /\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/ns/mnt`))?.[1];
      if (inode !== undefined) byNamespace.set(Number(inode), id);
    } catch {
      // The process has ended: its namespace pins nothing.
    }
  }
  return byNamespace;
}
