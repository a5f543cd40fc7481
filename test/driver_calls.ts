import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type Test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Answer, type Bench, type DriverProcess, makeBench, mountsBelow } from './driver_harness.ts';
import { isMachineRoot } from './machine_root.ts';

let count = 0;

/**
 * A suite with a bench that is cleared after its tests, also when they fail. `run` runs it, or says why not. `testOfMachine`: a test of images on
 * loop devices, which root of a user namespace cannot run.
 */
export function driverSuite(name: string): {
  test: Test;
  testOfMachine: Test;
  bench: Bench;
  run(): Promise<void>;
} {
  const bench = makeBench();
  const test = suite(name);
  test.after(() => bench.clear());
  const testOfMachine = isMachineRoot() ? test : (test.skip as typeof test);
  return { test, testOfMachine, bench, run: () => runAsRoot(test, bench, name) };
}

async function runAsRoot(test: Test, bench: Bench, name: string): Promise<void> {
  if (process.geteuid?.() === 0) {
    if (!isMachineRoot()) process.stdout.write(`${name}: what needs root of the machine is skipped\n`);
    test.run();
    return;
  }
  await bench.clear();
  process.stdout.write(`${name}: skipped, loop devices and mounts need root\n`);
  const skipped = suite(name);
  skipped.skip('everything');
  skipped.run();
}

/** A driver on a root of its own with one volume of 16 MiB. */
export async function withVolume(bench: Bench): Promise<{ daemon: DriverProcess; root: string }> {
  count += 1;
  const root = `d${count}`;
  const daemon = await bench.start(root);
  isOk(await create(daemon, 'v', { size: '16m' }));
  return { daemon, root };
}

export const create = (daemon: DriverProcess, Name: string, Opts?: Record<string, string>): Promise<Answer> =>
  daemon.call('VolumeDriver.Create', { Name, Opts });
export const mount = (daemon: DriverProcess, Name: string, ID: string): Promise<Answer> =>
  daemon.call('VolumeDriver.Mount', { Name, ID });
export const unmount = (daemon: DriverProcess, Name: string, ID: string): Promise<Answer> =>
  daemon.call('VolumeDriver.Unmount', { Name, ID });
export const remove = (daemon: DriverProcess, Name: string): Promise<Answer> =>
  daemon.call('VolumeDriver.Remove', { Name });
export const get = (daemon: DriverProcess, Name: string): Promise<Answer> =>
  daemon.call('VolumeDriver.Get', { Name });

export function isOk(answer: Answer): Answer {
  assert.is(answer.status, 200, answer.text);
  assert.is(answer.json.Err, '');
  return answer;
}

export function isRefused(answer: Answer, why: RegExp): void {
  assert.is(answer.status, 500, answer.text);
  assert.is(answer.type, 'application/vnd.docker.plugins.v1.1+json');
  assert.match(answer.json.Err ?? '', why);
}

/** Mounts and returns the directory that was handed out. */
export async function mounted(daemon: DriverProcess, name: string, id: string): Promise<string> {
  return isOk(await mount(daemon, name, id)).json.Mountpoint ?? '';
}

export const volumeOf = (answer: Answer): { Mountpoint?: string; Status: Record<string, unknown> } =>
  isOk(answer).json.Volume as { Mountpoint?: string; Status: Record<string, unknown> };
export const idsOf = async (daemon: DriverProcess, name: string): Promise<unknown> =>
  volumeOf(await get(daemon, name)).Status.ids;
export const isMounted = (daemon: DriverProcess, name: string): boolean =>
  mountsBelow(join(daemon.root, 'mounts')).includes(join(daemon.root, 'mounts', name));

/** Changes the state file of a driver that is not running. */
export function editState(
  daemon: DriverProcess,
  edit: (state: { bootId: string; volumes: { ids: string[] }[] }) => void,
): void {
  const path = join(daemon.root, 'state.json');
  const state = JSON.parse(readFileSync(path, 'utf8'));
  edit(state);
  writeFileSync(path, JSON.stringify(state));
}

export async function refusal(start: Promise<unknown>): Promise<string> {
  return start.then(
    () => assert.unreachable('it started'),
    (error: Error) => error.message,
  ) as Promise<string>;
}
