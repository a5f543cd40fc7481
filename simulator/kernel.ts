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

function stacksOf(mounts: readonly HostMount[]): Map<string, HostMount[]> {
  const stacks = new Map<string, HostMount[]>();
  for (const mount of mounts) stackOn(stacks, mount);
  return stacks;
}

function stackOn(stacks: Map<string, HostMount[]>, mount: HostMount): void {
  const stack = stacks.get(mount.target);
  if (stack) stack.push(mount);
  else stacks.set(mount.target, [mount]);
}

export function createKernel(saved: SavedKernel = { mounts: [], nextId: 100, nextMinor: 1 }): Kernel {
  let { mounts, nextId, nextMinor } = saved;
  /** Those at each path, the topmost last. */
  let stacks = stacksOf(mounts);
  const kernel: Kernel = {
    get mounts() {
      return mounts;
    },
    mount(target, fs, root, made, from = 0) {
      const mount: HostMount = { id: nextId++, target, fs, root, made, from, doubtful: false };
      mounts.push(mount);
      stackOn(stacks, mount);
      return mount;
    },
    top(target) {
      return stacks.get(target)?.at(-1);
    },
    has: (id) => mounts.some((mount) => mount.id === id),
    unmount(mount) {
      mounts = mounts.filter((other) => other !== mount);
      const left = stacks.get(mount.target)?.filter((other) => other !== mount) ?? [];
      stacks.set(mount.target, left);
    },
    clear() {
      mounts = mounts.filter(({ made, fs }) => made === 'foreign' && fs.key === '');
      stacks = stacksOf(mounts);
    },
    newFileSystem: (key) => ({ key, dev: `7:${nextMinor++}`, dead: false }),
    save: () => ({ mounts, nextId, nextMinor }),
  };
  return kernel;
}
