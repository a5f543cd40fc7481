import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import {
  driverSuite,
  editState,
  get,
  idsOf,
  isMounted,
  isOk,
  isRefused,
  mounted,
  refusal,
  remove,
  unmount,
  volumeOf,
  withVolume,
} from './driver_calls.ts';

const mebibyte = 2 ** 20;
const { test: driver, testOfMachine, bench, run } = driverSuite('driver: restart');

driver('a daemon that is killed while volumes are mounted knows their holders afterwards', async () => {
  const { daemon, root } = await withVolume(bench);
  const path = await mounted(daemon, 'v', 'c1');
  await mounted(daemon, 'v', 'c2');
  writeFileSync(join(path, 'x'), 'kept');
  await daemon.stop('SIGKILL');
  const again = await bench.start(root);
  assert.equal(await idsOf(again, 'v'), ['c1', 'c2']);
  assert.is(volumeOf(await get(again, 'v')).Mountpoint, path);
  isOk(await unmount(again, 'v', 'c1'));
  assert.is(readFileSync(join(path, 'x'), 'utf8'), 'kept');
  isOk(await unmount(again, 'v', 'c2'));
  assert.not(isMounted(again, 'v'));
});

testOfMachine(
  'a mount that was made just before the daemon died, and told nobody, is taken away',
  async () => {
    const { daemon, root } = await withVolume(bench);
    await mounted(daemon, 'v', 'c1');
    await daemon.stop('SIGKILL');
    editState(daemon, (state) => {
      for (const volume of state.volumes) volume.ids = [];
    });
    const again = await bench.start(root);
    assert.not(isMounted(again, 'v'));
    await mounted(again, 'v', 'c2');
    assert.equal(await idsOf(again, 'v'), ['c2']);
  },
);

testOfMachine('holders of before a reboot do not keep a volume', async () => {
  const { daemon, root } = await withVolume(bench);
  await mounted(daemon, 'v', 'c1');
  await daemon.stop('SIGKILL');
  execFileSync('umount', [join(daemon.root, 'mounts', 'v')]);
  editState(daemon, (state) => {
    state.bootId = 'an-earlier-boot';
  });
  const again = await bench.start(root);
  assert.equal(await idsOf(again, 'v'), []);
  isOk(await remove(again, 'v'));
});

testOfMachine('an unfinished Create leaves nothing, an image without a record is not lost', async () => {
  const { daemon, root } = await withVolume(bench);
  await daemon.stop('SIGKILL');
  const images = join(daemon.root, 'images');
  renameSync(join(images, 'v.img'), join(images, 'w.img'));
  writeFileSync(join(images, '.aside-cut-off'), 'half an image');
  mkdirSync(join(images, '.aside-cut-off.d'));
  const again = await bench.start(root);
  assert.equal(readdirSync(images), ['w.img']);
  isRefused(await get(again, 'v'), /no such volume/);
  assert.is(volumeOf(await get(again, 'w')).Status.size, 16 * mebibyte);
  await mounted(again, 'w', 'c1');
});

driver('a damaged state file stops the start with a next step instead of forgetting holders', async () => {
  const { daemon, root } = await withVolume(bench);
  await daemon.stop('SIGKILL');
  writeFileSync(join(daemon.root, 'state.json'), '{"format":1,"bootId":"b","volumes":[{"name":7}]}');
  assert.match(
    await refusal(bench.start(root)),
    /state\.json: volumes\[0\]\.name: is not a string; put a good copy back/,
  );
});

driver('a second daemon on the same root is refused before it touches anything', async () => {
  const { daemon, root } = await withVolume(bench);
  await mounted(daemon, 'v', 'c1');
  assert.match(await refusal(bench.start(root, [], 'second.sock')), /another driver works there \(pid \d+\)/);
  assert.ok(isMounted(daemon, 'v'));
  isOk(await get(daemon, 'v'));
});

testOfMachine('a socket that somebody listens on is not taken away, a dead one is replaced', async () => {
  const { daemon, root } = await withVolume(bench);
  assert.is(statSync(daemon.socket).mode & 0o777, 0o600);
  assert.match(await refusal(bench.start('elsewhere', [], `${root}.sock`)), /somebody listens there/);
  isOk(await get(daemon, 'v'));
  await daemon.stop('SIGKILL');
  assert.ok(existsSync(daemon.socket));
  const again = await bench.start(root);
  isOk(await get(again, 'v'));
  writeFileSync(join(bench.folder, 'file.sock'), 'mine');
  assert.match(await refusal(bench.start('elsewhere', [], 'file.sock')), /exists and is not a socket/);
  assert.is(readFileSync(join(bench.folder, 'file.sock'), 'utf8'), 'mine');
});

testOfMachine('SIGTERM leaves the mounts to the next start, --unmount-on-exit takes them away', async () => {
  const { daemon, root } = await withVolume(bench);
  await mounted(daemon, 'v', 'c1');
  assert.is(await daemon.stop('SIGTERM'), 0);
  assert.ok(isMounted(daemon, 'v'));
  assert.not(existsSync(daemon.socket));
  const again = await bench.start(root, ['--unmount-on-exit']);
  assert.equal(await idsOf(again, 'v'), ['c1']);
  assert.is(await again.stop('SIGTERM'), 0);
  assert.not(isMounted(again, 'v'));
  const third = await bench.start(root);
  assert.equal(await idsOf(third, 'v'), []);
});

driver(
  'what a Mount that was cut off had mounted is still mounted after the restart: somebody may use it',
  async () => {
    const { daemon: first, root } = await withVolume(bench);
    let daemon = first;
    for (let tries = 0; tries < 12; tries += 1) {
      void daemon.call('VolumeDriver.Mount', { Name: 'v', ID: 'c1' }).catch(() => undefined);
      const end = Date.now() + 3_000;
      while (!isMounted(daemon, 'v') && Date.now() < end)
        await new Promise((resolve) => setImmediate(resolve));
      await daemon.stop('SIGKILL');
      assert.ok(isMounted(daemon, 'v'));
      daemon = await bench.start(root);
      assert.ok(isMounted(daemon, 'v'), `try ${tries}`);
      isOk(await unmount(daemon, 'v', 'c1'));
    }
  },
);

void run();
