import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import {
  create,
  driverSuite,
  get,
  isOk,
  isRefused,
  mounted,
  remove,
  unmount,
  volumeOf,
} from './driver_calls.ts';
import { mountsBelow } from './driver_harness.ts';
import { whyNoMemoryVolumes } from './kernel_calls.ts';
import { programPath } from './third_party.ts';

const { test, bench, run } = driverSuite('driver: backends');
const noFuse = whyNoFuse();
const reasons: Record<string, string> = { tmpfs: whyNoMemoryVolumes(), fuse2fs: noFuse };
for (const [backend, why] of Object.entries(reasons))
  if (why !== '') process.stdout.write(`driver: backends: ${backend}: skipped: ${why}\n`);

function whyNoFuse(): string {
  if (programPath('fuse2fs') === undefined) return 'it is not there; apt-get install fuse2fs';
  if (!existsSync('/dev/fuse')) return 'the kernel has no FUSE: there is no /dev/fuse';
  const { status, stderr } = spawnSync('sh', ['-c', ': <> /dev/fuse'], { encoding: 'utf8' });
  return status === 0 ? '' : `/dev/fuse does not open: ${stderr.trim()}`;
}

for (const backend of ['tmpfs', 'fuse2fs']) {
  const maybe = reasons[backend] === '' ? test : (test.skip as typeof test);

  maybe(
    `${backend}: what was written is there after Unmount and Mount, and nothing stays mounted between`,
    async () => {
      const daemon = await bench.start(`keeps-${backend}`, ['--backend', backend]);
      isOk(await create(daemon, 'v', { size: '16m', mode: '0770' }));
      isOk(await create(daemon, 'w', { size: '16m' }));
      const place = await mounted(daemon, 'v', 'a');
      assert.is(statSync(place).mode & 0o7777, 0o770);
      writeFileSync(join(place, 'row'), 'one');
      isOk(await unmount(daemon, 'v', 'a'));
      assert.equal(mountsBelow(bench.folder), []);
      assert.is(volumeOf(await get(daemon, 'v')).Status.backend, backend);
      assert.not.ok(existsSync(join(await mounted(daemon, 'w', 'a'), 'row')));
      assert.is(readFileSync(join(await mounted(daemon, 'v', 'b'), 'row'), 'utf8'), 'one');
      isOk(await unmount(daemon, 'v', 'b'));
      isOk(await unmount(daemon, 'w', 'a'));
      isOk(await remove(daemon, 'v'));
      isOk(await create(daemon, 'v', { size: '16m' }));
      assert.not.ok(existsSync(join(await mounted(daemon, 'v', 'c'), 'row')), 'a new volume is empty');
      isOk(await unmount(daemon, 'v', 'c'));
      assert.is(await daemon.stop('SIGTERM'), 0);
    },
  );

  maybe(`${backend}: a volume is as large as it was made`, async () => {
    const daemon = await bench.start(`size-${backend}`, ['--backend', backend, '--unmount-on-exit']);
    isOk(await create(daemon, 'v', { size: '16m' }));
    const place = await mounted(daemon, 'v', 'a');
    const { blocks, bsize } = statfsSync(place);
    assert.ok(blocks * bsize <= 16 * 2 ** 20 && blocks * bsize > 8 * 2 ** 20, String(blocks * bsize));
    assert.throws(() => writeFileSync(join(place, 'much'), Buffer.alloc(17 * 2 ** 20)), /ENOSPC/);
    assert.is(await daemon.stop('SIGTERM'), 0);
    assert.equal(mountsBelow(bench.folder), []);
  });

  maybe(`${backend}: the longest name that can be made can be mounted, also by the next daemon`, async () => {
    const root = `longest-${backend}`;
    const name = 'n'.repeat(251);
    const first = await bench.start(root, ['--backend', backend]);
    isOk(await create(first, name, { size: '16m' }));
    await mounted(first, name, 'a');
    await first.stop('SIGKILL');
    const second = await bench.start(root, ['--backend', backend]);
    await mounted(second, name, 'b');
    for (const id of ['a', 'b']) isOk(await unmount(second, name, id));
    assert.equal(mountsBelow(bench.folder), []);
  });

  maybe(`${backend}: a mount outlives its daemon, and the next one goes on with it`, async () => {
    const root = `restart-${backend}`;
    const first = await bench.start(root, ['--backend', backend]);
    isOk(await create(first, 'v', { size: '16m' }));
    const place = await mounted(first, 'v', 'a');
    writeFileSync(join(place, 'row'), 'one');
    await first.stop('SIGKILL');
    const second = await bench.start(root, ['--backend', backend]);
    assert.equal(volumeOf(await get(second, 'v')).Status.ids, ['a']);
    isOk(await unmount(second, 'v', 'a'));
    assert.equal(mountsBelow(bench.folder), []);
    assert.is(readFileSync(join(await mounted(second, 'v', 'b'), 'row'), 'utf8'), 'one');
    isOk(await unmount(second, 'v', 'b'));
    await second.stop('SIGTERM');
  });
}

test('in memory a volume is gone with its daemon, and is not handed out empty', async () => {
  const first = await bench.start('gone', ['--backend', 'tmpfs']);
  assert.match(first.said(), /volumes lie in memory \(tmpfs\) and are gone with this daemon/);
  isOk(await create(first, 'v', { size: '16m' }));
  await first.stop('SIGTERM');
  const second = await bench.start('gone', ['--backend', 'tmpfs']);
  isRefused(await get(second, 'v'), /there is no such volume/);
  assert.match(second.said(), /volume v: dropped, it lay in the memory of a daemon that has ended/);
  await second.stop('SIGTERM');
});

test('an image is not replaced by memory, nor its options left out', async () => {
  const images = await bench.start('images', ['--backend', 'fuse2fs']);
  isOk(await create(images, 'v', { size: '16m' }));
  await images.stop('SIGTERM');
  const memory = await bench.start('images', ['--backend', 'tmpfs']);
  isRefused(
    await memory.call('VolumeDriver.Mount', { Name: 'v', ID: 'a' }),
    /is an image, which this driver cannot mount/,
  );
  isRefused(
    await create(memory, 'w', { fs: 'ext4' }),
    /Opts.fs: ext4 is not possible: volumes lie in tmpfs here/,
  );
  isRefused(await create(memory, 'w', { reserved: '5' }), /Opts.reserved: 5 is not possible/);
  await memory.stop('SIGTERM');
});

await run();
