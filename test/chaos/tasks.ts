import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentEvent } from '../../cli/demo/agent.ts';
import type { Place } from './place.ts';

export type TaskState = 'asked' | 'staging' | 'running' | 'ended' | 'never';

/** A volume of a driver, and who writes on it. */
export interface Volume {
  driver: string;
  name: string;
  /** Tasks that were ever given it for writing. */
  writers: Task[];
  /** Used since its file system was last checked. */
  used: boolean;
  retired: boolean;
}

export interface Task {
  name: string;
  app: string;
  volume: Volume;
  readonly: boolean;
  ledger: string;
  state: TaskState;
  container: string | undefined;
  sandbox: string | undefined;
  killAsked: boolean;
  /** The end event that the agent told. */
  end: AgentEvent | undefined;
  launchedAt: number;
  endedAt: number | undefined;
  /** The data up to here were read back: lines of the ledger. */
  verified: number;
  /** Of the task itself, by its ledger. */
  pid: number | undefined;
  /** Told by the agent that it lost its volume. */
  limited: boolean;
}

/** A line of a ledger that promises bytes. */
export interface Promised {
  sequence: number;
  offset: number;
  length: number;
  crc: number;
}

export interface Ledger {
  pid: number | undefined;
  promised: Promised[];
  looks: number;
  ended: boolean;
  error: string | undefined;
}

export function readLedger({ ledger }: Task): Ledger {
  const found: Ledger = { pid: undefined, promised: [], looks: 0, ended: false, error: undefined };
  let text: string;
  try {
    text = readFileSync(ledger, 'latin1');
  } catch {
    return found;
  }
  // A line is written at once; the last may be cut off all the same.
  for (const line of text.split('\n').slice(0, -1)) {
    const [kind, ...words] = line.split(' ');
    if (kind === 'B') found.pid = Number(words[0]);
    else if (kind === 'X') found.ended = true;
    else if (kind === 'E') found.error = words.join(' ');
    else if (kind === 'H') found.looks += 1;
    else if (kind === 'S') {
      const [sequence = 0, offset = 0, length = 0, crc = 0] = words.map(Number);
      found.promised.push({ sequence, offset, length, crc });
    }
  }
  return found;
}

/** The process of a task; undefined as long as it has not begun. */
export function pidOf(task: Task): number | undefined {
  task.pid ??= readLedger(task).pid;
  return task.pid;
}

/** Its process is there, and is no zombie (proc_pid_stat(5)). */
export function isAlive(task: Task): boolean {
  const pid = pidOf(task);
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

export function ledgerSize({ ledger }: Task): number {
  try {
    return statSync(ledger).size;
  } catch {
    return 0;
  }
}

export const isLive = ({ state }: Task): boolean => state === 'running';
export const isOpen = ({ state }: Task): boolean =>
  state === 'asked' || state === 'staging' || state === 'running';

/** The app of a task, as the agent reads it. */
export function appOf(task: Task, place: Place, count: number, pauseMs: number, seed: number): object {
  const { app, volume, ledger, readonly, name } = task;
  const file = readonly ? 'data' : `data/${name}.log`;
  const words = [place.writer, ledger, file, count, readonly ? '-' : seed, pauseMs].join(' ');
  return {
    id: app,
    cmd: `exec ${words}`,
    labels: { volume: `${volume.name}:data${readonly ? ':ro' : ''}`, 'volume-driver': volume.driver },
  };
}

/** What the agent tells of tasks. */
export function hear(tasks: Map<string, Task>, event: AgentEvent & { reason?: string }): void {
  if (event.event === 'limit') {
    for (const task of tasks.values()) if (task.container === event.container) task.limited = true;
    return;
  }
  const task = event.event === 'task' ? tasks.get(event.app ?? '') : undefined;
  if (!task) return;
  task.container = event.container ?? task.container;
  task.sandbox = event.sandbox ?? task.sandbox;
  if (event.state === 'staging') task.state = 'staging';
  else if (event.state === 'running') task.state = 'running';
  else {
    task.state = 'ended';
    task.end = event;
    task.endedAt ??= performance.now();
  }
}

/** Where a task's file lies on its volume, below the directory that the driver hands out. */
export const fileOf = ({ name }: Task): string => `${name}.log`;

/** The same seen through the mount namespace of the task. */
export function liveFileOf(task: Task, pid: number): string {
  return `/proc/${pid}/root${join(task.sandbox ?? '/', 'data', fileOf(task))}`;
}
