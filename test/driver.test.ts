import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statfsSync, statSync, writeFileSync } from 'node:fs';
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
import { type Answer, post } from './driver_harness.ts';

const mebibyte = 2 ** 20;
const { test: driver, testOfMachine, bench, run } = driverSuite('driver');

driver('activation and capabilities are what Docker asks a volume plugin for', async () => {
  const { daemon } = await withVolume(bench);
  const activated = isOk(await daemon.call('Plugin.Activate'));
  assert.equal(activated.json.Implements, ['VolumeDriver']);
  assert.is(activated.type, 'application/vnd.docker.plugins.v1.1+json');
  assert.equal(isOk(await daemon.call('VolumeDriver.Capabilities', {})).json.Capabilities, {
    Scope: 'local',
  });
});

driver('what a task wrote is there again after unmount and mount', async () => {
  const { daemon } = await withVolume(bench);
  const path = await mounted(daemon, 'v', 'c1');
  assert.is(path, join(daemon.root, 'mounts', 'v', 'data'));
  assert.equal(readdirSync(path), [], 'lost+found stays out of sight');
  writeFileSync(join(path, 'rows.csv'), 'a,b\n1,2\n');
  isOk(await unmount(daemon, 'v', 'c1'));
  assert.not(isMounted(daemon, 'v'));
  assert.not(existsSync(path));
  assert.is(await mounted(daemon, 'v', 'c2'), path);
  assert.is(readFileSync(join(path, 'rows.csv'), 'utf8'), 'a,b\n1,2\n');
});

driver('a Mount that is sent twice by the same ID counts once', async () => {
  const { daemon } = await withVolume(bench);
  assert.is(await mounted(daemon, 'v', 'c1'), await mounted(daemon, 'v', 'c1'));
  assert.equal(await idsOf(daemon, 'v'), ['c1']);
  isOk(await unmount(daemon, 'v', 'c1'));
  assert.not(isMounted(daemon, 'v'));
  isOk(await unmount(daemon, 'v', 'c1'));
});

driver(
  'a volume stays mounted until the last of two IDs is done, and a stranger takes nothing away',
  async () => {
    const { daemon } = await withVolume(bench);
    await mounted(daemon, 'v', 'c1');
    await mounted(daemon, 'v', 'c2');
    isOk(await unmount(daemon, 'v', 'stranger'));
    isOk(await unmount(daemon, 'v', 'c1'));
    isOk(await unmount(daemon, 'v', 'c1'));
    assert.ok(isMounted(daemon, 'v'));
    assert.equal(await idsOf(daemon, 'v'), ['c2']);
    isOk(await unmount(daemon, 'v', 'c2'));
    assert.not(isMounted(daemon, 'v'));
  },
);

testOfMachine('a mount of a volume that does not exist makes none', async () => {
  const { daemon } = await withVolume(bench);
  isRefused(await mount(daemon, 'typo', 'c1'), /volume typo: there is no such volume/);
  isRefused(await unmount(daemon, 'typo', 'c1'), /no such volume/);
  isRefused(await get(daemon, 'typo'), /no such volume/);
  isRefused(await remove(daemon, 'typo'), /no such volume/);
  assert.equal(readdirSync(join(daemon.root, 'images')), ['v.img']);
  const names = (isOk(await daemon.call('VolumeDriver.List', {})).json.Volumes as { Name: string }[]).map(
    (v) => v.Name,
  );
  assert.equal(names, ['v']);
});

driver('a name cannot lead out of the folder of images', async () => {
  const { daemon } = await withVolume(bench);
  for (const name of [
    '',
    '.',
    '..',
    '../v',
    'a/b',
    '-v',
    '.aside-x',
    'v\u0000',
    'v ',
    'ü',
    'n'.repeat(252),
  ]) {
    isRefused(await create(daemon, name, { size: '8m' }), /^Name: /);
    isRefused(await mount(daemon, name, 'c1'), /^Name: /);
  }
  isOk(await create(daemon, 'n'.repeat(251), { size: '8m' }));
  await mounted(daemon, 'n'.repeat(251), 'c1');
  isRefused(await mount(daemon, 'v', ''), /^ID: is empty/);
});

driver('a request that is not what the API asks for is told so, and the daemon lives on', async () => {
  const { daemon } = await withVolume(bench);
  const send = (path: string, text: string, method?: string): Promise<Answer> =>
    post(daemon.socket, path, text, method);
  const expectText = async (answer: Promise<Answer>, status: number, why: RegExp): Promise<void> => {
    const { status: got, text, type } = await answer;
    assert.is(got, status, text);
    assert.match(text, why);
    assert.match(type, /^text\/plain/);
  };
  await expectText(send('/VolumeDriver.Mount', '{"Name":'), 400, /the body is not JSON/);
  await expectText(send('/VolumeDriver.Mount', '[1]'), 400, /must be a JSON object, it is an array/);
  await expectText(send('/VolumeDriver.Mount', '['.repeat(500_000)), 400, /the body is not JSON/);
  await expectText(
    send('/VolumeDriver.Mount', '{"Name":7,"ID":"c1"}'),
    400,
    /^Name: must be a string, it is a number/,
  );
  await expectText(send('/VolumeDriver.Mount', '{"Name":"v","ID":{}}'), 400, /^ID: must be a string/);
  await expectText(
    send('/VolumeDriver.Create', '{"Name":"w","Opts":["size"]}'),
    400,
    /^Opts: must be an object/,
  );
  await expectText(
    send('/VolumeDriver.Create', '{"Name":"w","Opts":{"size":5}}'),
    400,
    /^Opts\.size: must be a string/,
  );
  await expectText(send('/VolumeDriver.Nope', '{}'), 404, /404 page not found/);
  await expectText(send('/VolumeDriver.Get', '', 'GET'), 405, /POST/);
  await expectText(
    send('/VolumeDriver.Get', `{"Name":"${'v'.repeat(mebibyte)}"}`),
    413,
    /more than 1048576 bytes/,
  );
  isRefused(
    await send('/VolumeDriver.Create', '{"Name":"w","Opts":{"__proto__":"x"}}'),
    /Opts: "__proto__" is unknown/,
  );
  assert.equal(await idsOf(daemon, 'v'), []);
});

