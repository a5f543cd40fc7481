import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { endProcess, native, nativeSuite, runAsRoot, until } from './native_bench.ts';

const { test: root, bench } = nativeSuite('native-root');

/** A container as Mesos starts one: a mount namespace of its own, to which unmounts still come. */
async function startContainer(): Promise<ChildProcess> {
  const child = spawn('unshare', ['-m', '--propagation', 'slave', 'sleep', '600'], { stdio: 'ignore' });
  await until('the container runs', () => readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'sleep\n');
  return child;
}

/** Mounts of the volume in the container's own table. */
const heldBy = async (child: ChildProcess, dev: string) =>
  (await native.mountTableOf(child.pid ?? 0))
    .filter((mount) => mount.dev === dev)
    .map(({ target }) => target);

interface Ended {
  before: string[];
  after: string[];
  pinned: boolean;
}

/** A volume is mounted and taken away again while an unrelated container, which was started in between, runs on. */
async function cleanUpBeside(name: string, { isPrivate = false, byHand = false } = {}): Promise<Ended> {
  const managed = join(bench.folder, name, 'root');
  const source = await bench.volume(name);
  execFileSync('mount', ['--make-private', source]);
  await native.prepareRoot(managed);
  assert.is(statSync(managed).mode & 0o7777, 0o700);
  if (isPrivate) execFileSync('mount', ['--make-private', managed]);
  const target = join(managed, 'ebs', 'v');
  const { mountId, dev } = await native.bind({
    root: managed,
    source,
    target,
    readonly: false,
    plainDirs: false,
  });
  const container = await startContainer();
  try {
    const ours = async () => (await heldBy(container, dev)).filter((path) => path.startsWith(managed));
    const before = await ours();
    // Our detach removes the directory as well, which unmounts what lies on it in all namespaces.
    if (byHand) execFileSync('umount', [target]);
    else await native.detach({ root: managed, target, mountId });
    const pins = await native.pinnedBy({ dev, root: '/', copies: [] });
    const after = await ours();
    // The driver's own mount is copied too, and not ours to hide: without it nothing else shows the volume there.
    execFileSync('nsenter', ['-t', String(container.pid), '-m', 'umount', source]);
    const still = await native.pinnedBy({ dev, root: '/', copies: [] });
    const isPinned = (list: typeof pins) => list.some(({ pid }) => pid === container.pid);
    assert.ok(isPinned(pins), 'the test does not see what the container has');
    return { before: before.map((path) => path.slice(managed.length)), after, pinned: isPinned(still) };
  } finally {
    await endProcess(container);
  }
}

const NOTHING: Ended = { before: ['/ebs/v'], after: [], pinned: false };

root(
  'a container that was started before the cleanup of another one keeps nothing of its volume',
  async () => {
    assert.equal(await cleanUpBeside('detached'), NOTHING);
  },
);

root(
  'nor does it because the directory is removed: an unmount alone reaches it, for the root is shared',
  async () => {
    assert.equal(await cleanUpBeside('unmounted', { byHand: true }), NOTHING);
  },
);

root('control: below a private root an unmount alone leaves it the volume', async () => {
  const { before, after, pinned } = await cleanUpBeside('private', { isPrivate: true, byHand: true });
  assert.equal([before, after.length, pinned], [['/ebs/v'], 1, true]);
});

await runAsRoot(root, bench, 'native-root');
