import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
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
  withVolume,
} from './driver_calls.ts';
import { mountsBelow } from './driver_harness.ts';

const mebibyte = 2 ** 20;
const { test: driver, testOfMachine, bench, run } = driverSuite('driver: mounts');

driver('a task cannot bring set-uid programs or device nodes into the machine', async () => {
  const { daemon } = await withVolume(bench);
  const path = await mounted(daemon, 'v', 'c1');
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((row) => row.includes(`${daemon.root}/mounts/v `));
  assert.match(line ?? '', /nosuid,nodev/);
  assert.is(statSync(join(daemon.root, 'mounts')).mode & 0o777, 0o700);
  assert.ok(path);
});

driver('many IDs that come at once share one mount, and all of them count', async () => {
  const { daemon } = await withVolume(bench);
  const ids = Array.from({ length: 20 }, (_, index) => `c${index}`);
  const paths = await Promise.all(ids.map((id) => mounted(daemon, 'v', id)));
  assert.is(new Set(paths).size, 1);
  assert.equal(((await idsOf(daemon, 'v')) as string[]).sort(), ids.sort());
  assert.is(mountsBelow(daemon.root).length, 1);
  await Promise.all(ids.slice(1).map(async (id) => isOk(await unmount(daemon, 'v', id))));
  assert.ok(isMounted(daemon, 'v'));
  isOk(await unmount(daemon, 'v', ids[0] ?? ''));
  assert.not(isMounted(daemon, 'v'));
});

testOfMachine('two daemons that mount at the same time both get loop devices of their own', async () => {
  const { daemon: one } = await withVolume(bench);
  const { daemon: two } = await withVolume(bench);
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const all = [one, two].flatMap((daemon) => names.map((name) => ({ daemon, name })));
  await Promise.all(all.map(async ({ daemon, name }) => isOk(await create(daemon, name, { size: '8m' }))));
  await Promise.all(all.map(({ daemon, name }) => mounted(daemon, name, 'c1')));
  const devices = await Promise.all(
    all.map(async ({ daemon, name }) => volumeOf(await get(daemon, name)).Status.device),
  );
  assert.is(new Set(devices).size, all.length);
  await Promise.all(all.map(async ({ daemon, name }) => isOk(await unmount(daemon, name, 'c1'))));
  assert.equal(mountsBelow(one.root), []);
});

driver('a volume that somebody unmounted by hand is mounted by the next Mount of its holder', async () => {
  const { daemon } = await withVolume(bench);
  const path = await mounted(daemon, 'v', 'c1');
  execFileSync('umount', [join(daemon.root, 'mounts', 'v')]);
  assert.is(volumeOf(await get(daemon, 'v')).Mountpoint, undefined);
  assert.is(isOk(await daemon.call('VolumeDriver.Path', { Name: 'v' })).json.Mountpoint, '');
  assert.is(await mounted(daemon, 'v', 'c1'), path);
  assert.ok(isMounted(daemon, 'v'));
  assert.equal(await idsOf(daemon, 'v'), ['c1']);
});

driver(
  'an unmount of a volume in which a process works fails with a reason and keeps its holder',
  async () => {
    const { daemon } = await withVolume(bench);
    const path = await mounted(daemon, 'v', 'c1');
    const open = openSync(join(path, 'x'), 'w');
    isRefused(await unmount(daemon, 'v', 'c1'), /EBUSY.*still in use after \d+ ms; who uses it: fuser -vm/);
    assert.equal(await idsOf(daemon, 'v'), ['c1']);
    assert.ok(isMounted(daemon, 'v'));
    closeSync(open);
    isOk(await unmount(daemon, 'v', 'c1'));
    assert.not(isMounted(daemon, 'v'));
  },
);

driver('a slow unmount of one volume does not hold up another', async () => {
  const { daemon } = await withVolume(bench);
  isOk(await create(daemon, 'w', { size: '8m' }));
  const open = openSync(join(await mounted(daemon, 'v', 'c1'), 'x'), 'w');
  const order: string[] = [];
  const slow = unmount(daemon, 'v', 'c1').then((answer) => {
    order.push('v');
    return answer;
  });
  await mounted(daemon, 'w', 'c1');
  isOk(await unmount(daemon, 'w', 'c1'));
  order.push('w');
  closeSync(open);
  isOk(await slow);
  assert.equal(order, ['w', 'v']);
});

