/** `rclone serve docker` as it comes with Debian: a storage driver that nobody of us wrote, through the whole isolator. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { mountsBelow } from '../cli/demo/leaks.ts';
import { type Answer, post } from './driver_harness.ts';
import { endProcess } from './native_bench.ts';
import { type PlainHost, startPlainHost } from './plain_host.ts';
import { asRoot, program, programPath, runs, thirdParty, until } from './third_party.ts';

const { test: rclone, run } = thirdParty(
  'rclone as a driver',
  asRoot,
  program('rclone', 'rclone'),
  program('fusermount3', 'fuse3'),
  runs('FUSE', 'sh', '-c', ': <>/dev/fuse'),
);

const folder = mkdtempSync(join(tmpdir(), 'moorage-rclone-'));
const remote = join(folder, 'remote');
const socket = join(folder, 'rclone.sock');
const volumes = join(folder, 'volumes');
let server: ChildProcess;
let said = '';
let isolator: PlainHost;

async function serve(): Promise<void> {
  rmSync(socket, { force: true });
  server = spawn(
    programPath('rclone') as string,
    [
      ...['serve', 'docker', '--socket-addr', socket, '--base-dir', volumes],
      ...['--cache-dir', join(folder, 'cache'), '--config', join(folder, 'rclone.conf'), '-vv'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  server.stderr?.on('data', (text) => {
    said += text;
  });
  await until('rclone serves', async () => (await call('List', {}).catch(() => undefined))?.status === 200);
}

const call = (method: string, body: object): Promise<Answer> =>
  post(socket, `/VolumeDriver.${method}`, JSON.stringify(body));
const driverMounts = (): string[] => mountsBelow(volumes);
const ourMounts = (): string[] => mountsBelow(isolator.root).filter((target) => target !== isolator.root);
/** How often rclone has logged it; the name of a volume comes behind. */
const count = (what: string): number => said.split(what).length - 1;

rclone.before(async () => {
  for (const path of [remote, volumes, join(folder, 'cache')]) mkdirSync(path, { recursive: true });
  writeFileSync(join(folder, 'rclone.conf'), '');
  writeFileSync(join(remote, 'rows.csv'), 'a,b\n1,2\n');
  await serve();
  for (const Name of ['v1', 'v2', 'v3'])
    assert.is((await call('Create', { Name, Opts: { remote } })).status, 200, said);
  isolator = await startPlainHost(folder, {
    defaultDriver: 'rclone',
    prepareMs: 10_000,
    settleMs: 300,
    retryMaxMs: 500,
    drivers: {
      rclone: { address: `unix://${socket}`, create: true, createOptions: ['remote', 'vfs-cache-mode'] },
    },
  });
});

rclone.after(async () => {
  await endProcess(server);
  await isolator.close();
  for (const target of mountsBelow(folder).reverse()) spawnSync('umount', ['-l', target]);
  rmSync(folder, { recursive: true, force: true });
});

rclone(
  'a volume is mounted for two tasks, one of them reading only, and given back by the last',
  async () => {
    const first = await isolator.prepare('c1', 'v1:data');
    assert.ok(first.ok, JSON.stringify(first.error));
    const source = first.mounts?.[0]?.source ?? '';
    assert.is(readFileSync(join(source, 'rows.csv'), 'utf8'), 'a,b\n1,2\n');
    writeFileSync(join(source, 'out.csv'), 'c\n3\n');
    const second = await isolator.prepare('c2', 'v1:data:ro');
    assert.ok(second.ok, JSON.stringify(second.error));
    const readonly = second.mounts?.[0]?.source ?? '';
    assert.is(readFileSync(join(readonly, 'out.csv'), 'utf8'), 'c\n3\n');
    assert.throws(() => writeFileSync(join(readonly, 'x'), ''), /EROFS/);
    assert.equal([driverMounts().length, ourMounts().length], [1, 2]);
    await isolator.cleanup('c1');
    assert.is(readFileSync(join(readonly, 'rows.csv'), 'utf8'), 'a,b\n1,2\n');
    await isolator.cleanup('c2');
    await until('rclone has unmounted', () => driverMounts().length === 0);
    assert.equal(ourMounts(), []);
    await until('what was written is at the remote', () => {
      try {
        return readFileSync(join(remote, 'out.csv'), 'utf8') === 'c\n3\n';
      } catch {
        return false;
      }
    });
  },
);

