import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { PolicyError } from '../policy_error.ts';

/** What is read, for errors, and how large it may be. */
export interface GuardedKind {
  /** e.g. `policy`. */
  what: string;
  maxBytes: number;
}

const GROUP_OR_OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/**
 * The bytes of a file that nobody else can have changed: a regular one that belongs to root or to this user, in directories that do too, none of them
 * writable by others. Undefined when it is not there. It is opened once, judged by its descriptor and read once, so that what was judged is what
 * is used. Throws {@link PolicyError}.
 */
export function readGuarded(file: string, { what, maxBytes }: GuardedKind): Buffer | undefined {
  const fail = (why: string): never => {
    throw new PolicyError(`${what} ${file}: ${why}`);
  };
  const fd = open(file, fail);
  if (fd === undefined) return undefined;
  try {
    const stats = fstatSync(fd);
    checkFile(stats, file, fail);
    if (stats.size > maxBytes)
      fail(`has ${stats.size} bytes, more than the ${maxBytes} that are read of one; look at what it is`);
    return readAll(fd, stats.size, fail);
  } finally {
    closeSync(fd);
  }
}

/** The directories are judged before: from then on nobody else can put another file there. */
function open(file: string, fail: (why: string) => never): number | undefined {
  const path = resolve(file);
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    const directory = realpathSync(dirname(path));
    checkDirectories(directory, fail);
    // A FIFO would otherwise wait for its writer.
    return openSync(join(directory, basename(path)), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (error instanceof PolicyError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === 'ELOOP') return fail('is a symbolic link; name the file that it leads to');
    return fail(`cannot be read (${message}); look at its permissions and at the disk`);
  }
}

/** Whoever can rename in a directory above it can put another file in its place. */
function checkDirectories(directory: string, fail: (why: string) => never): void {
  for (let path = directory; ; path = dirname(path)) {
    const { uid, mode } = lstatSync(path);
    if (!isOurs(uid))
      fail(
        `its directory ${path} belongs to user ${uid}, who can put another file there; keep it in one of root, e.g. /etc/moorage`,
      );
    // In a sticky one only the owner of an entry renames it, and the entry on our way is judged as well.
    if ((mode & GROUP_OR_OTHERS_WRITE) !== 0 && (mode & STICKY) === 0)
      fail(
        `others can write its directory ${path} (mode ${octal(mode)}) and so put another file there; run: chmod go-w ${path}`,
      );
    if (path === dirname(path)) return;
  }
}

function checkFile(stats: Stats, file: string, fail: (why: string) => never): void {
  const { uid, mode } = stats;
  if (!stats.isFile()) fail('is no regular file; look at the path');
  if (!isOurs(uid)) fail(`belongs to user ${uid}, who can change it at any time; run: chown root ${file}`);
  if ((mode & GROUP_OR_OTHERS_WRITE) !== 0)
    fail(`others can write it (mode ${octal(mode)}); look at who did, then run: chmod go-w ${file}`);
}

/** One byte more is asked for, so that a file that grows is noticed; never is more read, whatever it grows to. */
function readAll(fd: number, size: number, fail: (why: string) => never): Buffer {
  const bytes = Buffer.alloc(size + 1);
  let have = 0;
  for (let got = -1; got !== 0 && have <= size; have += got)
    got = readSync(fd, bytes, have, bytes.length - have, have);
  if (have !== size) fail('changed while it was read; wait until it is copied, and try again');
  return bytes.subarray(0, size);
}

function isOurs(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}

/** The permission bits as people write them. */
export function octal(mode: number): string {
  return `0${(mode & 0o7777).toString(8)}`;
}
