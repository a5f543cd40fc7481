import { loadPolicy } from '../host/policy/policy.ts';
import { lives } from './lives.ts';

const LIVE = 1000;
const WARM_UP = 0.01;
const LINES = 10;

/** `npm run bench -- memory [STEPS]`: the policy's linear memory while containers come and go beside a thousand that stay. */
export function benchMemory([wanted = '2000000']: string[]): void {
  const steps = Number(wanted);
  let done = 0;
  const world = lives(loadPolicy('build/policy.wasm'), () => {
    done += 1;
  });
  world.start();
  for (let i = 0; i < LIVE; i++) world.prepare(`live-${i}`);
  done = 0;
  print(`${LIVE} live containers, ${steps} steps; node ${process.version}`);
  print('');
  print('      steps   memory (KiB)   million steps/s');
  const begun = performance.now();
  const marks = [WARM_UP, ...Array.from({ length: LINES }, (_, i) => (i + 1) / LINES)];
  for (let i = 0; marks.length > 0; i++) {
    world.prepare(`task-${i}`);
    world.cleanup(`task-${i}`);
    if (done < (marks[0] as number) * steps) continue;
    marks.shift();
    const rate = done / 1000 / (performance.now() - begun);
    print(
      `${String(done).padStart(11)} ${String(world.policy.memorySize() / 1024).padStart(14)} ${rate.toFixed(3).padStart(17)}`,
    );
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
