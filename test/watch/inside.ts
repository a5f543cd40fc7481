import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { native } from '../native_bench.ts';

/** What was seen in a mount namespace of its own. Numbers of mounts stand for the names of their directories. */
export interface Seen {
  way: string;
  mounts: number;
  /** How long after the kernel was done each was told, milliseconds. */
  tookMs: number[];
  /** Told although it was not to be, or twice. */
  wrong: string[];
  /** What was never told of what had to be. */
  missed: string[];
  /** How often the watch's thread woke up in half a second in which nothing happened. */
  idleWakeUps: number;
}

const MANY = 10_000;
/** Unmounted at once; where the kernel queues events, more than it queues (16,384). */
const AT_ONCE = 500;
const TOO_MANY = 17_000;
const TIMES = 20;
/** A generous limit: what is not told by then never will be. */
const PATIENCE_MS = 20_000;
const IDLE_MS = 500;
const IDLE_SPANS = 10;

/** To be called in a namespace of its own: it mounts some ten thousand times in `folder`, and lets it be. */
export async function watchInside(folder: string, program: string): Promise<Seen> {
  const places = ['many', 'tree', 'other'].map((name) => {
    const place = join(folder, name);
    mkdirSync(place);
    execFileSync('mount', ['-t', 'tmpfs', 'moorage-watch', place]);
    return place;
  });
  const [many = '', tree = '', other = ''] = places;
  const unmount = (...paths: string[]) =>
    execFileSync(program, ['unmount', ...paths], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(BigInt);
  execFileSync(program, ['make', many, String(MANY)]);
  execFileSync(program, ['make', other, '2']);
  const ids = await idsByTarget();
  const told = new Map<number, bigint>();
  const wrong: string[] = [];
  const watch = native.watchMounts?.((gone) => {
    const now = process.hrtime.bigint();
    for (const id of gone) {
      if (told.has(id)) wrong.push(`${nameOf(ids, id)} was told twice`);
      told.set(id, now);
    }
  });
  if (!watch) throw new Error('the addon has no watchMounts');
  const missed: string[] = [];
  const idOf = (path: string) => ids.get(path) ?? 0;
  const start = (paths: string[]) => watch.watch(paths.map((path) => ({ mountId: idOf(path), path })));
  async function hear(paths: string[]): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (paths.some((path) => !told.has(idOf(path))) && Date.now() < end) await sleep(1);
    missed.push(...paths.filter((path) => !told.has(idOf(path))));
  }

  // A driver's answer may be a directory of its mount, so that the path that is watched lies below it; and it may be spelled otherwise than the kernel does.
  const chosen = Array.from({ length: MANY / 2 }, (_, index) => join(many, String(index)));
  watch.watch(chosen.map((path, index) => ({ mountId: idOf(path), path: spelled(path, index) })));
  const idleWakeUps = await idle();

  const tookMs: number[] = [];
  for (const path of chosen.slice(0, TIMES)) {
    const [gone = 0n] = unmount(path);
    await hear([path]);
    tookMs.push(Number((told.get(idOf(path)) ?? gone) - gone) / 1e6);
  }

  // Our own unmounts are no news; the one after them shows that nothing is under way any more.
  const own = chosen.slice(TIMES, TIMES + 5);
  watch.unwatch(own.map(idOf));
  const last = chosen[TIMES + 5] as string;
  unmount(...own, last);
  await hear([last]);
  await sleep(50);
  wrong.push(...own.filter((path) => told.has(idOf(path))).map((path) => `${path} was told`));

  const early = join(other, '0');
  unmount(early);
  start([early]);
  await hear([early]);

  // Somebody in another namespace removes the directory, and with it our mount.
  const removed = join(other, '1');
  start([removed]);
  execFileSync('unshare', ['-m', 'sh', '-c', 'umount "$1" && rmdir "$1"', 'sh', removed]);
  await hear([removed]);

  const asked = new Set([...chosen.slice(0, TIMES), last, early, removed].map(idOf));
  wrong.push(...[...told.keys()].filter((id) => !asked.has(id)).map((id) => `${nameOf(ids, id)} was told`));

  // Where ids are given away again these have those of the ones that are gone.
  told.clear();
  const count = watch.way === 'fanotify' ? TOO_MANY : AT_ONCE;
  execFileSync(program, ['make', tree, String(count)]);
  for (const [path, id] of await idsByTarget()) ids.set(path, id);
  const children = Array.from({ length: count }, (_, index) => join(tree, String(index)));
  start(children);
  unmount(tree);
  await hear(children);
  await sleep(50);
  const expected = new Set(children.map(idOf));
  wrong.push(
    ...[...told.keys()].filter((id) => !expected.has(id)).map((id) => `${nameOf(ids, id)} was told`),
  );
  watch.close();
  return { way: watch.way, mounts: ids.size, tookMs, wrong, missed: missed.slice(0, 5), idleWakeUps };
}

function spelled(path: string, index: number): string {
  return [path, join(path, 'data'), `${path}//`, path.replace('/many/', '/other/../many/./')][
    index % 4
  ] as string;
}

async function idsByTarget(): Promise<Map<string, number>> {
  return new Map((await native.mountTable()).map(({ target, mountId }) => [target, mountId]));
}

function nameOf(ids: ReadonlyMap<string, number>, id: number): string {
  return [...ids].find(([, other]) => other === id)?.[0] ?? `mount ${id}`;
}

/** The fewest wake-ups of some spans: what was begun before may still be under way in the first. */
async function idle(): Promise<number> {
  let fewest = Number.POSITIVE_INFINITY;
  for (let span = 0; span < IDLE_SPANS && fewest > 0; span += 1) {
    const before = wakeUps();
    await sleep(IDLE_MS);
    fewest = Math.min(fewest, wakeUps() - before);
  }
  return fewest;
}

/** Of the thread that watches, proc_pid_status(5). */
function wakeUps(): number {
  for (const thread of readdirSync('/proc/self/task')) {
    const status = readFileSync(`/proc/self/task/${thread}/status`, 'utf8');
    if (/^Name:\tmoorage-watch$/m.test(status))
      return Number(/^voluntary_ctxt_switches:\t(\d+)$/m.exec(status)?.[1]);
  }
  throw new Error('no thread watches');
}
