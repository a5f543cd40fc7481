import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { task, waitUntil } from './embedded_bench.ts';
import { embeddedSuite } from './embedded_suite.ts';
import { isMachineRoot } from './machine_root.ts';

const { test, testOfMachine, bench, run } = embeddedSuite('embedded: tasks');

test('a task sees its volume, runs in a namespace of its own, and nothing stays mounted', async () => {
  const { agent, output, mounts } = bench();
  const cmd =
    'echo rows > data/file; findmnt -no OPTIONS -T data; readlink /proc/self/ns/mnt; ls /proc/self/fd | wc -l';
  const process = agent([{ id: '/a', cmd, labels: { volume: 'v1:data', token: 'secret' } }]);
  assert.is(await process.ended, 0, process.said());
  const finished = process.events.find(task('/a', 'finished'));
  assert.ok(finished, JSON.stringify(process.events));
  const [options = '', namespace] = output(finished).split('\n');
  assert.match(options, /rw,nosuid,nodev/);
  assert.not.equal(namespace, '');
  assert.equal(mounts(), []);
});

test('libmoorage.so and libnode are inside the agent, and its journal holds no label that is not ours', async () => {
  const { agent, work, journals } = bench();
  const process = agent();
  const started = await process.until(({ event, state }) => event === 'agent' && state === 'recovered');
  const maps = readFileSync(`/proc/${started.pid}/maps`, 'utf8');
  assert.match(maps, /libmoorage\.so/);
  assert.match(maps, /libnode\.so/);
  process.send({
    launch: { id: '/a', cmd: 'true', labels: { volume: 'v1', token: 'secret-7' }, env: { KEY: 'secret-8' } },
  });
  await process.until(task('/a', 'finished'));
  process.send({ stop: true });
  await process.ended;
  const journal = journals()
    .map((name) => readFileSync(join(work, 'state', 'journal', name), 'latin1'))
    .join();
  assert.match(journal, /v1/);
  assert.not.match(journal, /secret|token/);
});

test('two tasks share one volume, one of them read-only, and what one writes the other reads', async () => {
  const { agent, output } = bench();
  const write = 'until [ -e data/ready ]; do sleep 0.02; done; echo hello > data/word; sync';
  const read =
    'touch data/x 2>/dev/null && echo writable; until [ -s data/word ]; do sleep 0.02; done; cat data/word';
  const process = agent([
    { id: '/w', cmd: `touch data/ready; ${write}`, labels: { volume: 'v1:data' } },
    { id: '/r', cmd: read, labels: { volume: 'v1:data:ro' } },
  ]);
  assert.is(await process.ended, 0, process.said());
  const finished = process.events.find(task('/r', 'finished'));
  assert.is(output(finished as never), 'hello\n');
});

test('a volume goes when its own task ends, however long a task lives that began meanwhile', async () => {
  const { agent, driver, mounts } = bench();
  await driver.call('VolumeDriver.Create', { Name: 'v2' });
  const process = agent();
  process.send({ launch: { id: '/first', cmd: 'exec sleep 600', labels: { volume: 'v1:data' } } });
  await process.until(task('/first', 'running'));
  process.send({ launch: { id: '/second', cmd: 'exec sleep 600', labels: { volume: 'v2:data' } } });
  await process.until(task('/second', 'running'));
  assert.is(mounts().length, 4);
  process.send({ kill: '/first' });
  await process.until(task('/first', 'killed'));
  await waitUntil('the first volume is gone', () => mounts().length === 2);
  assert.not(
    process.events.some(({ event }) => event === 'alert'),
    process.said(),
  );
  process.send({ stop: true });
  await process.ended;
  assert.equal(mounts(), []);
});

test('an external volume of Marathon is mounted where it says', async () => {
  const { agent, output } = bench();
  const external = { name: 'v1', provider: 'dvdi', options: { 'dvdi/driver': 'ebs' } };
  const volumes = [{ containerPath: 'in/side', mode: 'RW', external }];
  const process = agent([{ id: '/m', cmd: 'findmnt -no FSTYPE in/side', container: { volumes } }]);
  assert.is(await process.ended, 0, process.said());
  const types = isMachineRoot() ? ['ext4'] : ['fuse.ext4', 'tmpfs'];
  assert.ok(types.includes(output(process.events.find(task('/m', 'finished')) as never).trim()));
});

// A /proc of the task's own, as a rootfs has it, may be mounted by root of the machine only.
testOfMachine(
  'with a rootfs the task lives in it: its volume at an absolute path, the rest of the machine gone',
  async () => {
    const { agent, folder, output, mounts } = bench();
    const rootfs = makeRootfs(join(folder, 'image'));
    const cmd = 'echo row > /data/in/file; cat /data/in/file; pwd; ls /etc 2>/dev/null | wc -l; ls /';
    const process = agent([{ id: '/i', cmd, labels: { volume: 'v1:/data/in' }, container: { rootfs } }]);
    assert.is(await process.ended, 0, process.said());
    const lines = output(process.events.find(task('/i', 'finished')) as never).split('\n');
    assert.equal(lines.slice(0, 3), ['row', '/mnt/mesos/sandbox', '0']);
    assert.not(lines.includes('home'));
    assert.equal(mounts(), []);
  },
);

