/** The driver is killed at every point of every operation: before each call that changes something on the disk or among the mounts. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import {
  create,
  driverSuite,
  get,
  idsOf,
  isMounted,
  isOk,
  mount,
  mounted,
  remove,
  unmount,
} from './driver_calls.ts';
import { type Answer, type DriverProcess, mountsBelow } from './driver_harness.ts';
import { until } from './native_bench.ts';
import { takeInventory } from './runner/leaks.mjs';

const { test: driver, bench, run } = driverSuite('driver: crashes');
const { folder } = bench;
const preload = join(folder, 'die_at.so');
const dieFile = join(folder, 'die');
const OPTIONS = { size: '16m', mode: '0770', owner: '1000:1001' };

driver.before(() => {
  execFileSync('cc', ['-Wall', '-shared', '-fPIC', '-o', preload, 'test/die_at.c', '-ldl']);
});

const loops = (): string[] =>
  [...takeInventory().loops.values()].filter((file) => file.startsWith(`${folder}/`));

/** A driver that dies before its Nth call from then on, when it is told. */
function mortal(root: string): Promise<DriverProcess> {
  rmSync(dieFile, { force: true });
  return bench.start(root, [], undefined, { LD_PRELOAD: preload, MOORAGE_DIE_FILE: dieFile });
}

/** What it was about to do; undefined when it did not die. */
async function dies(
  daemon: DriverProcess,
  nth: number,
  work: () => Promise<Answer>,
): Promise<string | undefined> {
  rmSync(`${dieFile}.at`, { force: true });
  writeFileSync(dieFile, String(nth));
  const answer = await work().catch(() => undefined);
  if (answer !== undefined) {
    isOk(answer);
    await daemon.stop('SIGKILL');
    return undefined;
  }
  await daemon.stop('SIGKILL');
  return readFileSync(`${dieFile}.at`, 'utf8');
}

interface Life {
  /** Brings a driver without volumes to where the operation begins. */
  begin?(daemon: DriverProcess): Promise<unknown>;
  operation(daemon: DriverProcess): Promise<Answer>;
  /** What must hold after the next start, whatever the point. */
  holds(again: DriverProcess): Promise<unknown>;
}

const FILE = 'rows.csv';

async function withData(daemon: DriverProcess, ...ids: string[]): Promise<void> {
  isOk(await create(daemon, 'v', OPTIONS));
  const path = await mounted(daemon, 'v', 'writer');
  writeFileSync(join(path, FILE), 'kept', { flush: true } as object);
  for (const id of ids) await mounted(daemon, 'v', id);
  isOk(await unmount(daemon, 'v', 'writer'));
}

/** A volume that is mounted has somebody who has it, and one that nobody has is not. */
async function isConsistent(again: DriverProcess): Promise<string[]> {
  const ids = (await idsOf(again, 'v')) as string[];
  if (ids.length === 0) assert.not(isMounted(again, 'v'), 'mounted, and nobody has it');
  return ids;
}

async function dataIsThere(again: DriverProcess): Promise<void> {
  const path = await mounted(again, 'v', 'reader');
  assert.is(readFileSync(join(path, FILE), 'utf8'), 'kept');
  isOk(await unmount(again, 'v', 'reader'));
}

const OPERATIONS: Record<string, Life> = {
  Create: {
    operation: (daemon) => create(daemon, 'v', OPTIONS),
    async holds(again) {
      const { status } = await get(again, 'v');
      assert.equal(
        readdirSync(join(again.root, 'images')),
        status === 200 ? ['v.img'] : [],
        'a volume has an image, and an image is a volume',
      );
      // The caller asks again: with the same options that is fine.
      isOk(await create(again, 'v', OPTIONS));
      await mounted(again, 'v', 'c1');
    },
  },
  'Mount of the first': {
    begin: (daemon) => withData(daemon),
    operation: (daemon) => mount(daemon, 'v', 'c1'),
    async holds(again) {
      const ids = await isConsistent(again);
      assert.ok(ids.length === 0 || ids.join() === 'c1', ids.join());
      await dataIsThere(again);
      await mounted(again, 'v', 'c1');
      assert.equal(await idsOf(again, 'v'), ['c1']);
    },
  },
  'Mount of the second': {
    begin: (daemon) => withData(daemon, 'c1'),
    operation: (daemon) => mount(daemon, 'v', 'c2'),
    async holds(again) {
      const ids = await isConsistent(again);
      assert.ok(isMounted(again, 'v'), 'the first one has lost its mount');
      assert.ok(['c1', 'c1,c2'].includes(ids.join()), ids.join());
      await dataIsThere(again);
    },
  },
  'Unmount of the second': {
    begin: (daemon) => withData(daemon, 'c1', 'c2'),
    operation: (daemon) => unmount(daemon, 'v', 'c2'),
    async holds(again) {
      const ids = await isConsistent(again);
      assert.ok(isMounted(again, 'v'), 'the first one has lost its mount');
      assert.ok(['c1', 'c1,c2'].includes(ids.join()), ids.join());
      isOk(await unmount(again, 'v', 'c2'));
      assert.equal(await idsOf(again, 'v'), ['c1']);
      await dataIsThere(again);
    },
  },
  'Unmount of the last': {
    begin: (daemon) => withData(daemon, 'c1'),
    operation: (daemon) => unmount(daemon, 'v', 'c1'),
    async holds(again) {
      const ids = await isConsistent(again);
      assert.ok(ids.length === 0 || ids.join() === 'c1', ids.join());
      isOk(await unmount(again, 'v', 'c1'));
      assert.not(isMounted(again, 'v'));
      await dataIsThere(again);
    },
  },
  Remove: {
    begin: (daemon) => withData(daemon),
    operation: (daemon) => remove(daemon, 'v'),
    async holds(again) {
      const { status } = await get(again, 'v');
      assert.equal(readdirSync(join(again.root, 'images')), status === 200 ? ['v.img'] : []);
      if (status === 200) await dataIsThere(again);
    },
  },
};

