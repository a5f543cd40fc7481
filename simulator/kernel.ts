/** One file system: every mount of it shows the same files. */
export interface FileSystem {
  readonly key: string;
  /** `major:minor`. */
  readonly dev: string;
  /** Its device is gone: whoever has it mounted gets errors. */
  dead: boolean;
}

/** One mount of the agent's namespace. */
export interface HostMount {
  readonly id: number;
  readonly target: string;
  readonly fs: FileSystem;
  /** The directory of the file system that is shown. */
  readonly root: string;
  readonly made: 'driver' | 'managed' | 'foreign';
  /** The mount that it was bound from, 0 for none. */
  readonly from: number;
  /** The policy was not told that it was made, or whether it was unmounted: it may be replaced although it is good. */
  doubtful: boolean;
}

/**
 * The mount table of the agent's namespace. Everything is shared with the namespaces of containers, which are slaves: what is
 * unmounted here is gone there too, what a container bound for itself is not.
 */
export interface Kernel {
  readonly mounts: readonly HostMount[];
  mount(target: string, fs: FileSystem, root: string, made: HostMount['made'], from?: number): HostMount;
  /** The mount on top of a path. */
  top(target: string): HostMount | undefined;
  has(id: number): boolean;
  unmount(mount: HostMount): void;
  /** A reboot: nothing stays but what the machine mounts by itself. */
  clear(): void;
  newFileSystem(key: string): FileSystem;
  /** All of it as plain data, for a kernel that goes on from here. */
  save(): SavedKernel;
}

/** What a kernel is made of. */
export interface SavedKernel {
  readonly mounts: HostMount[];
  readonly nextId: number;
  readonly nextMinor: number;
}

export function createKernel(saved: SavedKernel = { mounts: [], nextId: 100, nextMinor: 1 }): Kernel {
  let { mounts, nextId, nextMinor } = saved;
  const kernel: Kernel = {
    get mounts() {
      return mounts;
    },
    mount(target, fs, root, made, from = 0) {
      const mount: HostMount = { id: nextId++, target, fs, root, made, from, doubtful: false };
      mounts.push(mount);
      return mount;
    },
    top(target) {
      for (let i = mounts.length - 1; i >= 0; i -= 1) if (mounts[i]?.target === target) return mounts[i];
      return undefined;
    },
    has: (id) => mounts.some((mount) => mount.id === id),
    unmount(mount) {
      mounts = mounts.filter((other) => other !== mount);
    },
    clear() {
      mounts = mounts.filter(({ made, fs }) => made === 'foreign' && fs.key === '');
    },
    newFileSystem: (key) => ({ key, dev: `7:${nextMinor++}`, dead: false }),
    save: () => ({ mounts, nextId, nextMinor }),
  };
  return kernel;
}
