import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { replayTrace } from './replay_trace.ts';
import { type TraceResult, unreadable } from './result.ts';

/** What a worker is told: the trace of that number; and what it says: how far it is, and what came out. */
export interface Task {
  index: number;
  trace: string;
}
export type Word = { index: number; bytes: number; events: number } | { index: number; result: TraceResult };

export interface WorkerData {
  replay: { policy: string | undefined };
}

/** Whether this thread is one that replays traces for another. */
export function isReplayWorker(): boolean {
  return !isMainThread && (workerData as Partial<WorkerData> | undefined)?.replay !== undefined;
}

/** Replays the traces that the main thread names, one after the other, until it ends this thread. */
export function serveReplays(): void {
  const { policy } = (workerData as WorkerData).replay;
  const say = (word: Word) => parentPort?.postMessage(word);
  parentPort?.on('message', ({ index, trace }: Task) => {
    say({ index, result: replayOr(trace, policy, (bytes, events) => say({ index, bytes, events })) });
  });
}

/** Like `replayTrace`; what cannot be replayed is a result too, so that the other traces are. */
export function replayOr(
  trace: string,
  policy: string | undefined,
  onProgress: (bytes: number, events: number) => void,
): TraceResult {
  try {
    return replayTrace(trace, policy, onProgress);
  } catch (error) {
    return unreadable(trace, (error as Error).message);
  }
}
