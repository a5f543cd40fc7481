import { readlinkSync } from 'node:fs';
import type { Binding, Mount, PathMount } from '../binding.ts';
import type { Directory } from '../directory.ts';
import type { ObserveEffect } from '../frames/types.ts';
import { failureOf, type Outcome, withDeadline } from './outcome.ts';
import { callPlugin, objectOf, textOf } from './plugin_api.ts';

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
  const place = directory.drivers.get(effect.driver);
  const ask = (method: string) =>
    callPlugin(binding, effect.driver, place, method, { Name: effect.name }, effect.deadlineMs);
  const got = await ask('Get');
  if (!got.ok) {
    const refused = got.error.kind === 'refused';
    return { answered: refused, ...(got.error.code === 'driver-refused' ? { exists: false } : {}) };
  }
  const path = textOf(objectOf(got.body, 'Volume'), 'Mountpoint');
  if (path !== '') return { answered: true, exists: true, path };
  const asked = await ask('Path');
  const answered = asked.ok ? textOf(asked.body, 'Mountpoint') : '';
  return { answered: true, exists: true, ...(answered === '' ? {} : { path: answered }) };
}

async function lookAtKernel(
  effect: ObserveEffect,
  binding: Binding,
  directory: Directory,
  driver: DriverView,
): Promise<Outcome> {
  const path = driver.path ?? directory.mountpoints.get(`${effect.driver}/${effect.name}`);
  const held = path === undefined ? undefined : await mountOf(path, binding, directory);
  if (held && path !== undefined) Object.assign(driver, { path, pathMountId: held.mountId });
  const managed = managedMounts(effect, await binding.mountTable(), directory);
  const shown = held ?? managed[0]?.mount;
  const pinnedBy = effect.witness && shown ? await pins(shown, binding, directory) : [];
  const modes = managed.map(({ mode, mount }) => ({ mode, mountId: mount.mountId }));
  return { ok: true, value: { managed: modes, driver, pinnedBy } };
}

/** The mount that holds a driver's path, when it is the volume's own and not ours. */
async function mountOf(path: string, binding: Binding, directory: Directory): Promise<PathMount | undefined> {
  if (!path.startsWith('/') || `${path}/`.startsWith(`${directory.root}/`)) return undefined;
  try {
    const held = await binding.pathMount(path);
    return held.ownMount ? held : undefined;
  } catch {
    return undefined;
  }
}

function managedMounts(effect: ObserveEffect, table: readonly Mount[], directory: Directory) {
  const key = `${effect.driver}/${effect.name}`;
  const targets = new Map([
    [`${directory.root}/${key}`, 'rw'],
    [`${directory.root}/.ro/${key}`, 'ro'],
  ]);
  return table.flatMap((mount) => {
    const mode = targets.get(mount.target);
    return mode === undefined ? [] : [{ mode, mount }];
  });
}

async function pins(shown: { dev: string; root: string }, binding: Binding, directory: Directory) {
  const found = await binding.pinnedBy({ dev: shown.dev, root: shown.root });
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
