/** As many volumes at once as a large machine has. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { create, driverSuite, get, isOk, mounted, remove, unmount, volumeOf } from './driver_calls.ts';
import { mountsBelow } from './driver_harness.ts';
import { takeInventory } from './runner/leaks.mjs';

const VOLUMES = 200;
const { test: driver, bench, run } = driverSuite('driver: many volumes');
const names = Array.from({ length: VOLUMES }, (_, index) => `v${index}`);
const loops = (): number =>
  [...takeInventory().loops.values()].filter((file) => file.startsWith(`${bench.folder}/`)).length;

driver('two hundred volumes are mounted at once, each its own, also over a driver that dies', async () => {
  const daemon = await bench.start('many');
  const begun = performance.now();
  await Promise.all(names.map(async (name) => isOk(await create(daemon, name, { size: '8m' }))));
  const createdMs = performance.now() - begun;
  const paths = await Promise.all(names.map((name) => mounted(daemon, name, 'c1')));
  const mountedMs = performance.now() - begun - createdMs;
  assert.is(mountsBelow(daemon.root).length, VOLUMES);
  assert.is(loops(), VOLUMES);
  for (const [index, path] of paths.entries()) writeFileSync(join(path, 'name'), names[index] as string);
  await daemon.stop('SIGKILL');
  const restarted = performance.now();
  const again = await bench.start('many');
  const restartedMs = performance.now() - restarted;
  const listed = isOk(await again.call('VolumeDriver.List', {})).json.Volumes as {
    Name: string;
    Mountpoint?: string;
    Status: { holders: number };
  }[];
  assert.is(listed.filter(({ Mountpoint, Status }) => Mountpoint && Status.holders === 1).length, VOLUMES);
  const devices = await Promise.all(
    names.map(async (name) => volumeOf(await get(again, name)).Status.device),
  );
  assert.is(new Set(devices).size, VOLUMES, 'each has a device of its own');
  for (const [index, path] of paths.entries())
    assert.is(readFileSync(join(path, 'name'), 'utf8'), names[index]);
  const ending = performance.now();
  await Promise.all(names.map(async (name) => isOk(await unmount(again, name, 'c1'))));
  const unmountedMs = performance.now() - ending;
  assert.equal(mountsBelow(again.root), []);
  assert.is(loops(), 0);
  await Promise.all(names.map(async (name) => isOk(await remove(again, name))));
  assert.equal(isOk(await again.call('VolumeDriver.List', {})).json.Volumes, []);
  const each = (ms: number): string => `${(ms / VOLUMES).toFixed(1)} ms`;
  process.stdout.write(
    `${VOLUMES} volumes, each: create ${each(createdMs)}, mount ${each(mountedMs)}, unmount ${each(unmountedMs)}; start with all mounted ${restartedMs.toFixed(0)} ms\n`,
  );
});

void run();
