/** dockerd as it comes with Debian drives the embedded driver: volumes, containers and a driver that dies, in a mount namespace of their own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as assert from 'uvu/assert';
import { type Answer, makeBench, post } from './driver_harness.ts';
import { asRoot, program, programPath, runs, thirdParty, toolImage, until } from './third_party.ts';

const { test: docker, run } = thirdParty(
  'dockerd as a client',
  asRoot,
  program('dockerd', 'docker.io'),
  program('docker', 'docker.io (on Debian 13 docker-cli)'),
  program('containerd', 'containerd'),
  runs('control groups for dockerd', 'test', '-d', '/sys/fs/cgroup'),
);

const bench = makeBench();
const { folder } = bench;
const plugins = join(folder, 'plugins');
const root = join(folder, 'ebs');
const socket = join(plugins, 'ebs.sock');
const children: ChildProcess[] = [];
let namespace: ChildProcess;
let driver: ChildProcess;
let daemon: ChildProcess;
let said = '';

/** Neither the machine's docker, if it has one, nor its plugins are touched: dockerd sees a /run and an /etc/docker of its own. */
const SET_UP = `set -e; mount -t tmpfs tmpfs /run; mkdir -p /run/docker/plugins; mount --bind "$1" /run/docker/plugins
if [ -d /etc/docker ]; then mount -t tmpfs tmpfs /etc/docker; fi; echo ready; exec sleep 600`;

function inside(words: string[]): ChildProcess {
  const child = spawn('nsenter', ['--target', String(namespace.pid), '--mount', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      said += text;
    });
  return child;
}

const call = (method: string, body: object): Promise<Answer> =>
  post(socket, `/VolumeDriver.${method}`, JSON.stringify(body));

async function startDriver(): Promise<void> {
  const program = [
    resolve('build/moorage.mjs'),
    'driver',
    '--name',
    'ebs',
    '--socket',
    socket,
    '--root',
    root,
  ];
  driver = inside([process.execPath, ...program]);
  await until(
    'the driver listens',
    async () => (await call('List', {}).catch(() => undefined))?.status === 200,
  );
}

/** Ends a process and waits for it. */
function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((done) => {
    child.once('exit', () => done());
    child.kill(signal);
  });
}

docker.before(async () => {
  mkdirSync(plugins);
  namespace = spawn('unshare', ['--mount', '--propagation', 'slave', 'sh', '-c', SET_UP, 'sh', plugins], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(namespace);
  await new Promise((ready) => namespace.stdout?.once('data', ready));
  await startDriver();
  daemon = inside([
    programPath('dockerd') as string,
    ...['--iptables=false', '--ip6tables=false', '--bridge=none', '--storage-driver', 'vfs'],
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
    ...['--pidfile', join(folder, 'pid'), '--host', `unix://${folder}/docker.sock`],
  ]);
  await until('dockerd answers', () => tell('version').status === 0 || daemon.exitCode !== null, 60_000);
  assert.is(daemon.exitCode, null, `dockerd has ended: ${said.slice(-3000)}`);
  does('import', toolImage(folder), 'tool');
});

docker.after(async () => {
  if (daemon) {
    const left = tell('ps', '--all', '--quiet').stdout.split('\n').filter(Boolean);
    if (left.length > 0) tell('rm', '--force', ...left);
    await end(daemon, 'SIGTERM');
  }
  for (const child of children) await end(child, 'SIGKILL');
  await bench.clear();
  rmSync(folder, { recursive: true, force: true });
});

function tell(...words: string[]) {
  return spawnSync(programPath('docker') as string, ['--host', `unix://${folder}/docker.sock`, ...words], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: folder },
  });
}

function does(...words: string[]): string {
  const { status, stdout, stderr } = tell(...words);
  assert.is(status, 0, `docker ${words.join(' ')}: ${stderr}`);
  return stdout.trim();
}

function isRefused(why: RegExp, ...words: string[]): void {
  const { status, stderr } = tell(...words);
  assert.is.not(status, 0, `docker ${words.join(' ')}`);
  assert.match(stderr, why);
}

const contained = (...words: string[]): string[] => [
  'run',
  ...['--network', 'none', ...words.slice(0, -1), 'tool', '/tool'],
  ...(words.at(-1) as string).split(' '),
];

