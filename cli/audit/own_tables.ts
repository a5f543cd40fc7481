import type { KernelView } from './kernel.ts';
import type { AuditRecord, ContainerRecord } from './record.ts';

/**
 * A container of before the first record of a pruned journal, when the policy is too old to be asked: the host's part of the snapshot names it and its process,
 * and which file system each volume has. What it holds is then read from its own mount table, as the policy itself does when it has lost its
 * journal.
 */
export function fillFromOwnTables(record: AuditRecord, { namespaces }: KernelView): void {
  const byDev = new Map([...record.volumes.values()].map((volume) => [volume.dev, volume.key]));
  for (const container of record.containers.values()) {
    if (container.holds) continue;
    const space = namespaces.find(({ pids }) => container.pid !== undefined && pids.includes(container.pid));
    container.holds = space?.mounts.flatMap(({ dev, target }) => {
      const volume = byDev.get(dev);
      return volume === undefined ? [] : [{ volume, source: '', target }];
    });
  }
}

/** Containers of before the first record whose process is gone: nobody can say any more what they held. */
export function unknownHolders({ containers }: AuditRecord): ContainerRecord[] {
  return [...containers.values()].filter(({ holds }) => holds === undefined);
}
