import type { Binding, HttpRequest } from '../host/binding.ts';

/** Native code on a machine where everything goes well, at once, and where nothing is touched: what is left is the host's own share. */
export function easyBinding(): Binding & { mountedNames(): string[] } {
  const mounted = new Set<string>();
  let nextId = 1;

  function answer({ path, body }: HttpRequest): object {
    const { Name } = JSON.parse(body) as { Name: string };
    const mountpoint = `/d/${Name}`;
    if (path.endsWith('Get')) return { Volume: { Name } };
    if (path.endsWith('.Mount')) mounted.add(mountpoint);
    if (path.endsWith('Unmount')) mounted.delete(mountpoint);
    return { Mountpoint: mountpoint };
  }

  const binding: Partial<Binding> = {
    post: async (request) => ({ status: 200, body: JSON.stringify(answer(request)) }),
    bind: async () => ({ mountId: nextId++, sourceMountId: nextId++, fstype: 'ext4', dev: '7:1' }),
    detach: async () => ({ gone: false }),
    place: async () => undefined,
    mountTable: async () => [],
    mountTableOf: async () => [],
    async pathMount(path) {
      if (!mounted.has(path))
        throw Object.assign(new Error(`${path}: ENOENT`), { code: 'ENOENT', kind: 'failed' });
      return { mountId: 1, dev: '7:1', fstype: 'ext4', root: '/', ownMount: true };
    },
    pinnedBy: async () => [],
    guardedCall: (work) => work(),
  };
  return { ...(binding as Binding), mountedNames: () => [...mounted].map((path) => path.slice(3)).sort() };
}
