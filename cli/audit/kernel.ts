import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A line of a mount table (proc_pid_mountinfo(5)). */
export interface KernelMount {
  target: string;
  /** `major:minor`. */
  dev: string;
  /** The directory of the file system that is shown. */
  root: string;
  fstype: string;
  source: string;
}

/** A process in a mount namespace other than the agent's, and what is mounted there. */
export interface Namespace {
  pid: number;
  /** All processes in it. */
  pids: number[];
  name: string;
  mounts: KernelMount[];
}

/** What the kernel shows at one moment. */
export interface KernelView {
  bootId: string;
  /** The agent's table, or our own when no agent runs. */
  mounts: KernelMount[];
  namespaces: Namespace[];
  /** The process that holds the lock of the state directory. */
  agent: number | undefined;
}

/** Looks, and changes nothing. */
export function lookAtKernel(stateDir: string): KernelView {
  const agent = lockHolder(join(stateDir, 'lock'));
  const own = agent === undefined ? 'self' : String(agent);
  return {
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    mounts: readTable(own) ?? readTable('self') ?? [],
    namespaces: otherNamespaces(namespaceOf(own) ?? namespaceOf('self')),
    agent,
  };
}

/** Reads a mount table; undefined when the process is gone. */
export function readTable(pid: string): KernelMount[] | undefined {
  try {
    return parseTable(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Id, parent, device, root, target, options, optional fields up to `-`, type, source. */
export function parseTable(text: string): KernelMount[] {
  return text.split('\n').flatMap((line) => {
    const words = line.split(' ');
    const separator = words.indexOf('-', 6);
    if (separator < 0) return [];
    const [, , dev = '', root = '', target = ''] = words;
    const fstype = words[separator + 1] ?? '';
    const source = plain(words[separator + 2] ?? '');
    return [{ target: plain(target), dev, root: plain(root), fstype, source }];
  });
}

/** Space, tab, newline and backslash stand as three octal digits. */
function plain(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** The processes that live, by number. */
export function isAlive(pid: number): boolean {
  try {
    // After the name in brackets: state Z or X is a process that is over (proc_pid_stat(5)).
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

function namespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return undefined;
  }
}

function otherNamespaces(own: string | undefined): Namespace[] {
  const found = new Map<string, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const namespace = namespaceOf(name);
    if (namespace === undefined || namespace === own) continue;
    found.set(namespace, [...(found.get(namespace) ?? []), Number(name)]);
  }
  return [...found.values()].flatMap((pids) => {
    for (const pid of pids) {
      const mounts = readTable(String(pid));
      if (mounts && mounts.length > 0) return [{ pid, pids, name: commandOf(pid), mounts }];
    }
    return [];
  });
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '?';
  }
}

/**
 * Who holds the lock on a file, from /proc/locks (proc_locks(5)): to ask for the lock, even for a moment, could keep an agent from
 * its start. A lock of an open file names no process there (-1), so its number is read from the file.
 */
function lockHolder(file: string): number | undefined {
  try {
    const { dev, ino } = statSync(file);
    const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
    const hex = (value: number) => value.toString(16).padStart(2, '0');
    const place = ` ${hex(major)}:${hex(minor)}:${ino} `;
    const isLocked = readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .some((line) => line.includes(place) && !line.includes('->'));
    const pid = Number.parseInt(readFileSync(file, 'latin1'), 10);
    return isLocked && isAlive(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}
