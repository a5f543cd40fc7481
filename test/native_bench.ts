import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite, type Test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Binding, FailureKind, LoopBinding, NativeError } from '../host/binding.ts';
import { isMachineRoot } from './machine_root.ts';
import { takeInventory } from './runner/leaks.mjs';

/** The addon under test; another one may be named to try it by itself. */
export const native = createRequire(import.meta.url)(
  resolve(process.env.MOORAGE_NODE ?? 'build/moorage.node'),
) as Binding & { loop: LoopBinding };

/** Of the bench's volumes: root of a user namespace attaches no devices. */
export const volumeType = isMachineRoot() ? 'ext4' : 'tmpfs';

const mebibyte = 2 ** 20;
const settleMs = 3_000;
const pollMs = 10;

/** renameat2(2) on x86_64 with RENAME_EXCHANGE: Node has no call for it, and perl is on every Debian. */
const swapScript = 'my ($one, $other) = @ARGV; syscall(316, -100, $one, -100, $other, 2) while 1;';

/** A mount as `findmnt` knows it: a reader of the mount table that is not ours. */
export interface SeenMount {
  target: string;
  source: string;
  /** Of the mount alone, not of its file system. */
  options: string[];
  propagation: string;
}

/** A folder of its own for one test file, with a blank in its name, and what is mounted and started in it. */
export interface NativeBench {
  folder: string;
  /** Makes a directory in the folder and returns its path. */
  directory(name: string): string;
  /** A new file system, an ext4 image on a loop device or, in a user namespace, one in memory; the mountpoint. */
  volume(name: string): Promise<string>;
  /** A sleeping process in a mount namespace of its own, a private copy of ours, that has bound one path to another. */
  otherNamespace(bind: { source: string; target: string }): Promise<ChildProcess>;
  /** A process that swaps a directory and a link, each time at once, until it is ended. */
  swapper(directory: string, link: string): Promise<ChildProcess>;
  /** Ends what runs, unmounts what is left, detaches loop devices, removes the folder. */
  clear(): Promise<void>;
}

export function makeNativeBench(): NativeBench {
  const folder = mkdtempSync(join(tmpdir(), 'moorage native '));
  const children: ChildProcess[] = [];

  function directory(name: string): string {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  async function volume(name: string): Promise<string> {
    const target = directory(`volumes/${name}`);
    if (volumeType === 'tmpfs') {
      execFileSync('mount', ['-t', volumeType, '-o', 'size=8m,mode=0755', 'none', target]);
      return target;
    }
    const image = join(folder, `${name}.img`);
    writeFileSync(image, '', { flag: 'wx' });
    truncateSync(image, 8 * mebibyte);
    execFileSync('mkfs.ext4', ['-q', '-F', image]);
    await native.loop.mountImage({ image, target, fstype: volumeType, options: '' });
    return target;
  }

  function start(command: string, args: string[]): ChildProcess {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    children.push(child);
    return child;
  }

  async function otherNamespace(bind: { source: string; target: string }): Promise<ChildProcess> {
    const script = 'mount --bind "$1" "$2" && exec sleep 600';
    const shell = ['sh', '-c', script, 'sh', bind.source, bind.target];
    const child = start('unshare', ['-m', '--propagation', 'private', ...shell]);
    await until('the other namespace has its mount', () => nameOf(child) === 'sleep');
    return child;
  }

  async function swapper(one: string, link: string): Promise<ChildProcess> {
    const child = start('perl', ['-e', swapScript, one, link]);
    await until('the swapper swaps', () => lstatSync(one).isSymbolicLink());
    return child;
  }

  async function clear(): Promise<void> {
    for (const child of children) await endProcess(child);
    unmountBelow(folder);
    await until('the loop devices are cleared', () => loopsOf(folder).length === 0).catch((error) => {
      for (const device of loopsOf(folder)) execFileSync('losetup', ['-d', `/dev/${device}`]);
      throw error;
    });
    rmSync(folder, { recursive: true, force: true });
  }

  return { folder, directory, volume, otherNamespace, swapper, clear };
}

/** A suite with a bench that is cleared after its tests, also when they fail; `testOfMachine`: a test that root of a user namespace cannot run. */
export function nativeSuite(name: string): { test: Test; testOfMachine: Test; bench: NativeBench } {
  const bench = makeNativeBench();
  const test = suite(name);
  test.after(() => bench.clear());
  return { test, testOfMachine: isMachineRoot() ? test : (test.skip as typeof test), bench };
}

/** Runs a suite whose tests mount, or says why not. */
export async function runAsRoot(test: Test, bench: NativeBench, name: string): Promise<void> {
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

/** The call must reject with this kind and code; the error. */
export async function fails(
  call: Promise<unknown>,
  kind: FailureKind,
  code: string | RegExp,
): Promise<NativeError> {
  const error: NativeError = await call.then(
    (value) => assert.unreachable(`it did not fail, it gave ${JSON.stringify(value)}`) as never,
    (reason) => reason,
  );
  assert.instance(error, Error);
  assert.is(error.kind, kind, `${error.code}: ${error.message}`);
  if (code instanceof RegExp) assert.match(error.code, code);
  else assert.is(error.code, code, error.message);
  return error;
}

/** Every mount of this namespace, in the order of the table. */
export function seenMounts(): SeenMount[] {
  const columns = 'TARGET,SOURCE,VFS-OPTIONS,PROPAGATION';
  const text = execFileSync('findmnt', ['--json', '--list', '--output', columns], { encoding: 'utf8' });
  const { filesystems } = JSON.parse(text) as { filesystems: Record<string, string>[] };
  return filesystems.map((entry) => ({
    target: entry.target ?? '',
    source: entry.source ?? '',
    options: (entry['vfs-options'] ?? '').split(','),
    propagation: entry.propagation ?? '',
  }));
}

/** The mounts at exactly this path, the topmost last. */
export const seenAt = (target: string): SeenMount[] =>
  seenMounts().filter((mount) => mount.target === target);

/** Ends a process that the tests started, at once, and waits until it is gone. */
export function endProcess(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve();
  return new Promise((done) => {
    child.once('exit', () => done());
    child.kill('SIGKILL');
  });
}

/** Waits for what happens soon, by looking; rejects when it does not. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + settleMs;
  while (!isSo()) {
    if (Date.now() >= deadline) throw new Error(`waited ${settleMs} ms in vain until ${what}`);
    await sleep(pollMs);
  }
}

/** The last first, and looks again each time: where mounts are shared one may take others with it. */
function unmountBelow(folder: string): void {
  for (;;) {
    const last = seenMounts()
      .filter(({ target }) => target.startsWith(`${folder}/`))
      .pop();
    if (!last) return;
    execFileSync('umount', ['-l', last.target]);
  }
}

function nameOf(child: ChildProcess): string {
  if (child.exitCode !== null) throw new Error(`the process ended with ${child.exitCode}`);
  return readFileSync(`/proc/${child.pid}/comm`, 'utf8').trimEnd();
}

function loopsOf(folder: string): string[] {
  return [...takeInventory().loops]
    .filter(([, file]) => file.startsWith(`${folder}/`))
    .map(([device]) => device);
}
