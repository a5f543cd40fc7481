import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { codeOf, DriverError } from './errors.ts';
import { blockBytes, mkfsMs } from './limits.ts';
import type { VolumeOptions } from './options.ts';

const run = promisify(execFile);

/**
 * Makes ext4 with the directory `data` in the file `image` (mke2fs(8)). `staging` is a path for a directory that mkfs copies
 * into the file system, so that nothing needs to be mounted for it; it is gone afterwards.
 */
export async function makeFileSystem(image: string, staging: string, options: VolumeOptions): Promise<void> {
  try {
    // One by one: with `recursive` a full disk would read as ENOENT.
    await mkdir(staging);
    await makeData(join(staging, 'data'), options);
    await runMkfs(image, staging, options);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Makes the directory that is handed out, with its owner and mode. */
export async function makeData(data: string, options: VolumeOptions): Promise<void> {
  await mkdir(data);
  const [uid, gid] = (options.owner ?? '0:0').split(':').map(Number) as [number, number];
  await chown(data, uid, gid).catch((error: unknown) => {
    if (codeOf(error) !== 'EINVAL') throw error;
    throw new DriverError(
      `Opts.owner: ${uid}:${gid} has no id in this user namespace; use one of /proc/self/uid_map, or run as root of the machine`,
    );
  });
  await chmod(data, Number.parseInt(options.mode ?? '0755', 8));
}

async function runMkfs(image: string, staging: string, options: VolumeOptions): Promise<void> {
  try {
    await run('mkfs.ext4', mkfsArguments(image, staging, options), {
      // sbin is not on the path of every service; mkfs must not see anything else of ours.
      env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' },
      timeout: mkfsMs,
      killSignal: 'SIGKILL',
    });
  } catch (error) {
    throw mkfsError(image, error);
  }
}

function mkfsArguments(image: string, staging: string, options: VolumeOptions): string[] {
  const inodes = options.inodes === undefined ? [] : ['-N', String(options.inodes)];
  // A sparse file reads as zeros: tables and journal need not be written, nor anything discarded.
  const extended = 'nodiscard,lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0';
  const reserved = String(options.reserved ?? 0);
  return [
    '-q',
    '-F',
    '-b',
    String(blockBytes),
    '-m',
    reserved,
    '-E',
    extended,
    ...inodes,
    '-d',
    staging,
    image,
  ];
}

function mkfsError(image: string, error: unknown): DriverError {
  const { stderr, killed, signal, code } = error as {
    stderr?: unknown;
    killed?: boolean;
    signal?: string | null;
    code?: number | string;
  };
  if (code === 'ENOENT') return new DriverError('mkfs.ext4 is not installed; install e2fsprogs');
  if (killed === true) return new DriverError(`mkfs.ext4 ${image}: not done after ${mkfsMs / 1000} s, ended`);
  const said = typeof stderr === 'string' ? stderr.trim().replace(/\s*\n\s*/g, '; ') : '';
  const end = signal ? `ended by ${signal}` : `ended with ${code}`;
  return new DriverError(`mkfs.ext4 ${image}: ${end}${said === '' ? '' : `: ${said}`}`, { cause: error });
}
