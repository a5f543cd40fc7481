/**
 * `npm run hostile -- --frames N --seed N`: mutated and random frames through the shipped policy in every state. Exit code 1 at a trap, a
 * step that does not end, memory that grows, or an answer that is wrong.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { FRAMES_A_STATE, type Hunt, hunt } from './hostile/hunt.ts';
import { openPolicy } from './world.ts';

/** A policy that answers nothing for so long hangs. */
const HANG_MS = 20_000;
const WATCH_MS = 1000;
const MEGABYTE = 1024 * 1024;
/** The policy's memory doubles when it is short, and in these states it is never short of more than that. */
const MEMORY_MAX = 8 * MEGABYTE;

if (isMainThread) await main();
else
  parentPort?.postMessage(
    hunt(openPolicy(), workerData.frames, workerData.seed, (frames) => {
      workerData.progress[0] = frames;
    }),
  );

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { frames: { type: 'string', default: '10000000' }, seed: { type: 'string', default: '1' } },
  });
  const frames = Number(values.frames);
  const seed = Number(values.seed);
  if (!(frames > 0) || !Number.isInteger(frames) || !Number.isInteger(seed))
    throw new Error('--frames and --seed want whole numbers');
  const from = performance.now();
  const result = await huntAside(frames, seed);
  process.exitCode = result === undefined || tell(result, seed, (performance.now() - from) / 1000) ? 1 : 0;
}

/** The hunt on a thread of its own, so that a step that never ends is noticed; then undefined, and it has been said. */
function huntAside(frames: number, seed: number): Promise<Hunt | undefined> {
  const progress = new Float64Array(new SharedArrayBuffer(8));
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { frames, seed, progress } });
  let last = -1;
  let since = performance.now();
  return new Promise((resolve, reject) => {
    const timer = setInterval(() => {
      const now = progress[0] as number;
      if (process.stderr.isTTY) process.stderr.write(`\r${now} of ${frames} frames`);
      if (now !== last) since = performance.now();
      last = now;
      if (performance.now() - since < HANG_MS) return;
      const at = seed + now / FRAMES_A_STATE;
      process.stdout.write(`A step does not end: --seed ${at} --frames ${FRAMES_A_STATE} shows it\n`);
      end(undefined);
    }, WATCH_MS);
    function end(result: Hunt | undefined): void {
      clearInterval(timer);
      if (process.stderr.isTTY) process.stderr.write('\r');
      void worker.terminate();
      resolve(result);
    }
    worker.once('message', end);
    worker.once('error', (error) => {
      clearInterval(timer);
      reject(error);
    });
  });
}

/** Prints what came out; true when something is wrong. */
function tell(result: Hunt, seed: number, seconds: number): boolean {
  const [begin, half, end] = result.memory.map((size) => (size / MEGABYTE).toFixed(2)) as [
    string,
    string,
    string,
  ];
  const grown = result.memory[2] > Math.min(MEMORY_MAX, 2 * result.memory[1]);
  process.stdout.write(
    `${result.frames} hostile frames from seed ${seed} in ${seconds.toFixed(0)} s, ${Math.round(result.frames / seconds)} a second
${result.refused} refused, ${result.alerted} told by an alert, ${result.taken} taken; the slowest step ${result.slowestMs.toFixed(1)} ms
memory ${begin} MB at the begin, ${half} MB after half of them, ${end} MB at the end\n`,
  );
  if (grown) process.stdout.write('The memory grows.\n');
  const { find } = result;
  if (find)
    process.stdout.write(
      `${find.state}: ${find.what}\nframe ${find.frame}\nagain: npm run hostile -- --seed ${find.seed} --frames ${FRAMES_A_STATE}\n`,
    );
  return grown || find !== undefined;
}
