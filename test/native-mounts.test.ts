import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { BindRequest, BindResult } from '../host/binding.ts';
import {
  endProcess,
  fails,
  native,
  nativeSuite,
  runAsRoot,
  seenAt,
  seenMounts,
  volumeType,
} from './native_bench.ts';

const { test: mounts, testOfMachine, bench } = nativeSuite('native-mounts');
const mode = (path: string): number => statSync(path).mode & 0o7777;
let count = 0;

/** A prepared managed root, and a volume as a driver would have mounted it. */
async function setUp(): Promise<{
  root: string;
  source: string;
  target: string;
  bind(over?: Partial<BindRequest>): Promise<BindResult>;
}> {
  count += 1;
  const root = join(bench.folder, `managed root ${count}`);
  const target = join(root, 'ebs', 'vol 1');
  const source = await bench.volume(`vol ${count}`);
  await native.prepareRoot(root);
  const bind = (over: Partial<BindRequest> = {}): Promise<BindResult> =>
    native.bind({ root, source, target, readonly: false, plainDirs: false, ...over });
  return { root, source, target, bind };
}

const tableEntry = async (target: string) =>
  (await native.mountTable()).filter((mount) => mount.target === target);

mounts('the managed root is made a shared bind of itself with mode 0700, and only once', async () => {
  const root = join(bench.folder, 'a new', 'root');
  for (let i = 0; i < 3; i++) await native.prepareRoot(root);
  assert.is(mode(root), 0o700);
  assert.equal(
    seenAt(root).map(({ propagation }) => propagation),
    ['shared'],
  );
  const empty = bench.directory('empty root');
  assert.is.not(mode(empty), 0o700);
  await native.prepareRoot(empty);
  assert.is(mode(empty), 0o700);
});

mounts('a volume in the managed root appears once, also where all mounts are shared', async () => {
  const { source } = await setUp();
  const root = join(await bench.volume('shared'), 'root');
  execFileSync('mount', ['--make-shared', join(root, '..')]);
  await native.prepareRoot(root);
  const target = join(root, 'ebs', 'v');
  await native.bind({ root, source, target, readonly: false, plainDirs: false });
  assert.is(seenAt(target).length, 1);
});

mounts('a managed root that is in use, or reached by a link, is left as it is', async () => {
  const used = bench.directory('used');
  writeFileSync(join(used, 'precious'), '');
  const before = mode(used);
  await fails(native.prepareRoot(used), 'refused', 'root-not-ours');
  assert.is(mode(used), before);
  const link = join(bench.folder, 'link to root');
  symlinkSync(bench.directory('linked root'), link);
  await fails(native.prepareRoot(link), 'failed', 'ELOOP');
  await fails(native.prepareRoot('/'), 'refused', 'bad-path');
  assert.equal([...seenAt(used), ...seenAt(link), ...seenAt(join(bench.folder, 'linked root'))], []);
});

testOfMachine(
  'a bind shows the volume without suid and devices, and all agree on which mount it is',
  async () => {
    const { source, target, bind } = await setUp();
    writeFileSync(join(source, 'rows.csv'), 'a,b\n');
    execFileSync('mount', ['-o', 'remount,bind,suid,dev', source]);
    assert.not(seenAt(source)[0]?.options.some((option) => /^no(suid|dev)$/.test(option)));
    const bound = await bind({ owner: '1234:567' });
    assert.is(readFileSync(join(target, 'rows.csv'), 'utf8'), 'a,b\n');
    const [seen, ...more] = seenAt(target);
    assert.equal(more, []);
    assert.ok(seen?.options.includes('nosuid') && seen.options.includes('nodev'), String(seen?.options));
    assert.equal([statSync(source).uid, statSync(source).gid], [1234, 567]);

    const { mountId, dev, fstype, sourceMountId } = bound;
    assert.is(fstype, volumeType);
    assert.equal(await tableEntry(target), [
      { target, mountId, dev, fstype, root: '/', source: seen?.source ?? '' },
    ]);
    assert.equal(await native.pathMount(target), { mountId, dev, fstype, root: '/', ownMount: true });
    assert.is((await native.pathMount(source)).mountId, sourceMountId);
    assert.is((await tableEntry(source))[0]?.mountId, sourceMountId);
    assert.is.not(mountId, sourceMountId);
  },
);

