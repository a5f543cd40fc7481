/** A driver on a disk that is full: nothing is promised that cannot be kept, and there is a way out of it. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import {
  create,
  driverSuite,
  get,
  idsOf,
  isMounted,
  isOk,
  isRefused,
  mount,
  mounted,
  remove,
  unmount,
  volumeOf,
} from './driver_calls.ts';
import type { DriverProcess } from './driver_harness.ts';
import { native } from './native_bench.ts';

const { test: driver, bench, run } = driverSuite('driver: a full disk');
const MEBIBYTE = 2 ** 20;
const DISK_BYTES = 32 * MEBIBYTE;
let count = 0;

interface Small {
  daemon: DriverProcess;
  /** Takes all room that is left. */
  fill(): void;
  free(): void;
  /** Ends the driver and takes its disk away. */
  end(): Promise<void>;
}

/** A driver whose root is a small file system of its own. */
async function onSmallDisk(): Promise<Small> {
  count += 1;
  const name = `small${count}`;
  const disk = join(bench.folder, name);
  mkdirSync(disk);
  const image = `${disk}.img`;
  writeFileSync(image, '');
  truncateSync(image, DISK_BYTES);
  execFileSync('mkfs.ext4', ['-q', '-b', '4096', '-m', '0', image]);
  await native.loop.mountImage({ image, target: disk, fstype: 'ext4', options: '' });
  const daemon = await bench.start(join(name, 'root'), [], `${name}.sock`);
  const filler = join(disk, 'filler');
  return {
    daemon,
    fill() {
      for (const bytes of [MEBIBYTE, 4096, 4096]) take(filler, bytes);
      assert.throws(() => writeFileSync(join(disk, 'more'), Buffer.alloc(4096)), /ENOSPC/);
      rmSync(join(disk, 'more'), { force: true });
    },
    free: () => rmSync(filler, { force: true }),
    async end() {
      await daemon.stop('SIGTERM');
      await native.loop.unmountImage({ target: disk, retryMs: 5_000 });
    },
  };
}

/** Pieces at the end of a file, until there is no room for another; on disk, for what is only promised may be given away again. */
function take(path: string, bytes: number): void {
  const piece = Buffer.alloc(bytes, 'x');
  const fd = openSync(path, 'a');
  try {
    for (;;) {
      writeSync(fd, piece);
      fsyncSync(fd);
    }
  } catch (error) {
    assert.is((error as NodeJS.ErrnoException).code, 'ENOSPC');
  } finally {
    closeSync(fd);
  }
}

driver('a volume for which there is no room is not made, and says why', async () => {
  const { daemon, fill, free, end } = await onSmallDisk();
  isOk(await create(daemon, 'v', { size: '16m' }));
  fill();
  isRefused(await create(daemon, 'w', { size: '16m' }), /create .*images\/w\.img|mkfs\.ext4 /);
  isRefused(await create(daemon, 'w', { size: '16m' }), /ENOSPC|No space left/);
  assert.equal(readdirSync(join(daemon.root, 'images')), ['v.img']);
  isRefused(await get(daemon, 'w'), /no such volume/);
  free();
  isOk(await create(daemon, 'w', { size: '16m' }));
  await end();
});

driver('a Mount that cannot be written down is not made: the next start would not know of it', async () => {
  const { daemon, fill, free, end } = await onSmallDisk();
  isOk(await create(daemon, 'v', { size: '16m' }));
  fill();
  isRefused(
    await mount(daemon, 'v', 'c1'),
    /write .*state\.json: ENOSPC.*nothing was promised to the caller/,
  );
  assert.not(isMounted(daemon, 'v'));
  assert.equal(await idsOf(daemon, 'v'), []);
  free();
  await mounted(daemon, 'v', 'c1');
  isOk(await unmount(daemon, 'v', 'c1'));
  await end();
});

driver('on a full disk volumes can be given back and removed, which makes room', async () => {
  const { daemon, fill, free, end } = await onSmallDisk();
  for (const name of ['v', 'w']) isOk(await create(daemon, name, { size: '8m' }));
  const path = await mounted(daemon, 'v', 'c1');
  await mounted(daemon, 'v', 'c2');
  writeFileSync(join(path, 'x'), Buffer.alloc(MEBIBYTE, 'x'));
  execFileSync('sync', ['--file-system', path]);
  const reserve = join(daemon.root, 'reserve');
  assert.ok(statSync(reserve).blocks * 512 >= 64 * 1024, 'control: room is kept');
  fill();
  isOk(await unmount(daemon, 'v', 'c1'));
  isOk(await unmount(daemon, 'v', 'c2'));
  assert.not(isMounted(daemon, 'v'));
  isOk(await remove(daemon, 'v'));
  assert.not(existsSync(join(daemon.root, 'images/v.img')));
  assert.equal(JSON.parse(readFileSync(join(daemon.root, 'state.json'), 'utf8')).volumes.length, 1);
  // Room that came free is kept again.
  await mounted(daemon, 'w', 'c1');
  assert.ok(statSync(reserve).blocks * 512 >= 64 * 1024);
  isOk(await unmount(daemon, 'w', 'c1'));
  free();
  await end();
});

driver('control: without the room that is kept, there is no way out', async () => {
  const { daemon, fill, free, end } = await onSmallDisk();
  isOk(await create(daemon, 'v', { size: '8m' }));
  await mounted(daemon, 'v', 'c1');
  rmSync(join(daemon.root, 'reserve'));
  fill();
  isRefused(await unmount(daemon, 'v', 'c1'), /write .*state\.json: ENOSPC/);
  assert.ok(isMounted(daemon, 'v'));
  assert.equal(await idsOf(daemon, 'v'), ['c1'], 'who could not give it back still has it');
  free();
  isOk(await unmount(daemon, 'v', 'c1'));
  await end();
});

driver(
  'a task that writes more than the disk has is told so, and costs the other volumes nothing',
  async () => {
    const { daemon, fill, free, end } = await onSmallDisk();
    for (const name of ['v', 'w']) isOk(await create(daemon, name, { size: '64m' }));
    const [v, w] = [await mounted(daemon, 'v', 'c1'), await mounted(daemon, 'w', 'c1')];
    for (const path of [v, w]) {
      writeFileSync(join(path, 'kept'), path);
      execFileSync('sync', ['--file-system', path]);
    }
    fill();
    // More than is left in the blocks that the image has already.
    const fd = openSync(join(v, 'much'), 'w');
    assert.throws(() => {
      for (let i = 0; i < 24; i += 1) {
        writeSync(fd, Buffer.alloc(MEBIBYTE, 'x'));
        fsyncSync(fd);
      }
    }, /EIO|ENOSPC|EROFS/);
    closeSync(fd);
    assert.is(readFileSync(join(w, 'kept'), 'utf8'), w);
    assert.is(volumeOf(await get(daemon, 'w')).Status.size, 64 * MEBIBYTE);
    isOk(await unmount(daemon, 'v', 'c1'));
    isOk(await unmount(daemon, 'w', 'c1'));
    assert.not(isMounted(daemon, 'v'));
    free();
    // The journal of the file system brings it back.
    for (const name of ['v', 'w']) {
      const path = await mounted(daemon, name, 'c1');
      assert.is(readFileSync(join(path, 'kept'), 'utf8'), path);
      writeFileSync(join(path, 'new'), 'x');
      isOk(await unmount(daemon, name, 'c1'));
    }
    await end();
  },
);

void run();