driver('an image that another namespace keeps mounted is not attached a second time', async () => {
  const { daemon } = await withVolume(bench);
  const path = await mounted(daemon, 'v', 'c1');
  const device = volumeOf(await get(daemon, 'v')).Status.device;
  const keeper = spawn(
    'unshare',
    ['-m', '--propagation', 'private', 'sh', '-c', 'echo ready; exec sleep 60'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  try {
    await new Promise((ready) => keeper.stdout.once('data', ready));
    isOk(await unmount(daemon, 'v', 'c1'));
    assert.not(isMounted(daemon, 'v'));
    assert.is(await mounted(daemon, 'v', 'c2'), path);
    assert.is(volumeOf(await get(daemon, 'v')).Status.device, device);
  } finally {
    const gone = new Promise((end) => keeper.once('close', end));
    keeper.kill('SIGKILL');
    await gone;
  }
});

testOfMachine('two daemons that reach one image do not both mount it', async () => {
  const { daemon: one } = await withVolume(bench);
  const { daemon: two, root } = await withVolume(bench);
  await two.stop('SIGTERM');
  linkSync(join(one.root, 'images', 'v.img'), join(two.root, 'images', 'same.img'));
  const again = await bench.start(root);
  await mounted(one, 'v', 'c1');
  isRefused(await mount(again, 'same', 'c1'), /lock .*same\.img: another process has it/);
  assert.not(isMounted(again, 'same'));
  isOk(await unmount(one, 'v', 'c1'));
  await mounted(again, 'same', 'c1');
});

testOfMachine('an image whose data directory is a link does not hand out the machine itself', async () => {
  const { daemon, root } = await withVolume(bench);
  await daemon.stop('SIGTERM');
  const tree = join(bench.folder, 'tree');
  mkdirSync(tree);
  symlinkSync('/etc', join(tree, 'data'));
  const image = join(daemon.root, 'images', 'evil.img');
  execFileSync('mkfs.ext4', ['-q', '-b', '4096', '-d', tree, image, '16m'], {
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    stdio: 'pipe',
  });
  const again = await bench.start(root);
  isRefused(await mount(again, 'evil', 'c1'), /mounts\/evil\/data: is not a directory/);
  assert.not(isMounted(again, 'evil'));
});

testOfMachine('an image that is no file system leaves no mount and no lock behind', async () => {
  const { daemon, root } = await withVolume(bench);
  await daemon.stop('SIGTERM');
  const image = join(daemon.root, 'images', 'junk.img');
  writeFileSync(image, Buffer.alloc(16 * mebibyte, 7));
  const again = await bench.start(root);
  isRefused(await mount(again, 'junk', 'c1'), /mount .*junk\.img on .*: .*ext4 on \/dev\/loop\d+.*EINVAL/);
  isRefused(await mount(again, 'junk', 'c1'), /EINVAL/);
  assert.equal(mountsBelow(again.root), []);
  assert.not.match(execFileSync('losetup', ['-a']).toString(), /junk\.img/);
  isOk(await remove(again, 'junk'));
});

driver('something that was mounted over a volume is not taken for the volume', async () => {
  const { daemon } = await withVolume(bench);
  const target = join(daemon.root, 'mounts', 'v');
  await mounted(daemon, 'v', 'c1');
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', target]);
  isRefused(await mount(daemon, 'v', 'c2'), /something that this driver did not mount is on/);
  isRefused(await unmount(daemon, 'v', 'c1'), /umount it first/);
  assert.is(volumeOf(await get(daemon, 'v')).Mountpoint, undefined);
  execFileSync('umount', [target]);
  isOk(await unmount(daemon, 'v', 'c1'));
  assert.not(isMounted(daemon, 'v'));
});

void run();