mounts('what holds for the mount of a driver holds for the bind of it', async () => {
  const { root, source, target, bind } = await setUp();
  execFileSync('mount', ['-o', 'remount,bind,noexec,noatime,nodiratime', source]);
  await bind();
  const options = seenAt(target)[0]?.options ?? [];
  const kept = ['noexec', 'noatime', 'nodiratime', 'nosuid', 'nodev', 'rw'];
  assert.equal(
    kept.filter((option) => !options.includes(option)),
    [],
    String(options),
  );
  execFileSync('mount', ['-o', 'remount,bind,ro', source]);
  const other = join(root, 'ebs', 'of a read-only one');
  await bind({ target: other });
  assert.ok(seenAt(other)[0]?.options.includes('ro'));
});

mounts(
  'what a crash left half-made below the root is cleared at the next start, and nothing else',
  async () => {
    const { root, target, bind } = await setUp();
    await bind();
    const stage = join(root, '.stage-1-1');
    mkdirSync(stage);
    execFileSync('mount', ['--bind', stage, stage]);
    execFileSync('mount', ['--bind', target, stage]);
    mkdirSync(join(root, '.stage-1-2'));
    await native.prepareRoot(root);
    assert.equal([seenAt(stage).length, seenAt(target).length], [0, 1]);
    assert.equal(readdirSync(root), ['ebs']);
  },
);

mounts('a read-only bind refuses writes, and the writable one beside it takes them', async () => {
  const { root, target, bind } = await setUp();
  const readonly = join(root, '.ro', 'ebs', 'vol 1');
  await bind();
  await bind({ target: readonly, readonly: true });
  assert.throws(() => writeFileSync(join(readonly, 'x'), ''), /EROFS/);
  assert.ok(seenAt(readonly)[0]?.options.includes('ro'));
  writeFileSync(join(target, 'x'), 'hi');
  assert.is(readFileSync(join(readonly, 'x'), 'utf8'), 'hi');
  await fails(bind(), 'failed', 'target-busy');
  assert.is(seenAt(target).length, 1, 'a second bind hides the first');
});

mounts('detach takes only the very mount that it was asked for, and leaves no empty directory', async () => {
  const { root, target, bind } = await setUp();
  const other = join(root, 'ebs', 'vol 2');
  const first = await bind();
  const second = await bind({ target: other });
  await fails(native.detach({ root, target, mountId: second.mountId }), 'refused', 'other-mount');
  assert.is((await native.pathMount(target)).mountId, first.mountId);

  assert.equal(await native.detach({ root, target, mountId: first.mountId }), { gone: false });
  assert.equal(readdirSync(join(root, 'ebs')), ['vol 2']);
  assert.equal(await native.detach({ root, target, mountId: first.mountId }), { gone: true });
  mkdirSync(target);
  assert.equal(await native.detach({ root, target, mountId: first.mountId }), { gone: true });
  assert.equal([seenAt(target).length, seenAt(other).length], [0, 1]);
  assert.equal(await native.detach({ root, target: other, mountId: second.mountId }), { gone: false });
  assert.equal(readdirSync(root), []);
  // Before Linux 6.8 ids are used again; the newer ones begin here.
  if (first.mountId < 2 ** 31) return;
  await bind();
  await fails(native.detach({ root, target, mountId: first.mountId }), 'refused', 'other-mount');
});

mounts('a volume that is not mounted is not bound, except where drivers give plain directories', async () => {
  const { root, source, target, bind } = await setUp();
  const plain = bench.directory('plain volume');
  mkdirSync(join(source, 'data', 'deep'), { recursive: true });
  for (const missing of [plain, join(source, 'data', 'deep')]) {
    await fails(bind({ source: missing }), 'refused', 'not-mounted');
    assert.not((await native.pathMount(missing)).ownMount);
  }
  await fails(bind({ source: join(source, 'none') }), 'failed', 'ENOENT');
  assert.equal(readdirSync(root), [], 'a refused bind made a directory');

  await bind({ source: join(source, 'data') });
  assert.is((await native.pathMount(target)).root, '/data');
  const shown = join(root, 'ebs', 'plain');
  writeFileSync(join(plain, 'x'), 'hi');
  await bind({ source: plain, target: shown, plainDirs: true });
  assert.is(readFileSync(join(shown, 'x'), 'utf8'), 'hi');
  await fails(native.pathMount(join(bench.folder, 'nothing')), 'failed', 'ENOENT');
});

