/** The admin socket inside of an agent, asked with the command as an operator has it. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { StatusReport } from '../cli/admin/report.ts';
import { ask, shout } from './admin_calls.ts';
import { task, waitUntil } from './embedded_bench.ts';
import { embeddedSuite } from './embedded_suite.ts';

const { test, bench, run } = embeddedSuite('embedded: the admin socket');

/** The command, with the state directory in its environment. */
function moorage(work: string, ...args: string[]) {
  const env = { ...process.env, MOORAGE_STATE: join(work, 'state') };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['build/moorage.mjs', ...args], {
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('an operator sees a running task, drains the agent, holds its volume, and lets it go', async () => {
  const { agent, work, mounts } = bench();
  const process = agent();
  await process.until(({ state }) => state === 'recovered');
  process.send({ launch: { id: '/a', cmd: 'sleep 600', labels: { volume: 'v1:data:ro' } } });
  const { container } = (await process.until(task('/a', 'running'))) as unknown as { container: string };
  const well = moorage(work, 'status');
  assert.is(well.status, 0, well.stdout + well.stderr);
  assert.match(well.stdout, /^all is well: 1 container, 1 volume\n/);
  assert.match(well.stdout, /\nebs\/v1 +mounted +driver ro +\S/);
  const report = JSON.parse(moorage(work, 'status', '--json').stdout) as StatusReport;
  assert.is(report.containers[0]?.id, report.volumes[0]?.holders[0]);
  if (container !== undefined) assert.is(report.containers[0]?.id, container);
  assert.is(report.host.pid, process.child.pid);

  assert.is(moorage(work, 'drain').status, 0);
  assert.match(moorage(work, 'status').stdout, /drained by an operator.*\n +next: moorage drain --undo/);
  process.send({ launch: { id: '/b', cmd: 'true', labels: { volume: 'v1' } } });
  await process.until(task('/b', 'failed'));
  assert.is(moorage(work, 'drain', '--undo').status, 0);

  assert.is(moorage(work, 'volume', 'hold', 'ebs/v1').status, 0);
  const forget = moorage(work, 'volume', 'forget', 'ebs/v1');
  assert.is(forget.status, 1);
  assert.match(forget.stderr, /^moorage: volume ebs\/v1 is held by container .*; wait until it is free\n/);
  process.send({ kill: '/a' });
  await process.until(task('/a', 'killed'));
  await waitUntil('nobody has it', () => /ebs\/v1 +held/.test(moorage(work, 'status').stdout));
  assert.is(mounts().length, 2);
  assert.is(moorage(work, 'volume', 'release', 'ebs/v1').status, 0);
  await waitUntil('it is unmounted', () => mounts().length === 0);
  process.send({ stop: true });
  // Of two tasks one was refused and one killed.
  assert.is(await process.ended, 1, process.said());
  assert.not(existsSync(join(work, 'state', 'admin.sock')));
  const gone = moorage(work, 'status');
  assert.is(gone.status, 1);
  assert.match(gone.stderr, /no isolator runs on this state directory/);
});

test('clients that hang or send nonsense do not touch the agent, and end with it', async () => {
  const { agent, work } = bench();
  const process = agent();
  await process.until(({ state }) => state === 'recovered');
  const socket = join(work, 'state', 'admin.sock');
  assert.match(await shout(socket, 'nonsense\r\n\r\n', 3000), /^HTTP\/1\.1 400/);
  const silent = Array.from({ length: 40 }, () =>
    connect(socket)
      .on('error', () => undefined)
      .resume(),
  );
  process.send({ launch: { id: '/a', cmd: 'echo ok > data/f', labels: { volume: 'v1:data' } } });
  await process.until(task('/a', 'finished'));
  process.send({ stop: true });
  assert.is(await process.ended, 0, process.said());
  for (const each of silent) each.destroy();
});

test('a killed agent leaves its socket behind, and the next one serves there', async () => {
  const { agent, work } = bench();
  const first = agent();
  await first.until(({ state }) => state === 'recovered');
  first.child.kill('SIGKILL');
  await first.ended;
  assert.ok(existsSync(join(work, 'state', 'admin.sock')));
  assert.match(moorage(work, 'status').stderr, /no isolator listens here any more/);
  const second = agent();
  await second.until(({ state }) => state === 'recovered');
  assert.is(moorage(work, 'status').status, 0);
  const { text } = await ask(join(work, 'state', 'admin.sock'), 'GET', '/metrics');
  assert.match(text, /^moorage_recovered 1$/m);
  // As a person without the command would ask.
  const curl = spawnSync('curl', [
    '-s',
    '--unix-socket',
    join(work, 'state', 'admin.sock'),
    'http://m/status',
  ]);
  if (!curl.error) assert.is(JSON.parse(curl.stdout.toString()).recovered, true);
  second.send({ stop: true });
  assert.is(await second.ended, 0);
});

run();