/** A root file system with the shell and the tools that the test uses, and the libraries that they need. */
function makeRootfs(directory: string): string {
  for (const program of ['/bin/sh', '/bin/cat', '/bin/ls', '/usr/bin/wc']) {
    const needed = execFileSync('ldd', [program], { encoding: 'utf8' }).match(/\/\S+(?= \()/g) ?? [];
    for (const file of [program, ...needed]) {
      mkdirSync(join(directory, dirname(file)), { recursive: true });
      copyFileSync(file, join(directory, file));
    }
  }
  return directory;
}

test('a killed agent leaves the task and its volume alone; the next one takes both over and cleans up', async () => {
  const { agent, mounts, output } = bench();
  const first = agent([
    { id: '/k', cmd: 'sleep 1.5; echo late > data/late; cat data/late', labels: { volume: 'v1:data' } },
  ]);
  await first.until(task('/k', 'running'));
  first.child.kill('SIGKILL');
  assert.is(await first.ended, null);
  assert.is(mounts().length, 2, 'driver mount and managed mount are still there');
  const second = agent();
  const finished = await second.until(task('/k', 'finished'));
  assert.is(output(finished), 'late\n');
  second.send({ stop: true });
  assert.is(await second.ended, 0, second.said());
  assert.equal(mounts(), []);
});

test('when a supervisor is killed no process of its task is left, also none in a further namespace', async () => {
  const { agent, mounts } = bench();
  const process = agent();
  await process.until(({ state }) => state === 'recovered');
  const cmd = 'unshare -m sleep 600 & echo $! > data/pid; sleep 600';
  process.send({ launch: { id: '/s', cmd, labels: { volume: 'v1:data' } } });
  const { pid } = await process.until(task('/s', 'running'));
  const file = `/proc/${pid}/cwd/data/pid`;
  await waitUntil('it tells its child', () => existsSync(file) && readFileSync(file, 'utf8') !== '');
  const child = readFileSync(file, 'utf8').trim();
  // Of a zombie the command line is empty.
  const isAsleep = () =>
    existsSync(`/proc/${child}`) && readFileSync(`/proc/${child}/cmdline`, 'utf8').startsWith('sleep');
  await waitUntil('the child is in its namespace', isAsleep);
  const supervisor = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  execFileSync('kill', ['-9', supervisor as string]);
  await process.until(task('/s', 'failed'));
  const survived = isAsleep();
  if (survived) execFileSync('kill', ['-9', child]);
  assert.not(survived, 'the child has the volume still');
  process.send({ stop: true });
  await process.ended;
  assert.equal(mounts(), []);
});

test('a task that ended while the agent was down is cleaned up by the next one', async () => {
  const { agent, mounts } = bench();
  const first = agent([{ id: '/e', cmd: 'echo > data/begun; sleep 0.3', labels: { volume: 'v1:data' } }]);
  const running = await first.until(task('/e', 'running'));
  first.child.kill('SIGKILL');
  await first.ended;
  await waitUntil('the task has ended', () => !existsSync(`/proc/${running.pid}`));
  const second = agent();
  const { containers, orphans } = await second.until(({ state }) => state === 'recovered');
  assert.equal([containers, orphans], [1, 0], 'as a Mesos agent names it: a container, no orphan');
  await second.until(task('/e', 'finished'));
  await waitUntil('nothing is mounted', () => mounts().length === 0);
  second.send({ stop: true });
  assert.is(await second.ended, 0);
});

test('after a reboot the agent names nobody and sends no cleanup, and the volume goes', async () => {
  const { agent, mounts, work } = bench();
  const first = agent([{ id: '/r', cmd: 'exec sleep 1000', labels: { volume: 'v1:data' } }]);
  const running = await first.until(task('/r', 'running'));
  first.child.kill('SIGKILL');
  await first.ended;
  const supervisor = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${running.pid}/status`, 'utf8'))?.[1];
  for (const pid of [supervisor, running.pid]) process.kill(Number(pid), 'SIGKILL');
  const file = join(work, 'containers', String(running.container), 'container.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/"bootId": "[^"]+"/, '"bootId": "of-before"'));
  const second = agent();
  const { containers, orphans } = await second.until(({ state }) => state === 'recovered');
  assert.equal([containers, orphans], [0, 0]);
  assert.is((await second.until(task('/r', 'failed'))).message, 'the machine was started again');
  await waitUntil('nothing is mounted', () => mounts().length === 0);
  second.send({ stop: true });
  await second.ended;
  assert.not(existsSync(dirname(file)));
});

test('a driver that hangs delays no other driver, and the task that waits can be killed', async () => {
  const { agent, folder, writeConfig, driver, mounts } = bench();
  const socket = join(folder, 'hung.sock');
  const connections = new Set<Socket>();
  const server = createServer((connection) => connections.add(connection.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    writeConfig({
      prepareMs: 4000,
      drivers: { ebs: { address: `unix://${driver.socket}` }, hung: { address: `unix://${socket}` } },
    });
    const process = agent();
    for (let i = 0; i < 20; i += 1) {
      process.send({
        launch: { id: `/h${i}`, cmd: 'true', labels: { volume: `x${i}`, 'volume-driver': 'hung' } },
      });
    }
    process.send({ launch: { id: '/ok', cmd: 'true', labels: { volume: 'v1' } } });
    await process.until(task('/ok', 'finished'));
    assert.not(process.events.some(({ state, app }) => state === 'failed' && app !== '/ok'));
    process.send({ kill: '/h0' });
    await process.until(({ app, state }) => app === '/h0' && (state === 'killed' || state === 'failed'));
    process.send({ stop: true });
    await process.ended;
    assert.equal(mounts(), []);
  } finally {
    for (const connection of connections) connection.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

run();