interface Shown {
  Mountpoint?: string;
  Status: { ids: string[] };
}

async function shown(Name: string): Promise<Shown> {
  return (await call('Get', { Name })).json.Volume as Shown;
}

docker(
  'a volume is made, mounted into two containers at once, and removed when both have ended',
  async () => {
    does('volume', 'create', '--driver', 'ebs', '--opt', 'size=16m', 'v1');
    assert.match(does('volume', 'ls'), /ebs +v1/);
    const first = does(...contained('--detach', '-v', 'v1:/data', 'await /data/done'));
    const second = does(...contained('--detach', '-v', 'v1:/data', 'await /data/done'));
    const both = await shown('v1');
    assert.is(new Set(both.Status.ids).size, 2, 'each container mounts with an ID of its own');
    assert.is(both.Mountpoint, join(root, 'mounts/v1/data'));
    assert.is(does('volume', 'inspect', '--format', '{{.Mountpoint}}', 'v1'), both.Mountpoint);
    isRefused(/volume is in use/, 'volume', 'rm', 'v1');
    does('rm', '--force', first);
    const one = await shown('v1');
    assert.is(one.Status.ids.length, 1);
    assert.is(one.Mountpoint, both.Mountpoint, 'the other container still has it');
    does(...contained('--rm', '-v', 'v1:/data', 'write /data/done from-a-third'));
    assert.is(does('wait', second), '0');
    await until('it is unmounted', async () => (await shown('v1')).Mountpoint === undefined);
    assert.equal((await shown('v1')).Status.ids, []);
    assert.is(does(...contained('--rm', '-v', 'v1:/data', 'read /data/done')), 'from-a-third');
    does('rm', second);
    does('volume', 'rm', 'v1');
    assert.not(existsSync(join(root, 'images/v1.img')));
  },
);

docker('the driver is killed under two containers and started again: it has lost no count', async () => {
  does('volume', 'create', '--driver', 'ebs', '--opt', 'size=16m', 'v2');
  const all = [1, 2].map(() => does(...contained('--detach', '-v', 'v2:/data', 'await /data/done')));
  const before = await shown('v2');
  await end(driver, 'SIGKILL');
  await startDriver();
  assert.equal((await shown('v2')).Status.ids, before.Status.ids);
  does('rm', '--force', all[0] as string);
  assert.is((await shown('v2')).Status.ids.length, 1);
  does(...contained('--rm', '-v', 'v2:/data', 'write /data/done yes'));
  assert.is(does('wait', all[1] as string), '0');
  await until('it is unmounted', async () => (await shown('v2')).Mountpoint === undefined);
  does('rm', all[1] as string);
  does('volume', 'rm', 'v2');
});

docker('a volume that a container names and nobody has made is made with the defaults', async () => {
  does(...contained('--rm', '--volume-driver', 'ebs', '-v', 'v3:/data', 'write /data/x made-on-the-way'));
  assert.match(does('volume', 'ls'), /ebs +v3/);
  assert.is(does(...contained('--rm', '-v', 'v3:/data:ro', 'read /data/x')), 'made-on-the-way');
  const { status, stderr } = tell(...contained('--rm', '-v', 'v3:/data:ro', 'write /data/x no'));
  assert.is.not(status, 0);
  assert.match(stderr, /Read-only file system/);
  does('volume', 'rm', 'v3');
});

docker('what the driver refuses its user reads in docker’s error', () => {
  const create = ['volume', 'create', '--driver', 'ebs'];
  isRefused(/"sise" is unknown; known are size, fs/, ...create, '--opt', 'sise=16m', 'v4');
  isRefused(/Opts\.size/, ...create, '--opt', 'size=x', 'v4');
  does(...create, '--opt', 'size=16m', 'v5');
  // As after somebody has damaged an image.
  writeFileSync(join(root, 'images/v5.img'), Buffer.alloc(16 * 2 ** 20, 7));
  isRefused(/mount .*v5\.img on .*EINVAL/, ...contained('--rm', '-v', 'v5:/data', 'read /data/x'));
  does('volume', 'rm', 'v5');
  assert.equal(readdirSync(join(root, 'images')), []);
});

run();
