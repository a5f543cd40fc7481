import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Progress } from './progress.ts';
import { type TraceResult, unreadable } from './result.ts';
import { replayOr, type Task, type Word, type WorkerData } from './worker.ts';

/** Where many traces are replayed at once. */
export interface PoolOptions {
  policy: string | undefined;
  progress: Progress;
  /** Called in the order of the traces, each as soon as it and all before it are done. */
  onResult(result: TraceResult): void;
}

/** Replays all traces: one in this thread, several in as many threads as there are processors. */
export async function replayAll(traces: readonly string[], options: PoolOptions): Promise<void> {
  const inOrder = ordered(options.onResult);
  const threads = Math.min(traces.length, availableParallelism());
  if (threads <= 1) {
    for (const [index, trace] of traces.entries()) {
      const result = replayOr(trace, options.policy, (bytes, events) =>
        options.progress.at(index, bytes, events),
      );
      options.progress.done(index);
      inOrder(index, result);
    }
    return;
  }
  const waiting = traces.map((trace, index) => ({ index, trace }));
  await Promise.all(Array.from({ length: threads }, () => work(waiting, options, inOrder)));
}

/** Takes from what waits until nothing does; a thread that dies takes only its own trace with it. */
async function work(
  waiting: Task[],
  { policy, progress }: PoolOptions,
  inOrder: (index: number, result: TraceResult) => void,
): Promise<void> {
  let worker: Worker | undefined;
  for (let task = waiting.shift(); task; task = waiting.shift()) {
    worker ??= startWorker(policy);
    const { result, died } = await ask(worker, task, progress);
    if (died) worker = undefined;
    progress.done(task.index);
    inOrder(task.index, result);
  }
  await worker?.terminate();
}

function startWorker(policy: string | undefined): Worker {
  const workerData: WorkerData = { replay: { policy } };
  return new Worker(fileURLToPath(import.meta.url), { workerData, argv: [] });
}

function ask(
  worker: Worker,
  task: Task,
  progress: Progress,
): Promise<{ result: TraceResult; died: boolean }> {
  return new Promise((resolve) => {
    const end = (result: TraceResult, died: boolean) => {
      worker.off('message', hear).off('error', fail).off('exit', leave);
      resolve({ result, died });
    };
    const dead = (why: string) =>
      end(unreadable(task.trace, `${task.trace}: its thread ended: ${why}`), true);
    const fail = (error: Error) => dead(error.message);
    const leave = (code: number) => dead(`code ${code}`);
    const hear = (word: Word) => {
      if ('result' in word) end(word.result, false);
      else progress.at(word.index, word.bytes, word.events);
    };
    worker.on('message', hear).on('error', fail).on('exit', leave);
    worker.postMessage(task);
  });
}

/** Passes on results in the order of their numbers. */
function ordered(onResult: (result: TraceResult) => void): (index: number, result: TraceResult) => void {
  const early = new Map<number, TraceResult>();
  let next = 0;
  return (index, result) => {
    early.set(index, result);
    for (let ready = early.get(next); ready; ready = early.get(next)) {
      early.delete(next);
      next += 1;
      onResult(ready);
    }
  };
}
