import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A program of ours that is killed and started again. */
export interface Daemon {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Resolves when it has ended and its last words are read. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Its last words on stderr. */
  words(): string[];
  isAlive(): boolean;
  send(signal: NodeJS.Signals): void;
}

const WORDS_KEPT = 40;

/** Starts it in a session of its own, so that a Ctrl-C at the terminal reaches only us. */
export function startDaemon(
  file: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  line: (text: string) => void,
): Daemon {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, env });
  const words: string[] = [];
  child.stdin?.on('error', () => undefined);
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', line);
  createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (text) => {
    words.push(text);
    if (words.length > WORDS_KEPT) words.shift();
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.once('error', reject);
  });
  ended.catch(() => undefined);
  return {
    pid: child.pid as number,
    child,
    ended,
    words: () => words,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    send: (signal) => void child.kill(signal),
  };
}