mounts('a mount of ours that a driver hands out as its own is refused', async () => {
  const { root, target, bind } = await setUp();
  await bind();
  const link = join(bench.folder, 'way in');
  symlinkSync(target, link);
  for (const source of [target, link, root]) {
    for (const plainDirs of [false, true]) {
      await fails(bind({ source, target: join(root, 'ebs', 'again'), plainDirs }), 'refused', 'under-root');
    }
  }
  assert.equal(readdirSync(join(root, 'ebs')), ['vol 1']);
});

mounts('a link in a target path leads neither bind nor detach out of the managed root', async () => {
  const { root, source, bind } = await setUp();
  const outside = bench.directory('outside of root');
  const ours = () => seenMounts().filter((mount) => mount.target.startsWith(bench.folder)).length;
  const before = ours();
  symlinkSync(outside, join(root, 'ebs'));
  for (const target of [join(root, 'ebs', 'vol 1'), join(root, 'ebs', 'a', 'b'), join(root, 'ebs')]) {
    await fails(bind({ target }), 'failed', 'ELOOP');
  }
  for (const target of [join(root, '..', 'x'), join(outside, 'x'), root, 'ebs']) {
    await fails(bind({ target }), 'refused', 'bad-path');
  }
  assert.equal(readdirSync(outside), []);
  symlinkSync(source, join(root, 'way out'));
  const { mountId } = await native.pathMount(source);
  await fails(native.detach({ root, target: join(root, 'way out'), mountId }), 'failed', 'ELOOP');
  assert.is(ours(), before);
});

testOfMachine('place gives what it makes to the owner, and makes nothing that had to exist', async () => {
  const base = bench.directory('sandbox 1');
  await native.place({ base, paths: ['a b/c/d', '/data'], create: true, owner: '1000:1001' });
  for (const path of ['a b', 'a b/c', 'a b/c/d', 'data']) {
    const { uid, gid } = statSync(join(base, path));
    assert.equal([uid, gid, mode(join(base, path))], [1000, 1001, 0o755], path);
  }
  await native.place({ base, paths: ['data', 'data/e'], create: true, owner: '5:5' });
  assert.equal([statSync(join(base, 'data')).uid, statSync(join(base, 'data/e')).uid], [1000, 5]);
  await native.place({ base, paths: ['a b/c/d', 'data'], create: false });
  writeFileSync(join(base, 'file'), '');
  await fails(native.place({ base, paths: ['data/f/g'], create: false }), 'refused', 'ENOENT');
  await fails(native.place({ base, paths: ['file/x'], create: true }), 'refused', 'ENOTDIR');
  for (const path of ['../out', 'data/../../out', '.', '']) {
    await fails(native.place({ base, paths: [path], create: true }), 'refused', 'bad-path');
  }
  assert.equal(readdirSync(base).sort(), ['a b', 'data', 'file']);
  assert.equal(readdirSync(join(base, 'data')), ['e']);
});

mounts('a link put in for a container path does not lead place out of the sandbox', async () => {
  const base = bench.directory('sandbox 2');
  const outside = bench.directory('outside of sandbox');
  await native.place({ base, paths: ['data/deep'], create: true });
  renameSync(join(base, 'data'), join(base, 'moved'));
  symlinkSync(outside, join(base, 'data'));
  symlinkSync(join(outside, 'made by a link'), join(base, 'dangling'));
  for (const create of [true, false]) {
    for (const path of ['data', 'data/deep', 'dangling', 'dangling/deep']) {
      await fails(native.place({ base, paths: [path], create, owner: '1:1' }), 'refused', 'ELOOP');
    }
  }
  assert.equal([readdirSync(outside), statSync(outside).uid], [[], statSync(base).uid]);
});

