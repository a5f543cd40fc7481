import type { Mount } from '../../host/binding.ts';
import type { Learnt } from '../../host/directory.ts';
import type { Config, RecoveredContainer } from '../../host/frames/types.ts';
import {
  type AuditRecord,
  type ContainerRecord,
  managedAt,
  managedPath,
  volumeOf,
  type When,
} from './record.ts';

/** A container whose prepare has no answer yet. */
export function newContainer(id: string, sandbox: string, since: When): ContainerRecord {
  return { id, sandbox, pid: undefined, since, preparing: true, limited: undefined, holds: [] };
}

/** As much of the configuration as the host keeps. */
function configOf({ root, drivers }: Learnt): Config {
  const places = drivers.map(([name, { address }]) => [name, address === null ? {} : { address }]);
  return { agentId: '', root, drivers: Object.fromEntries(places) };
}

/** What the host had learnt before the first event that is left. */
export function remember(record: AuditRecord, learnt: Learnt, when: When): void {
  record.config = configOf(learnt);
  for (const [id, { sandbox, pid }] of learnt.containers) {
    record.containers.set(id, {
      ...newContainer(id, sandbox, when),
      pid: pid ?? undefined,
      preparing: false,
      holds: undefined,
    });
  }
  for (const [key, path] of learnt.mountpoints) {
    Object.assign(volumeOf(record, key), { mountpoint: path, older: true, asked: true });
  }
  for (const [key, dev] of learnt.devs) Object.assign(volumeOf(record, key), { dev, older: true });
}

/** A recovery tells what the kernel shows under the root: what is not among it is gone. */
export function seeMounts(
  record: AuditRecord,
  mounts: readonly Mount[],
  rebooted: boolean,
  when: When,
): void {
  const seen = new Map(mounts.map((mount) => [mount.target, mount]));
  for (const volume of record.volumes.values()) {
    for (const mode of [...volume.managed.keys()]) {
      if (!seen.has(managedPath(record.config?.root ?? '', volume.key, mode))) volume.managed.delete(mode);
    }
    if (rebooted) volume.mounted = undefined;
  }
  for (const { target, dev } of mounts) {
    const at = managedAt(record.config?.root ?? '', target);
    if (!at) continue;
    const volume = volumeOf(record, at.key);
    if (!volume.managed.has(at.mode)) volume.managed.set(at.mode, { when, by: 'found by the recovery' });
    volume.dev = dev;
    volume.asked = true;
  }
}

/** A container that no prepare told of: what it holds, the kernel showed in its own mount table. */
export function adopt(
  record: AuditRecord,
  { id, sandbox, pid, mounts }: RecoveredContainer,
  when: When,
): void {
  const known = record.containers.get(id);
  if (known?.holds) {
    known.pid = pid ?? known.pid;
    return;
  }
  const holds = mounts.flatMap(({ dev, target }) =>
    [...record.volumes.values()]
      .filter((volume) => volume.dev === dev && volume.managed.size > 0)
      .map(({ key }) => ({ volume: key, source: '', target })),
  );
  record.containers.set(id, { ...newContainer(id, sandbox, when), pid, preparing: false, holds });
}