/** Gives everything back, and sees that nothing is left; the driver goes on. */
async function clearUp(again: DriverProcess): Promise<void> {
  if ((await get(again, 'v')).status === 200) {
    for (const id of (await idsOf(again, 'v')) as string[]) isOk(await unmount(again, 'v', id));
    isOk(await remove(again, 'v'));
  }
  assert.equal(readdirSync(join(again.root, 'images')), []);
  assert.equal(mountsBelow(again.root), []);
  // The kernel lets go of a loop device a moment after its last user.
  await until('the loop devices are free', () => loops().length === 0);
}

for (const [name, { begin, operation, holds }] of Object.entries(OPERATIONS)) {
  driver(`a driver that is killed anywhere in ${name} comes back to a state that holds`, async () => {
    const root = name.replaceAll(' ', '-');
    const points: string[] = [];
    let daemon = await mortal(root);
    for (let nth = 1; ; nth += 1) {
      await begin?.(daemon);
      const point = await dies(daemon, nth, () => operation(daemon));
      if (point !== undefined) points.push(point);
      const where = `${name}, killed before call ${nth} (${point ?? 'none'}), after ${points.slice(0, -1).join(', ')}`;
      try {
        daemon = await mortal(root);
        await holds(daemon);
        await clearUp(daemon);
      } catch (error) {
        (error as Error).message = `${where}: ${(error as Error).message}`;
        throw error;
      }
      if (point === undefined) break;
    }
    await daemon.stop('SIGTERM');
    process.stdout.write(`${name}: ${points.length} points: ${points.join(' ')}\n`);
    // Control: there are points to die at, and what is told of them is what the operation does.
    assert.ok(points.includes('rename') && points.includes('fsync'), points.join());
    if (/first/.test(name)) assert.ok(points.includes('LOOP_CONFIGURE'), points.join());
    if (/first/.test(name))
      assert.ok(points.includes('move_mount') || points.includes('mount'), points.join());
    if (/last/.test(name)) assert.ok(points.includes('umount2'));
  });
}

driver('a driver that is killed anywhere in its start after a crash can be started again', async () => {
  const root = 'start';
  let points = 0;
  let daemon = await bench.start(root);
  for (let nth = 1; ; nth += 1) {
    // One volume in use, one mounted that nobody has, one whose image is gone, an image that nobody knows, leftovers.
    await withData(daemon, 'c1');
    for (const name of ['idle', 'gone', 'known']) isOk(await create(daemon, name, { size: '8m' }));
    await mounted(daemon, 'idle', 'c1');
    await daemon.stop('SIGKILL');
    const images = join(daemon.root, 'images');
    const state = join(daemon.root, 'state.json');
    const parsed = JSON.parse(readFileSync(state, 'utf8'));
    for (const volume of parsed.volumes) if (volume.name === 'idle') volume.ids = [];
    writeFileSync(state, JSON.stringify(parsed));
    renameSync(join(images, 'gone.img'), join(images, 'new.img'));
    writeFileSync(join(images, '.aside-1'), 'half');
    rmSync(`${dieFile}.at`, { force: true });
    writeFileSync(dieFile, String(nth));
    const started = await bench
      .start(root, [], undefined, { LD_PRELOAD: preload, MOORAGE_DIE_FILE: dieFile })
      .catch(() => undefined);
    await started?.stop('SIGKILL');
    const where = existsSync(`${dieFile}.at`) ? readFileSync(`${dieFile}.at`, 'utf8') : 'none';
    rmSync(dieFile);
    daemon = await bench.start(root);
    assert.equal(await idsOf(daemon, 'v'), ['c1'], `killed before call ${nth} (${where})`);
    assert.ok(isMounted(daemon, 'v'), where);
    assert.not(isMounted(daemon, 'idle'), where);
    assert.equal(readdirSync(images).sort(), ['idle.img', 'known.img', 'new.img', 'v.img'], where);
    await dataIsThere(daemon);
    for (const name of ['idle', 'known', 'new']) isOk(await remove(daemon, name));
    await clearUp(daemon);
    if (started) break;
    points += 1;
  }
  await daemon.stop('SIGTERM');
  process.stdout.write(`start: ${points} points\n`);
  assert.ok(points >= 5, String(points));
});

void run();
