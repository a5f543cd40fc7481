import { Worker } from 'node:worker_threads';
import type { Said, Survey, Task, Verdict } from '../judge/protocol.ts';

/** One test, one scenario or one comparison may take so long before the thread is given up. */
const STUCK_MS = 60_000;
const CHECK_MS = 1000;

/**
 * Has a thread judge these faults in order; one that hangs is stopped, the fault counts as found by what hung, and another thread goes on
 * behind it. `told` hears each verdict. Throws when the thread fails, or something fails without any fault.
 */
export async function judgeAll(
  judge: string,
  task: Task,
  ids: readonly number[],
  told: (verdict: Verdict) => void,
): Promise<Survey> {
  let left = [...ids];
  let survey: Survey | undefined;
  do {
    const part = await judgePart(judge, { ...task, survey }, left, told);
    survey = part.survey;
    left = left.slice(part.judged);
  } while (left.length > 0);
  return survey;
}

interface Part {
  survey: Survey;
  /** How many have a verdict now. */
  judged: number;
}

function judgePart(
  judge: string,
  task: Task,
  ids: readonly number[],
  told: (verdict: Verdict) => void,
): Promise<Part> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(judge, { workerData: task });
    let survey = task.survey;
    let judged = 0;
    let last: { id: number; what: string; at: number } | undefined;
    const timer = setInterval(() => {
      if (!last || performance.now() - last.at < STUCK_MS) return;
      told({ id: last.id, killedBy: 'test', detail: `${last.what}: hangs`, events: 0, ms: STUCK_MS });
      judged += 1;
      end();
    }, CHECK_MS);

    function end(): void {
      clearInterval(timer);
      worker.removeAllListeners('exit');
      void worker.terminate();
      resolve({ survey: survey as Survey, judged });
    }

    worker.on('error', (error) => {
      clearInterval(timer);
      reject(error);
    });
    worker.on('exit', (code) => {
      clearInterval(timer);
      reject(new Error(`the judging thread ended by itself, code ${code}`));
    });
    worker.on('message', (said: Said) => {
      if (said.type === 'survey') survey = said.survey;
      if (said.type === 'ready') worker.postMessage(ids);
      if (said.type === 'ready' && ids.length === 0) end();
      if (said.type === 'begin') last = { ...said, at: performance.now() };
      if (said.type === 'sound') end();
      if (said.type !== 'verdict') return;
      told(said.verdict);
      judged += 1;
      last = undefined;
    });
  });
}
