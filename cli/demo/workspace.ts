import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../usage_error.ts';
import { leaksBelow, mountsBelow } from './leaks.ts';

const MARK = '.moorage-demo';

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
export function openWorkspace(path: string, words: (text: string) => void): Workspace {
  if (existsSync(path)) sweep(path, words);
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

/** Ends the processes of an earlier run, unmounts what it left and removes its files. */
function sweep(path: string, words: (text: string) => void): void {
  const directory = realpathSync(path);
  const mark = join(directory, MARK);
  if (!existsSync(mark)) {
    throw new UsageError(
      `${directory}: exists and is not a directory of this demonstration; choose another with --dir`,
    );
  }
  const { sockets, pids } = JSON.parse(readFileSync(mark, 'utf8')) as { sockets: string; pids: number[] };
  for (const pid of pids.filter((candidate) => isOurs(candidate, directory))) {
    words(`an earlier run was interrupted: ending its process ${pid}`);
    process.kill(pid, 'SIGKILL');
  }
  for (let round = 0; round < 20 && mountsBelow(directory).length > 0; round += 1) {
    for (const target of mountsBelow(directory))
      execFileSync('umount', ['--lazy', target], { stdio: 'ignore' });
  }
  const left = leaksBelow(directory);
  if (left.length > 0)
    throw new UsageError(
      `${directory}: an earlier run left ${left.join(', ')}; unmount that, or choose another directory with --dir`,
    );
  if (sockets !== '') rmSync(sockets, { recursive: true, force: true });
  rmSync(directory, { recursive: true, force: true });
}

/** A pid may be somebody else's by now: only a process that names this directory is ended. */
function isOurs(pid: number, directory: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory);
  } catch {
    return false;
  }
}
