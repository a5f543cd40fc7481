import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Binding } from './binding.ts';
import { StartError } from './start_error.ts';

/** The folders in which the host keeps what must survive it, all of mode 0700. */
export interface StateDirectory {
  journal: string;
  policies: string;
  /** Lets another host have it. */
  release(): void;
}

/** Bits of a mode that let others write: group, everybody. */
const OTHERS_WRITE = 0o022;
const OTHERS = 0o077;
/** A pid fills so many characters of the lock file, so that writing one needs no room on a full disk. */
const PID_WIDTH = 20;

/**
 * Makes the directory and locks it against a second host for as long as this process lives. What others could have written is
 * refused; what they could only read is closed to them. Throws {@link StartError}.
 */
export function openStateDirectory(path: string, binding: Binding): StateDirectory {
  const [journal, policies] = [join(path, 'journal'), join(path, 'policies')];
  for (const directory of [path, journal, policies]) makeOwn(path, directory);
  const fd = lock(path, binding);
  for (const directory of [journal, policies])
    for (const name of readdirSync(directory)) closeToOthers(join(directory, name), 'file');
  return {
    journal,
    policies,
    release() {
      binding.unlockFile(fd);
      closeSync(fd);
    },
  };
}

function makeOwn(state: string, directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StartError(`state directory ${state}: cannot be made (${(error as Error).message})`);
  }
  closeToOthers(directory, 'directory');
}

function closeToOthers(path: string, kind: 'file' | 'directory'): void {
  const found = lstatSync(path);
  const isKind = kind === 'file' ? found.isFile() : found.isDirectory();
  if (!isKind)
    throw new StartError(`state directory: ${path} is no ${kind}; look at what it is, and move it away`);
  refuseForeign(path, found);
  if ((found.mode & OTHERS) !== 0) chmodSync(path, kind === 'file' ? 0o600 : 0o700);
}

function refuseForeign(path: string, { mode, uid }: Stats): void {
  const us = process.geteuid?.() ?? uid;
  if (uid !== us)
    throw new StartError(
      `state directory: ${path} belongs to user ${uid}, this process is user ${us}; what is in it cannot be trusted: look at it, then chown it`,
    );
  if ((mode & OTHERS_WRITE) === 0) return;
  const bits = (mode & 0o777).toString(8).padStart(4, '0');
  throw new StartError(
    `state directory: others can write to ${path} (mode ${bits}); what is in it cannot be trusted: look at it, then chmod go-w it`,
  );
}

/** The descriptor that holds the lock. */
function lock(path: string, binding: Binding): number {
  const file = join(path, 'lock');
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    fchmodSync(fd, 0o600);
  } catch (error) {
    throw new StartError(`state directory ${path}: ${file} cannot be opened (${(error as Error).message})`);
  }
  if (!binding.lockFile(fd)) {
    closeSync(fd);
    throw new StartError(
      `state directory ${path}: another isolator uses it: ${holderOf(file)}; end that one, or choose another directory`,
    );
  }
  try {
    writeSync(fd, `${process.pid}`.padEnd(PID_WIDTH - 1).concat('\n'), 0);
  } catch {
    // The lock holds without the number, which is for people.
  }
  return fd;
}

function holderOf(file: string): string {
  const pid = Number.parseInt(readFileSync(file, 'latin1'), 10);
  if (!Number.isInteger(pid)) return `${file} is locked`;
  return pid === process.pid ? `this process, ${file} is locked` : `process ${pid}, ${file} is locked`;
}
