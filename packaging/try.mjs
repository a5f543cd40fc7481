/**
 * `npm run package -- --try`: installs a package in a new tree of the Debian that it was built on, looks at what an operator would look at, and takes it away again. Needs root,
 * debootstrap and Debian's packages; the tree is in a folder of its own, and whatever is mounted in it is in a mount namespace of its own.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { run } from '../setup/command.mjs';
import { SetupError } from '../setup/failure.mjs';
import { libnodeHere } from '../setup/libnode_place.mjs';

/**
 * What is done in the tree, in this order.
 *
 * @typedef {object} Step
 * @property {string} does
 * @property {string} command   for a shell
 * @property {string} [prints]  what it has to print
 */

/**
 * @param {string} deb
 * @param {string} upstream  moorage's version
 * @returns {Step[]}
 */
function steps(deb, upstream) {
  const state = '/var/lib/moorage-agent/state';
  const natives = '/usr/lib/moorage/*.so /usr/lib/moorage/*.node';
  return [
    {
      does: 'apt installs it, with what it depends on',
      command: `apt-get update -q && apt-get install -qy --no-install-recommends /root/${deb}`,
    },
    { does: 'the command runs', command: 'moorage --version', prints: upstream },
    { does: 'its configuration is a good one', command: 'moorage config check /etc/moorage.json' },
    {
      does: 'the state directory belongs to root alone',
      command: `stat -c '%a %U:%G' ${state}`,
      prints: '700 root:root',
    },
    {
      does: 'nobody else can write to its code',
      command: String.raw`find /usr/lib/moorage -not -type l \( -perm /022 -o -not -user root \)`,
      prints: '',
    },
    { does: 'every library is found', command: `ldd ${natives} | grep 'not found' || true`, prints: '' },
    {
      does: 'the addon loads',
      command: 'node -p \'typeof require("/usr/lib/moorage/moorage.node").lockFile\'',
      prints: 'function',
    },
    { does: 'dpkg finds its files as they were packaged', command: 'dpkg --verify moorage', prints: '' },
    {
      does: 'a removal leaves configuration and state',
      command: `apt-get remove -qy moorage >/dev/null && ls -d /etc/moorage.json ${state}`,
      prints: `/etc/moorage.json\n${state}`,
    },
    {
      does: 'a purge takes them where they are empty',
      command:
        'apt-get purge -qy moorage >/dev/null && ls -d /etc/moorage* /var/lib/moorage* 2>/dev/null || true',
      prints: '',
    },
  ];
}

/**
 * Tries a package. Throws a SetupError that names the step at which it is not as it should be.
 *
 * @param {{ log: string }} context
 * @param {{ file: string, upstream: string }} made
 * @param {(text: string) => void} note  hears of each step that went well
 */
export async function tryPackage(context, { file, upstream }, note) {
  if (process.getuid?.() !== 0) throw new SetupError('to try a package needs root: run it with sudo');
  const folder = mkdtempSync(join(tmpdir(), 'moorage-try-'));
  const tree = join(folder, 'tree');
  try {
    await run(context, 'debootstrap', ['--variant=minbase', libnodeHere().codename, tree], {
      failure: 'there is no tree to try the package in',
    });
    cpSync(file, join(tree, 'root', basename(file)));
    for (const step of steps(basename(file), upstream)) {
      perform(tree, step);
      note(`${step.does}: yes`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const enter = 'mount -t proc proc "$0/proc" && exec chroot "$0" /bin/sh -c "$1"';

/**
 * @param {string} tree
 * @param {Step} step
 */
function perform(tree, { does, command, prints }) {
  const apart = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child'];
  const { status, stdout, stderr } = spawnSync('unshare', [...apart, 'sh', '-c', enter, tree, command], {
    encoding: 'utf8',
    env: {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      LC_ALL: 'C',
      DEBIAN_FRONTEND: 'noninteractive',
    },
  });
  const asItShould = status === 0 && (prints === undefined || stdout.trim() === prints);
  if (asItShould) return;
  throw new SetupError(
    `${does}: no. \`${command}\` ended with ${status} and said:\n${stdout.trim()}\n${stderr.trim()}`,
  );
}
