import { createDirectory } from '../host/directory.ts';
import { createIsolator, type Isolator } from '../host/isolator.ts';
import { loadPolicy, type Policy } from '../host/policy/policy.ts';
import { config, live, noJournal, prepare, recover } from './callers.ts';
import { easyBinding } from './easy_binding.ts';

const LIVE = [10, 1000, 10_000];
const LIVES = 2000;
const ROUNDS = 5;

interface Cost {
  /** Processor time of the whole process, microseconds an event. */
  each: number;
  /** Memory of the second instance of the policy, bytes. */
  memory: number;
}

/**
 * `npm run bench -- follower`: what the second instance of the policy costs, in processor time and in memory. Containers come and go beside
 * those that live on; drivers and kernel answer at once, nothing is journaled. By turns in one run, medians.
 */
export async function benchFollower(): Promise<void> {
  process.stdout.write(`${LIVES} lives of a container each; node ${process.version}\n\n`);
  process.stdout.write('live      alone (us an event)   followed   ratio   its memory (MiB)\n');
  for (const count of LIVE) {
    const alone: Cost[] = [];
    const followed: Cost[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      alone.push(await measure(count, false));
      followed.push(await measure(count, true));
    }
    const [one, two] = [median(alone.map(({ each }) => each)), median(followed.map(({ each }) => each))];
    const memory = median(followed.map((cost) => cost.memory)) / 1024 ** 2;
    process.stdout.write(
      `${String(count).padEnd(10)}${one.toFixed(1).padStart(19)}${two.toFixed(1).padStart(11)}${(two / one).toFixed(2).padStart(8)}${memory.toFixed(1).padStart(19)}\n`,
    );
  }
}

async function measure(count: number, isFollowed: boolean): Promise<Cost> {
  const journal = noJournal();
  const second: Policy[] = [];
  const start = () => {
    const policy = loadPolicy('build/policy.wasm');
    second.push(policy);
    return policy;
  };
  const isolator = createIsolator({
    binding: easyBinding(),
    policy: loadPolicy('build/policy.wasm'),
    start: isFollowed ? start : undefined,
    directory: createDirectory(),
    journal,
    startAt: 0,
    nextCall: 1,
    log: () => undefined,
    notice: () => undefined,
    fatal: (error) => {
      throw error;
    },
  });
  await isolator.ask({ type: 'configure', config });
  await isolator.ask(recover);
  for (let at = 0; at < count; at += 1) await prepare(isolator, `k${at}`);
  await caughtUp(isolator, isFollowed);
  const before = journal.counts().events;
  const cpu = process.cpuUsage();
  await live(isolator, 0, LIVES, []);
  await caughtUp(isolator, isFollowed);
  const { user, system } = process.cpuUsage(cpu);
  const each = (user + system) / (journal.counts().events - before);
  await isolator.close();
  return { each, memory: second.at(-1)?.memorySize() ?? 0 };
}

/** Nothing is under way, and the second instance has heard everything. */
async function caughtUp(isolator: Isolator, isFollowed: boolean): Promise<void> {
  await isolator.idle(60_000);
  while (isFollowed && isolator.report().lag !== 0) await new Promise((done) => setTimeout(done, 5));
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] as number;
}
