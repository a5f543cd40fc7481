/** podman as it comes with Debian drives the embedded driver: a client that nobody of us wrote. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { idsOf, isMounted } from './driver_calls.ts';
import { type DriverProcess, makeBench } from './driver_harness.ts';
import { asRoot, program, programPath, runs, thirdParty, toolImage, until } from './third_party.ts';

const { test: podman, run } = thirdParty(
  'podman as a client',
  asRoot,
  program('podman', 'podman'),
  program('runc', 'runc'),
  program('conmon', 'conmon'),
  runs('control groups for podman', 'test', '-d', '/sys/fs/cgroup'),
);

const bench = makeBench();
const { folder } = bench;
/** podman takes no run root of more than 50 characters. */
let short = '';
let driver: DriverProcess;

podman.before(async () => {
  short = mkdtempSync('/tmp/moorage-p-');
  driver = await bench.start('ebs');
  writeFileSync(
    join(folder, 'containers.conf'),
    `[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "runc"\n[engine.volume_plugins]\nebs = "${driver.socket}"\n`,
  );
  // With --rootfs podman 4.3 never gives a volume back.
  does('import', toolImage(folder), 'tool');
});

podman.after(async () => {
  const left = tell('ps', '--all', '--quiet').stdout.split('\n').filter(Boolean);
  if (left.length > 0) tell('rm', '--force', '--time', '0', ...left);
  await bench.clear();
  rmSync(short, { recursive: true, force: true });
});

/** Nothing of podman's own state on this machine is read or written. */
function tell(...words: string[]) {
  return spawnSync(
    programPath('podman') as string,
    [
      ...['--root', join(folder, 'store'), '--runroot', join(short, 'run'), '--tmpdir', join(short, 'tmp')],
      ...['--storage-driver', 'vfs', ...words],
    ],
    { encoding: 'utf8', env: { ...process.env, CONTAINERS_CONF: join(folder, 'containers.conf') } },
  );
}

function does(...words: string[]): string {
  const { status, stdout, stderr } = tell(...words);
  assert.is(status, 0, `podman ${words.join(' ')}: ${stderr}`);
  return stdout.trim();
}

function isRefused(why: RegExp, ...words: string[]): void {
  const { status, stderr } = tell(...words);
  assert.is.not(status, 0, `podman ${words.join(' ')}`);
  assert.match(stderr, why);
}

/** What of podman's defaults this machine may not allow is left out. */
const IN_CONTAINER = [
  ...['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024', '--network', 'none'],
];
const contained = (...words: string[]): string[] => [
  'run',
  ...IN_CONTAINER,
  ...words.slice(0, -1),
  'localhost/tool',
  '/tool',
  ...(words.at(-1) as string).split(' '),
];

podman('a volume goes through its whole life without a container', async () => {
  does('volume', 'create', '--driver', 'ebs', '--opt', 'size=16m', 'v1');
  assert.match(does('volume', 'ls'), /ebs +v1/);
  does('volume', 'mount', 'v1');
  assert.ok(isMounted(driver, 'v1'));
  const [shown] = JSON.parse(does('volume', 'inspect', 'v1'));
  assert.equal([shown.Mountpoint, shown.Status.size], [join(driver.root, 'mounts/v1/data'), 16 * 2 ** 20]);
  assert.is(((await idsOf(driver, 'v1')) as string[]).length, 1);
  does('volume', 'unmount', 'v1');
  assert.not(isMounted(driver, 'v1'));
  does('volume', 'rm', 'v1');
  assert.not(existsSync(join(driver.root, 'images/v1.img')));
});

podman('what one container wrote the next one reads, and two at once share the mount', async () => {
  does('volume', 'create', '--driver', 'ebs', '--opt', 'size=16m', 'v2');
  does(...contained('--rm', '-v', 'v2:/data', 'write /data/x one-after-another'));
  assert.not(isMounted(driver, 'v2'));
  assert.is(does(...contained('--rm', '-v', 'v2:/data', 'read /data/x')), 'one-after-another');
  const first = does(...contained('--detach', '-v', 'v2:/data', 'await /data/done'));
  assert.ok(isMounted(driver, 'v2'));
  isRefused(/being used|in use/, 'volume', 'rm', 'v2');
  does(...contained('--rm', '-v', 'v2:/data', 'write /data/done yes'));
  does('wait', first);
  await until('podman has unmounted', () => !isMounted(driver, 'v2'));
  does('rm', first);
  does('volume', 'rm', 'v2');
});

podman(
  'the driver is killed under a container and started again: the container works on, the count is kept',
  async () => {
    does('volume', 'create', '--driver', 'ebs', '--opt', 'size=16m', 'v3');
    const first = does(...contained('--detach', '-v', 'v3:/data', 'await /data/done'));
    const ids = await idsOf(driver, 'v3');
    await driver.stop('SIGKILL');
    driver = await bench.start('ebs');
    assert.equal(await idsOf(driver, 'v3'), ids);
    writeFileSync(join(driver.root, 'mounts/v3/data/done'), 'yes');
    assert.is(does('wait', first), '0');
    await until('podman has unmounted', () => !isMounted(driver, 'v3'));
    does('rm', first);
    does('volume', 'rm', 'v3');
  },
);

podman('what the driver refuses its user reads in podman’s error', () => {
  isRefused(
    /"sise" is unknown; known are size, fs/,
    ...['volume', 'create', '--driver', 'ebs', '--opt', 'sise=16m', 'v4'],
  );
  isRefused(/Opts\.size/, 'volume', 'create', '--driver', 'ebs', '--opt', 'size=1', '--opt', 'size=x', 'v4');
  assert.equal(readdirSync(join(driver.root, 'images')), []);
});

podman('a volume with no room left says so to the container', () => {
  does('volume', 'create', '--driver', 'ebs', '--opt', 'size=8m', 'v5');
  does('volume', 'mount', 'v5');
  const file = join(driver.root, 'mounts/v5/data/fill');
  assert.throws(() => writeFileSync(file, Buffer.alloc(9 * 2 ** 20)), /ENOSPC/);
  const { status, stderr } = tell(
    ...contained('--rm', '-v', 'v5:/data', 'write /data/x y'.concat('y'.repeat(5000))),
  );
  assert.is.not(status, 0);
  assert.match(stderr, /No space left on device/);
  does('volume', 'unmount', 'v5');
  does('volume', 'rm', 'v5');
});

run();