testOfMachine('a link that a task swaps in while place works does not lead it out either', async () => {
  const base = bench.directory('sandbox 3');
  const outside = bench.directory('outside of the race');
  mkdirSync(join(base, 'data'));
  symlinkSync(outside, join(base, 'link'));
  const ended = { ok: 0, ELOOP: 0 };
  const swapper = await bench.swapper(join(base, 'data'), join(base, 'link'));
  for (let i = 0; i < 5000 && (ended.ok < 200 || ended.ELOOP < 200); i++) {
    const code: keyof typeof ended = await native
      .place({ base, paths: [`data/${i}/deep`], create: true, owner: '1:1' })
      .then(() => 'ok')
      .catch((error) => error.code);
    assert.ok(code in ended, code);
    ended[code] += 1;
  }
  await endProcess(swapper);
  assert.ok(ended.ok > 0 && ended.ELOOP > 0, `they never met: ${JSON.stringify(ended)}`);
  assert.equal([readdirSync(outside), statSync(outside).uid], [[], statSync(base).uid]);
});

mounts('a volume in the mount namespace of another process is pinned until that ends', async () => {
  const { root, source, target, bind } = await setUp();
  mkdirSync(join(source, 'data', 'deep'), { recursive: true });
  const { dev, mountId } = await bind({ source: join(source, 'data', 'deep'), plainDirs: true });
  const sandbox = bench.directory('its sandbox');
  const child = await bench.otherNamespace({ source: target, target: sandbox });
  const namespace = statSync(`/proc/${child.pid}/ns/mnt`).ino;
  await native.detach({ root, target, mountId });
  // It begins with copies of the driver's mount and of ours.
  const copies = [source, target];
  // Others on this machine may have namespaces too: only the one of the child is looked for.
  const pins = async (path: string) =>
    (await native.pinnedBy({ dev, root: path, copies })).filter((pin) => pin.namespace === namespace);
  for (const path of ['/', '/data', '/data/deep'])
    assert.equal(await pins(path), [{ pid: child.pid, namespace }], path);
  for (const path of ['/dat', '/data/deep/er']) assert.equal(await pins(path), [], path);

  const theirs = (await native.mountTableOf(child.pid ?? 0)).filter((mount) => mount.target === sandbox);
  assert.equal(
    theirs.map((mount) => [mount.dev, mount.root, mount.fstype]),
    [[dev, '/data/deep', volumeType]],
  );
  assert.equal(await tableEntry(sandbox), []);
  await endProcess(child);
  assert.equal(await pins('/'), []);
  await fails(native.mountTableOf(child.pid ?? 0), 'failed', 'ESRCH');
});

mounts(
  'a namespace that only began with copies of a mount has no use of it, and is told where asked',
  async () => {
    const { source, target, bind } = await setUp();
    const { dev } = await bind();
    const [from, to] = [bench.directory('something else'), bench.directory('somewhere else')];
    const child = await bench.otherNamespace({ source: from, target: to });
    const namespace = statSync(`/proc/${child.pid}/ns/mnt`).ino;
    const pins = async (copies: string[]) =>
      (await native.pinnedBy({ dev, root: '/', copies })).filter((pin) => pin.namespace === namespace).length;
    assert.is(await pins([source, target]), 0);
    assert.is(await pins([join(source, 'data'), target]), 0, 'the driver answered a directory of its mount');
    for (const copies of [[], [source], [target], [source, `${target} `]]) assert.is(await pins(copies), 1);
    await endProcess(child);
  },
);

mounts('the managed root is released when the last volume in it is gone, and not before', async () => {
  const { root, target, bind } = await setUp();
  const { mountId } = await bind();
  assert.is(await native.releaseRoot(root), false);
  assert.equal([seenAt(root).length, seenAt(target).length], [1, 1]);
  await native.detach({ root, target, mountId });
  assert.is(await native.releaseRoot(root), true);
  assert.equal(seenAt(root), []);
  assert.is(await native.releaseRoot(root), true);
  rmdirSync(root);
});

mounts('a locked file is locked for every other descriptor until the first is closed', () => {
  const path = join(bench.folder, 'the lock');
  const first = openSync(path, 'w');
  const second = openSync(path, 'r+');
  assert.is(native.lockFile(first), true);
  assert.is(native.lockFile(second), false);
  closeSync(first);
  assert.is(native.lockFile(second), true);
  closeSync(second);
  assert.throws(() => native.lockFile(second), /EBADF/);
});

await runAsRoot(mounts, bench, 'native-mounts');
