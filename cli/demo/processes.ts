import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A program that the demonstration started. */
export interface Started {
  readonly child: ChildProcess;
  /** Resolves with exit code or signal when it has ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Asks it to end; kills it when it has not within `patienceMs`. */
  stop(patienceMs: number): Promise<void>;
}

/** Starts a program; each line of its stdout goes to `line`, its words for people to `words`. Rejects when it cannot be started. */
export async function start(
  file: string,
  args: string[],
  line: (text: string) => void,
  words: (text: string) => void,
): Promise<Started> {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.stdin?.on('error', () => undefined);
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', line);
  createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', words);
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return {
    child,
    ended,
    async stop(patienceMs) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
