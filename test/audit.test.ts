import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { AuditResult } from '../cli/audit/run_audit.ts';
import type { AgentProcess, EmbeddedBench } from './embedded_bench.ts';
import { task, waitUntil } from './embedded_bench.ts';
import { embeddedSuite } from './embedded_suite.ts';

const { test, bench, run } = embeddedSuite('moorage audit');
const APP = { id: '/a', cmd: 'exec sleep 60', labels: { volume: 'v1:data' } };

function moorage(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['build/moorage.mjs', 'audit', ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

const stateOf = ({ work }: EmbeddedBench) => join(work, 'state');
const managed = ({ folder }: EmbeddedBench) => join(folder, 'volumes', 'ebs', 'v1');
const mountOfDriver = ({ driver }: EmbeddedBench) => join(driver.root, 'mounts', 'v1');

function audit(on: EmbeddedBench): AuditResult & { status: number | null } {
  const { status, stdout, stderr } = moorage('--state', stateOf(on), '--json');
  assert.ok(stdout, stderr);
  return { ...JSON.parse(stdout), status };
}

async function withTask(on: EmbeddedBench): Promise<{ agent: AgentProcess; pid: number; id: string }> {
  const agent = on.agent();
  agent.send({ launch: APP });
  const { pid, container } = await agent.until(task('/a', 'running'));
  return { agent, pid: pid as number, id: container as string };
}

async function endTask(on: EmbeddedBench, agent: AgentProcess): Promise<void> {
  agent.send({ kill: '/a' });
  await agent.until(task('/a', 'killed'));
  await waitUntil('unmounted', () => on.mounts().length === 0);
}

/** Every file of the state directory with its content, but for the room that the lock's holder and the mark take. */
function contentOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true }).map((name) => {
    const file = join(directory, String(name));
    const { mtimeMs, size } = statSync(file);
    const digest = statSync(file).isFile()
      ? createHash('sha256').update(readFileSync(file)).digest('hex')
      : '';
    return `${name} ${mtimeMs} ${size} ${digest}`;
  });
}

/** Ends the agent and what it runs. */
async function stopped(agent: AgentProcess): Promise<void> {
  agent.child.kill('SIGTERM');
  await agent.ended;
}

async function killed(agent: AgentProcess): Promise<void> {
  agent.child.kill('SIGKILL');
  await agent.ended;
}

test('a clean state is called so, with the container and the event of each mount', async () => {
  const on = bench();
  const { agent, id } = await withTask(on);
  const found = audit(on);
  assert.is(found.status, 0, JSON.stringify(found.findings));
  assert.is(found.clean, true);
  assert.equal(found.agent, { running: true, pid: agent.child.pid });
  const mounts = found.explained.filter(({ is }) => is !== 'root');
  assert.equal(mounts.map(({ target }) => target).sort(), [mountOfDriver(on), managed(on)].sort());
  for (const mount of mounts) {
    assert.is(mount.is, 'held');
    assert.equal(mount.containers, [id]);
    assert.match(mount.because, /event \d+/);
  }
  await endTask(on, agent);
  const after = audit(on);
  assert.is(after.status, 0);
  assert.equal(
    after.explained.filter(({ is }) => is !== 'root'),
    [],
  );
});

test('with the agent down it says who holds what, and the state directory stays as it was', async () => {
  const on = bench();
  const { agent, id } = await withTask(on);
  await killed(agent);
  const before = contentOf(stateOf(on));
  const found = audit(on);
  assert.equal(contentOf(stateOf(on)), before);
  assert.is(found.status, 0, JSON.stringify(found.findings));
  assert.equal(found.agent.running, false);
  assert.equal(
    found.explained.filter(({ is }) => is === 'held').map(({ containers }) => containers[0]),
    [id, id],
  );
  const { stdout } = moorage('--state', stateOf(on));
  assert.match(stdout, /^CLEAN: 2 mounts are explained; no agent runs\n/);
  const again = on.agent();
  await again.until(task('/a', 'running'));
  await endTask(on, again);
});

test('a bind that no event made is a leak', async () => {
  const on = bench();
  const { agent } = await withTask(on);
  await endTask(on, agent);
  await on.driver.call('VolumeDriver.Mount', { Name: 'v1', ID: 'somebody' });
  mkdirSync(managed(on), { recursive: true });
  execFileSync('mount', ['--bind', mountOfDriver(on), managed(on)]);
  const found = audit(on);
  assert.is(found.status, 1);
  assert.equal(
    found.findings.map(({ kind, target }) => [kind, target]),
    [['leak', managed(on)]],
  );
  assert.match(
    found.findings[0]?.because ?? '',
    /^the events say that it was taken away; .* was the last to leave it/,
  );
  execFileSync('umount', [managed(on)]);
  await on.driver.call('VolumeDriver.Unmount', { Name: 'v1', ID: 'somebody' });
  assert.is(audit(on).status, 0);
});

test('a driver mount in the name of the agent that no event knows is a leak; one of another client is not', async () => {
  const on = bench();
  const agent = on.agent();
  await agent.until(({ state }) => state === 'recovered');
  await on.driver.call('VolumeDriver.Mount', { Name: 'v1', ID: 'another' });
  assert.is(audit(on).status, 0);
  await on.driver.call('VolumeDriver.Mount', { Name: 'v1', ID: 'moorage-t-v1' });
  const found = audit(on);
  assert.is(found.status, 1);
  assert.equal(
    found.findings.map(({ kind, volume }) => [kind, volume]),
    [['leak', 'ebs/v1']],
  );
  for (const ID of ['another', 'moorage-t-v1'])
    await on.driver.call('VolumeDriver.Unmount', { Name: 'v1', ID });
});

