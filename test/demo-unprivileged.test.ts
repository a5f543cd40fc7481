import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { whyNoMemoryVolumes } from './kernel_calls.ts';
import { copyForUser, runAsUser, whyNoNamespace } from './plain_user.ts';
import { programPath } from './third_party.ts';

const suiteOfUser = suite('moorage demo as a plain user');
const isRoot = process.getuid?.() === 0;
const noNamespace = existsSync('build/moorage-agent') ? whyNoNamespace() : 'the agent is not built';
/** Runs a test, or skips it with the reason. */
const unless = (reason: string) => {
  if (reason !== '') process.stdout.write(`moorage demo as a plain user: skipped: ${reason}\n`);
  return reason === '' ? suiteOfUser : (suiteOfUser.skip as typeof suiteOfUser);
};

const copy = copyForUser();
const env = { HOME: copy.folder, TMPDIR: join(copy.folder, 'tmp') };

/** `before` sets the scene as root, in a mount namespace that nobody else sees. */
function demo(args: string[], scene = '') {
  const before =
    scene === ''
      ? []
      : ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', `${scene}; exec "$@"`, 'sh'];
  const command = [process.execPath, 'build/moorage.mjs', ...args];
  return runAsUser(command, { cwd: copy.folder, env, before });
}

/** A device node of our own in place of /dev/fuse. */
const fuseWithMode = (mode: string): string =>
  `mkdir -p dev; mount -t tmpfs -o mode=755 none dev; mknod dev/fuse c 10 229; chmod ${mode} dev/fuse; mount --bind dev/fuse /dev/fuse`;

function runsWhole({ status, stdout, stderr }: ReturnType<typeof demo>, backend: RegExp): void {
  assert.is(status, 0, stderr + stdout);
  assert.match(stderr, /not root: going on in a user namespace/);
  assert.match(stderr, backend);
  const result = JSON.parse(stdout);
  assert.is(result.ok, true);
  assert.is(result.embedded, true);
  assert.is(result.verified, true);
  assert.is(result.maxHolders, 2);
  assert.equal(result.leaked, []);
  const replay = demo(['replay', '--json', result.journal]);
  assert.is(replay.status, 0, replay.stderr);
  assert.is(JSON.parse(replay.stdout).identical, true);
}

const noMemory = noNamespace || whyNoMemoryVolumes();

unless(noMemory)('without /dev/fuse its volumes lie in memory, and it says so', () => {
  const scene = isRoot && existsSync('/dev/fuse') ? fuseWithMode('600') : '';
  const ran = demo(['demo', '--json'], scene);
  if (!isRoot && /fuse2fs:/.test(ran.stderr)) return;
  runsWhole(ran, /volumes lie in memory \(tmpfs\) and are gone with this daemon: .*fuse/);
});

unless(noMemory)('with the agent killed in the middle it ends just as well', () => {
  const { status, stdout, stderr } = demo(['demo', '--json', '--kill-agent']);
  assert.is(status, 0, stderr);
  assert.is(JSON.parse(stdout).agentStarts, 2);
});

function whyNoFuse(): string {
  if (noNamespace !== '') return noNamespace;
  if (!isRoot) return 'only root can let /dev/fuse open for others';
  if (!existsSync('/dev/fuse')) return 'the kernel has no FUSE: there is no /dev/fuse';
  return programPath('fuse2fs') === undefined ? 'fuse2fs is not there; apt-get install fuse2fs' : '';
}

unless(whyNoFuse())('where /dev/fuse opens its volumes are images, served by fuse2fs', () => {
  runsWhole(demo(['demo', '--json'], fuseWithMode('666')), /images, each served by a process of fuse2fs/);
});

unless(isRoot ? '' : 'only root can take user namespaces away')(
  'where users may have no namespace it says why and what to do, and ends with 2',
  () => {
    // The kernel gives none inside a chroot.
    const scene =
      'mkdir -p root; mount --rbind / root; mount --make-rprivate root; set -- chroot root sh -c \'cd "$0" && exec "$@"\' "$PWD" "$@"';
    const command = [process.execPath, 'build/moorage.mjs', 'demo'];
    const chrooted = [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-ec',
      `${scene}; exec "$@"`,
      'sh',
    ];
    const { status, stderr } = runAsUser(command, { cwd: copy.folder, env, before: chrooted });
    assert.is(status, 2, stderr);
    assert.match(
      stderr,
      /needs root, or a user namespace, which cannot be had here \(unshare: .*\)\. (It is turned off|Inside a chroot)/,
    );
  },
);

suiteOfUser.after(() => copy.dispose());
suiteOfUser.run();
