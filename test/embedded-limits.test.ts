import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as assert from 'uvu/assert';
import { dyingAgent, endTask, isDeath, launchWaiting } from './dying_agent.ts';
import { task, waitUntil } from './embedded_bench.ts';
import { embeddedSuite } from './embedded_suite.ts';
import { makeGroup } from './groups.ts';

const { test, skipped, bench, run } = embeddedSuite('embedded: a machine that gives little');
const AGENT = resolve('build/moorage-agent');

/** The agent ends with 1 and this sentence, and is not killed; resolves with all that it said. */
async function refuses(program: string[], sentence: RegExp): Promise<string> {
  const agent = bench().agent([{ id: '/a', cmd: 'true' }], [], program);
  const code = await agent.ended;
  assert.match(agent.said(), sentence);
  assert.is(code, 1, agent.said());
  return agent.said();
}

for (const [limit, name, tooLittle, enough] of [
  ['as', 'address space (ulimit -v, LimitAS=)', 1_200_000_000, 2_000_000_000],
  ['data', 'data (ulimit -d, LimitDATA=)', 150_000_000, 512_000_000],
] as const) {
  test(`--${limit}=${tooLittle}: a limit that V8 cannot live with is refused, with what is needed`, async () => {
    const sentence = `the limit on ${name} is ${tooLittle} bytes, and the embedded host needs ${enough}; raise it`;
    const said = await refuses(['prlimit', `--${limit}=${tooLittle}`, AGENT], /the limit on /);
    assert.ok(said.includes(sentence), said);
  });

  test(`--${limit}=${enough}: what is called enough is enough, also for a host that fills its heap`, async () => {
    const program = ['prlimit', `--${limit}=${enough}`, AGENT];
    const dying = dyingAgent(bench(), ['--stuck-ms', '60000'], program);
    const { process } = dying;
    await process.until(({ state }) => state === 'recovered');
    dying.order('heap');
    assert.match((await process.until(isDeath)).message as string, /its heap is full/);
    endTask(await launchWaiting(dying, '/a'));
    await process.until(task('/a', 'finished'));
    process.send({ stop: true });
    assert.is(await process.ended, 0, process.said());
  });
}

test('where memory cannot be made executable the start is refused, and names the setting', async () => {
  const wrapper = join(bench().folder, 'deny_exec');
  execFileSync('cc', ['-Wall', '-o', wrapper, 'test/deny_exec.c']);
  if (spawnSync(wrapper, ['/bin/true']).status === 77) return void process.stdout.write('(no MDWE here) ');
  await refuses([wrapper, AGENT], /memory cannot be made executable: .*MemoryDenyWriteExecute=/);
});

/** A user that nobody is. */
const uid = 54_321;
const reaches = (path: string) =>
  spawnSync('setpriv', ['--reuid', String(uid), '--clear-groups', 'test', '-r', path]).status === 0;
const isReached = reaches(resolve('build/libmoorage.so'));
if (!isReached)
  process.stdout.write(`too few processes: skipped: another user cannot read ${resolve('build')}\n`);
const testAsAnother = isReached ? test : skipped;

testAsAnother('a user with too few processes left is refused before V8 could hang', () => {
  const { folder, config } = bench();
  const program = join(folder, 'caller');
  execFileSync('cc', ['-Wall', '-o', program, 'test/abi_script.c', '-ldl', '-lpthread']);
  const state = join(folder, 'theirs');
  mkdirSync(state);
  chownSync(state, uid, uid);
  chmodSync(folder, 0o755);
  if ((statSync(dirname(folder)).mode & 0o001) === 0) chmodSync(dirname(folder), 0o711);
  const limited = ['--reuid', String(uid), '--clear-groups', 'prlimit', '--nproc=8', program];
  const args = [
    resolve('build/libmoorage.so'),
    config,
    join(state, 'state'),
    resolve('build/host.cjs'),
    '0',
    '0',
  ];
  const begun = performance.now();
  const { status, stdout } = spawnSync('setpriv', [...limited, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.match(
    stdout,
    /^not opened: only \d threads of the 16 that the embedded host needs can be made: .*EAGAIN.*; raise the limit on processes/,
  );
  assert.is(status, 1);
  assert.ok(performance.now() - begun < 20_000, 'at once');
});

test('in a group with too few threads left, root too is refused before V8 could hang', async () => {
  const group = makeGroup('pids', 12);
  if (!group) return void process.stdout.write('(no pids cgroup here) ');
  try {
    await refuses(
      group.around([AGENT]),
      /only \d+ threads of the 16 that the embedded host needs can be made: .*EAGAIN.*pids\.max/,
    );
  } finally {
    await group.remove();
  }
});

test('with a small stack for the agent, recursion in the host ends as an error of JS', async () => {
  const dying = dyingAgent(bench(), [], ['sh', '-c', 'ulimit -s 256; exec "$0" "$@"', AGENT]);
  const { process } = dying;
  await process.until(({ state }) => state === 'recovered');
  dying.order('recursion');
  await waitUntil('it has ended', () => process.said().includes('recursion ended with RangeError'));
  endTask(await launchWaiting(dying, '/a'));
  await process.until(task('/a', 'finished'));
  process.send({ stop: true });
  assert.is(await process.ended, 0, process.said());
  assert.equal(dying.deaths(), []);
});

/** A field of /proc/PID/status: which signals, as hex. */
function signalsOf(pid: number, field: string): string {
  return new RegExp(`^${field}:\\s+(\\S+)$`, 'm').exec(
    readFileSync(`/proc/${pid}/status`, 'utf8'),
  )?.[1] as string;
}

test('a host that watches signals gets none: they stay those of the agent', async () => {
  const dying = dyingAgent(bench());
  const { process } = dying;
  await process.until(({ state }) => state === 'recovered');
  const pid = process.child.pid as number;
  const fields = ['SigBlk', 'SigIgn', 'SigCgt'];
  const before = fields.map((field) => signalsOf(pid, field));
  dying.order('signals');
  await waitUntil('they are watched', () => process.said().includes('signals are watched'));
  assert.equal(
    fields.map((field) => signalsOf(pid, field)),
    before,
  );
  const { pid: taskPid } = await launchWaiting(dying, '/a');
  process.child.kill('SIGTERM');
  await process.until(task('/a', 'killed'));
  await process.ended;
  assert.match(process.said(), /SIGTERM: the tasks are killed/);
  assert.not.match(process.said(), /the host got/);
  assert.ok(taskPid);
  assert.equal(bench().mounts(), []);
});

run();