test('a second mount on top of a held one is a leak', async () => {
  const on = bench();
  const { agent } = await withTask(on);
  execFileSync('mount', ['--bind', mountOfDriver(on), managed(on)]);
  const found = audit(on);
  assert.is(found.status, 1);
  assert.equal(
    found.findings.map(({ kind, target }) => [kind, target]),
    [['leak', managed(on)]],
  );
  execFileSync('umount', [managed(on)]);
  await endTask(on, agent);
});

test('what somebody else mounts under the root is called foreign, and is no leak', async () => {
  const on = bench();
  const { agent } = await withTask(on);
  const place = join(on.folder, 'volumes', 'mine');
  mkdirSync(place);
  execFileSync('mount', ['-t', 'tmpfs', 'mine', place]);
  const found = audit(on);
  assert.is(found.status, 0);
  assert.equal(
    found.findings.map(({ kind, target }) => [kind, target]),
    [['foreign', place]],
  );
  execFileSync('umount', [place]);
  await endTask(on, agent);
});

/** A process in a copy of a task's mount namespace that the agent does not know of, and so does not end. */
async function hideaway(task: number): Promise<ChildProcess> {
  const inside = ['unshare', '-m', '--propagation', 'private', 'sh', '-c', 'echo; exec sleep 60'];
  const child = spawn('nsenter', ['-t', String(task), '-m', ...inside]);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

test('a volume that nobody holds, and that a process still has, is pinned by that process', async () => {
  const on = bench();
  const { agent, pid } = await withTask(on);
  const child = await hideaway(pid);
  await endTask(on, agent);
  const found = audit(on);
  assert.is(found.status, 0);
  const [pin] = found.findings;
  assert.is(pin?.kind, 'pinned');
  assert.is(pin?.pid, child.pid);
  assert.is(pin?.volume, 'ebs/v1');
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  assert.equal(audit(on).findings, []);
});

test('a mount that somebody took away is missing, worst while a container lives on it', async () => {
  const on = bench();
  const { agent } = await withTask(on);
  // Else it would see the loss and mount it again.
  agent.child.kill('SIGSTOP');
  execFileSync('umount', [managed(on)]);
  const found = audit(on);
  assert.is(found.status, 1);
  assert.equal(
    found.findings.map(({ kind, target, worst }) => [kind, target, worst]),
    [['missing', managed(on), true]],
  );
  const { stdout } = moorage('--state', stateOf(on));
  agent.child.kill('SIGCONT');
  assert.match(stdout, /^NOT CLEAN: 1 missing; a container lives without its volume; agent runs/);
  assert.match(stdout, /\n {2}next {2}moorage volume retry/);
  await stopped(agent);
});

test('a container whose own namespace has lost its volume is named, whatever the host shows', async () => {
  const on = bench();
  const { agent, pid, id } = await withTask(on);
  await waitUntil('mounted inside', () => readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes('/data '));
  execFileSync('nsenter', ['-t', String(pid), '-m', 'umount', '-l', join(on.work, 'sandboxes', id, 'data')]);
  const found = audit(on);
  assert.is(found.status, 1);
  assert.equal(
    found.findings.map(({ kind, container, worst }) => [kind, container, worst]),
    [['missing', id, true]],
  );
  await stopped(agent);
});

test('while the isolator writes nothing is found that is not there', async () => {
  const on = bench();
  const agent = on.agent();
  await agent.until(({ state }) => state === 'recovered');
  for (let i = 0; i < 12; i += 1) {
    agent.send({ launch: { ...APP, id: `/a${i}`, cmd: 'exec sleep 0.1' } });
    const found = audit(on);
    assert.is(found.status, 0, JSON.stringify(found.findings));
  }
  agent.child.stdin?.end();
  await agent.ended;
});

test('a driver that does not answer is said, and the rest is audited all the same', async () => {
  const on = bench();
  const { agent } = await withTask(on);
  await on.driver.stop('SIGKILL');
  const found = audit(on);
  assert.is(found.status, 0);
  assert.equal(
    found.findings.map(({ kind }) => kind),
    ['silent'],
  );
  assert.is(found.explained.filter(({ is }) => is === 'held').length, 2);
  await stopped(agent);
});

test('what cannot be read ends with 2 and a sentence', async () => {
  const on = bench();
  const nowhere = moorage('--state', join(on.folder, 'nowhere'));
  assert.is(nowhere.status, 2);
  assert.match(nowhere.stderr, /there is no such state directory/);
  assert.is(moorage('--stat', 'x').status, 2);
  const { agent } = await withTask(on);
  await killed(agent);
  const journal = join(stateOf(on), 'journal', '000001.journal');
  const whole = readFileSync(journal);
  const bytes = readFileSync(journal);
  bytes[300] = (bytes[300] as number) ^ 1;
  writeFileSync(journal, bytes);
  const damaged = moorage('--state', stateOf(on));
  assert.is(damaged.status, 2);
  assert.match(damaged.stderr, /damaged at byte/);
  writeFileSync(journal, whole);
  const again = on.agent();
  await again.until(({ state }) => state === 'recovered');
  await stopped(again);
});

run();
