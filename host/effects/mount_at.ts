import type { Binding, NativeError, PathMount } from '../binding.ts';
import type { Directory } from '../directory.ts';

/** What the kernel shows at a driver's path: the volume's own mount, or none. */
export type MountAt = { mounted: true; at: PathMount } | { mounted: false };

/**
 * Asks the kernel whether `path` lies on a mount of its own that is not ours. Only a path that is not there counts as no: a
 * mount whose file system has died is looked up in the mount table. Rejects when neither can be asked.
 */
export async function mountAt(path: string, binding: Binding, directory: Directory): Promise<MountAt> {
  if (!path.startsWith('/') || `${path}/`.startsWith(`${directory.root}/`)) return { mounted: false };
  try {
    const at = await binding.pathMount(path);
    return at.ownMount ? { mounted: true, at } : { mounted: false };
  } catch (error) {
    const { code } = error as NativeError;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { mounted: false };
    return await inTable(path, binding);
  }
}

/** A mount at the path, or at its parent: drivers answer a directory of the volume's mount. */
async function inTable(path: string, binding: Binding): Promise<MountAt> {
  const parent = path.slice(0, path.lastIndexOf('/'));
  const found = (await binding.mountTable())
    .filter(({ target }) => target === path || target === parent)
    .at(-1);
  if (!found) return { mounted: false };
  const { mountId, dev, fstype, root } = found;
  return { mounted: true, at: { mountId, dev, fstype, root, ownMount: true } };
}
