import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A group of processes (cgroup) with a limit. */
export interface Group {
  folder: string;
  /** The file of the limit. */
  limitFile: string;
  /** The command that runs a program in the group. */
  around(program: string[]): string[];
  /** A group below this one, with a limit of its own or without. */
  below(limit?: number): Group;
  /** How often the kernel has killed in it for want of memory. */
  oomKills(): number;
  /** Ends what is left in it. */
  remove(): Promise<void>;
}

/** Where each version of the kernel's interface has its hierarchies (cgroups(7)), and what the limit is called there. */
const LIMITS = {
  pids: [
    ['/sys/fs/cgroup/pids', 'pids.max'],
    ['/sys/fs/cgroup', 'pids.max'],
  ],
  memory: [
    ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
    ['/sys/fs/cgroup', 'memory.max'],
  ],
} as const;

/** A group that may have so many threads, or bytes of memory, together; undefined where none can be made. */
export function makeGroup(kind: keyof typeof LIMITS, limit: number): Group | undefined {
  for (const [top, file] of LIMITS[kind]) {
    const folder = join(top, `moorage-test-${process.pid}`);
    try {
      mkdirSync(folder);
      if (existsSync(join(folder, file))) {
        setLimit(folder, file, limit);
        return groupIn(folder, kind, file);
      }
      rmdirSync(folder);
    } catch {
      // No such hierarchy, or not ours to change.
    }
  }
  return undefined;
}

function setLimit(folder: string, file: string, limit: number): void {
  writeFileSync(join(folder, file), String(limit));
  // What goes to a swap device is not missed, and nothing would be killed.
  if (existsSync(join(folder, 'memory.swap.max'))) writeFileSync(join(folder, 'memory.swap.max'), '0');
}

function groupIn(folder: string, kind: string, file: string): Group {
  return {
    folder,
    limitFile: join(folder, file),
    around: (program) => ['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', folder, ...program],
    below(limit) {
      const control = join(folder, 'cgroup.subtree_control');
      if (existsSync(control)) writeFileSync(control, `+${kind}`);
      const inner = join(folder, 'below');
      mkdirSync(inner);
      if (limit !== undefined) setLimit(inner, file, limit);
      return groupIn(inner, kind, file);
    },
    oomKills() {
      const file = ['memory.oom_control', 'memory.events'].map((name) => join(folder, name)).find(existsSync);
      if (!file) throw new Error(`${folder} counts no kills`);
      return Number(/^oom_kill (\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1]);
    },
    async remove() {
      const end = Date.now() + 5_000;
      for (;;) {
        const pids = readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean);
        if (pids.length === 0 || Date.now() > end) return rmdirSync(folder);
        for (const pid of pids) kill(Number(pid));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