rclone('twenty lives one after the other leave no mount, and one Unmount each', async () => {
  const before = count('Unmount volume "v2"');
  for (let i = 0; i < 20; i += 1) {
    const reply = await isolator.prepare(`many-${i}`, 'v2:data');
    assert.ok(reply.ok, JSON.stringify(reply.error));
    assert.ok(statSync(join(reply.mounts?.[0]?.source ?? '', 'rows.csv')).isFile());
    await isolator.cleanup(`many-${i}`);
  }
  await until('rclone has unmounted', () => driverMounts().length === 0);
  await isolator.host.isolator.idle(5_000);
  assert.equal(ourMounts(), []);
  // The next life may have taken the volume before it was unmounted.
  const unmounts = count('Unmount volume "v2"') - before;
  assert.ok(unmounts > 0 && unmounts <= 20, String(unmounts));
});

rclone('a volume that a task creates is made with its options', async () => {
  const label = `source=made,target=data,create,volume-opt=remote=${remote}`;
  const reply = await isolator.prepare('creator', label);
  assert.ok(reply.ok, JSON.stringify(reply.error));
  assert.ok(statSync(join(reply.mounts?.[0]?.source ?? '', 'rows.csv')).isFile());
  await isolator.cleanup('creator');
  await until('rclone has unmounted', () => driverMounts().length === 0);
});

rclone('what rclone refuses is told in its words', async () => {
  const missing = await isolator.prepare('typo', 'v9:data');
  assert.not.ok(missing.ok);
  assert.is(missing.error?.code, 'no-such-volume');
  assert.match(missing.error?.message ?? '', /driver rclone has no volume v9 \(it says: volume not found\)/);
  await isolator.cleanup('typo');
  const odd = await isolator.prepare('odd', 'source=odd,target=data,create,volume-opt=remote=nowhere:x');
  assert.not.ok(odd.ok);
  assert.is(odd.error?.code, 'driver-refused', JSON.stringify(odd.error));
  assert.match(odd.error?.message ?? '', /create rclone\/odd: didn't find section in config file/);
  await isolator.cleanup('odd');
});

rclone(
  'after "already mounted by this id" the mount is taken down, and the next task has the volume',
  async () => {
    // Mounted under our very id, and no record of it: as after a crash with a lost journal.
    assert.is((await call('Mount', { Name: 'v3', ID: 'moorage-q-v3' })).status, 200);
    const refused = await isolator.prepare('again', 'v3:data');
    assert.not.ok(refused.ok);
    assert.is(refused.error?.code, 'driver-refused');
    assert.match(refused.error?.message ?? '', /mount rclone\/v3: volume is already mounted by this id/);
    await isolator.cleanup('again');
    await until('rclone has unmounted', () => driverMounts().length === 0);
    const next = await isolator.prepare('next', 'v3:data');
    assert.ok(next.ok, JSON.stringify(next.error));
    assert.ok(statSync(join(next.mounts?.[0]?.source ?? '', 'rows.csv')).isFile());
    await isolator.cleanup('next');
    await until('rclone has unmounted', () => driverMounts().length === 0);
  },
);

rclone('a server that has forgotten the mount of a task is not asked to unmount for ever', async () => {
  const reply = await isolator.prepare('survivor', 'v1:data');
  assert.ok(reply.ok, JSON.stringify(reply.error));
  await endProcess(server);
  for (const target of driverMounts()) execFileSync('umount', ['-l', target]);
  // With its record of mounts rclone 1.60 hangs at such a start.
  rmSync(join(folder, 'cache', 'docker-plugin.state'));
  await serve();
  assert.is((await call('Create', { Name: 'v1', Opts: { remote } })).status, 200);
  const before = count('Unmount volume "v1"');
  await isolator.cleanup('survivor');
  await until('our mounts are gone', () => ourMounts().length === 0);
  await isolator.host.isolator.idle(5_000);
  const asked = count('Unmount volume "v1"');
  assert.ok(asked > before, 'control: it was asked, and has refused');
  await sleep(2_000);
  assert.is(count('Unmount volume "v1"'), asked, 'it goes on asking');
  // And the volume is to be had again.
  const next = await isolator.prepare('after', 'v1:data');
  assert.ok(next.ok, JSON.stringify(next.error));
  assert.is(readFileSync(join(next.mounts?.[0]?.source ?? '', 'rows.csv'), 'utf8'), 'a,b\n1,2\n');
  await isolator.cleanup('after');
  await until('rclone has unmounted', () => driverMounts().length === 0);
});

run();
