import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../usage_error.ts';
import { leaksBelow, mountsBelow } from './leaks.ts';

const MARK = '.moorage-demo';
const LET_GO_MS = 10_000;

/** The folders of one demonstration. Sockets lie in a short path of their own: a socket's path has at most 107 bytes. */
export interface Workspace {
  directory: string;
  sockets: string;
  config: string;
  work: string;
  state: string;
  journal: string;
  /** Remembers a process, so that the next run can end it should this one be killed. */
  remember(pid: number): void;
  /** Takes away what only this run needs. */
  dispose(): void;
}

/** Makes the workspace anew. What an interrupted run left in it is taken down first. Throws {@link UsageError}. */
export async function openWorkspace(path: string, words: (text: string) => void): Promise<Workspace> {
  await endEarlierRun(path, words);
  mkdirSync(path, { recursive: true });
  const directory = realpathSync(path);
  const pids: number[] = [];
  const sockets = mkdtempSync(join(tmpdir(), 'moorage-'));
  const mark = join(directory, MARK);
  writeFileSync(mark, JSON.stringify({ sockets, pids }));
  const state = join(directory, 'state');
  return {
    directory,
    sockets,
    config: join(directory, 'config.json'),
    work: join(directory, 'work'),
    state,
    journal: join(state, 'journal'),
    remember(pid) {
      pids.push(pid);
      writeFileSync(mark, JSON.stringify({ sockets, pids }));
    },
    dispose() {
      rmSync(sockets, { recursive: true, force: true });
      rmSync(join(directory, 'drivers'), { recursive: true, force: true });
      writeFileSync(mark, JSON.stringify({ sockets: '', pids: [] }));
    },
  };
}

/** Takes down what an interrupted run left in the directory, if it is there. Throws {@link UsageError}. */
export async function endEarlierRun(path: string, words: (text: string) => void): Promise<void> {
  if (!existsSync(path)) return;
  try {
    await sweep(path, words);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    throw new UsageError(`${path}: another user ran the demonstration there; choose another with --dir`);
  }
}

/** Ends the processes of an earlier run, unmounts what it left and removes its files. */
async function sweep(path: string, words: (text: string) => void): Promise<void> {
  const directory = realpathSync(path);
  const mark = join(directory, MARK);
  if (!existsSync(mark)) {
    throw new UsageError(
      `${directory}: exists and is not a directory of this demonstration; choose another with --dir`,
    );
  }
  const { sockets, pids } = JSON.parse(readFileSync(mark, 'utf8')) as { sockets: string; pids: number[] };
  const left = [...pids.filter((pid) => isNamedBy(pid, directory)), ...workingIn(directory)];
  if (left.length > 0) words(`an earlier run was interrupted: ending its ${left.length} processes`);
  for (const pid of left) endProcess(pid);
  await clear(directory);
  if (sockets !== '') rmSync(sockets, { recursive: true, force: true });
  rmSync(directory, { recursive: true, force: true });
}

/** Unmounts, and waits until the last process has let go of the loop devices. */
async function clear(directory: string): Promise<void> {
  const end = performance.now() + LET_GO_MS;
  while (leaksBelow(directory).length > 0) {
    for (const target of mountsBelow(directory))
      execFileSync('umount', ['--lazy', target], { stdio: 'ignore' });
    const leaks = leaksBelow(directory);
    if (leaks.length > 0 && performance.now() > end) {
      throw new UsageError(
        `${directory}: an earlier run left ${leaks.join(', ')}; unmount that, or choose another directory with --dir`,
      );
    }
    await sleep(20);
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

/** A pid may be somebody else's by now: only a process that names this directory is ended. */
function isNamedBy(pid: number, directory: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory);
  } catch {
    return false;
  }
}

/** Tasks: processes whose working directory is a sandbox in the directory. Their supervisors end with them. */
function workingIn(directory: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return pid > 0 && readlinkSync(`/proc/${pid}/cwd`).startsWith(`${directory}/`);
      } catch {
        return false;
      }
    });
}