testOfMachine(
  'an option that the driver does not know is refused together with those that it knows',
  async () => {
    const { daemon } = await withVolume(bench);
    isRefused(await create(daemon, 'w', { sise: '64m' }), /"sise" is unknown; known are size, fs, /);
    for (const size of ['', '0', '-1', '1m', 'big', '9t', '1.5g', '0x10']) {
      isRefused(await create(daemon, 'w', { size }), /^Opts\.size: /);
    }
    isRefused(await create(daemon, 'w', { fs: 'xfs' }), /^Opts\.fs: "xfs" is not possible; only ext4 is/);
    isRefused(await create(daemon, 'w', { mode: '999' }), /^Opts\.mode: /);
    isRefused(await create(daemon, 'w', { owner: 'root' }), /^Opts\.owner: /);
    assert.equal(readdirSync(join(daemon.root, 'images')), ['v.img']);
  },
);

testOfMachine('a volume has the size that was asked for, and takes only what is written to it', async () => {
  const { daemon } = await withVolume(bench);
  isOk(await create(daemon, 'small', { size: '64m' }));
  isOk(await create(daemon, 'large', { size: '5' }));
  for (const [name, bytes] of [
    ['small', 64 * mebibyte],
    ['large', 5 * 1024 * mebibyte],
  ] as const) {
    const path = await mounted(daemon, name, 'c1');
    const { blocks, bsize } = statfsSync(path);
    assert.ok(blocks * bsize > bytes * 0.85 && blocks * bsize <= bytes, `${name}: ${blocks * bsize}`);
    const { Status } = volumeOf(await get(daemon, name));
    assert.is(Status.size, bytes);
    assert.ok((Status.allocated as number) < 4 * mebibyte, `${name} takes ${Status.allocated}`);
  }
  // What is written shows, in Get and in List, as du(1) has it.
  const written = join(await mounted(daemon, 'small', 'c1'), 'written');
  writeFileSync(written, Buffer.alloc(10 * mebibyte, 'x'));
  execFileSync('sync', ['--file-system', written]);
  const { Status } = volumeOf(await get(daemon, 'small'));
  const seen = Number(
    execFileSync('du', ['-B1', join(daemon.root, 'images/small.img')])
      .toString()
      .split('\t')[0],
  );
  assert.ok(seen > 10 * mebibyte, String(seen));
  assert.is(Status.allocated, seen);
  const listed = isOk(await daemon.call('VolumeDriver.List', {})).json.Volumes as {
    Name: string;
    Status: object;
  }[];
  const small = listed.find(({ Name }) => Name === 'small');
  assert.equal(small?.Status, { size: 64 * mebibyte, allocated: seen, backend: 'loop', holders: 1 });
  const path = await mounted(daemon, 'small', 'c1');
  assert.throws(() => writeFileSync(join(path, 'fill'), Buffer.alloc(65 * mebibyte)), /ENOSPC/);
});

testOfMachine('a task that is not root can be given a volume that it may write to', async () => {
  const { daemon } = await withVolume(bench);
  isOk(await create(daemon, 'theirs', { size: '8m', owner: '1000:1001', mode: '0770' }));
  const { uid, gid, mode } = statSync(await mounted(daemon, 'theirs', 'c1'));
  assert.equal([uid, gid, mode & 0o7777], [1000, 1001, 0o770]);
});

driver('the same Create again is fine, one with other options is not', async () => {
  const { daemon } = await withVolume(bench);
  const path = await mounted(daemon, 'v', 'c1');
  writeFileSync(join(path, 'x'), 'kept');
  isOk(await create(daemon, 'v'));
  isOk(await create(daemon, 'v', { size: '16m' }));
  isRefused(
    await create(daemon, 'v', { size: '32m' }),
    /exists with other options: size is 16m, asked was 32m/,
  );
  assert.is(readFileSync(join(path, 'x'), 'utf8'), 'kept');
});

driver('a volume that somebody has is not removed', async () => {
  const { daemon } = await withVolume(bench);
  await mounted(daemon, 'v', 'c1');
  isRefused(await remove(daemon, 'v'), /volume v: is in use by c1/);
  assert.ok(isMounted(daemon, 'v'));
  isOk(await unmount(daemon, 'v', 'c1'));
  isOk(await remove(daemon, 'v'));
  assert.equal(readdirSync(join(daemon.root, 'images')), []);
  isRefused(await mount(daemon, 'v', 'c1'), /no such volume/);
});

void run();
