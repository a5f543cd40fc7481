import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import * as assert from 'uvu/assert';
import { type AgentProcess, type EmbeddedBench, task, waitUntil } from './embedded_bench.ts';
import { embeddedSuite } from './embedded_suite.ts';

const { test, bench, run } = embeddedSuite('embedded: bad input');

/** Runs one bad app beside a good one: the bad task fails with a sentence, the good one and the agent are not bothered. */
async function failing(labels: Record<string, string>): Promise<string> {
  const { agent, mounts } = bench();
  const process = agent([
    { id: '/bad', cmd: 'true', labels },
    { id: '/good', cmd: 'true', labels: { volume: 'v1:data' } },
  ]);
  assert.is(await process.ended, 1, process.said());
  assert.ok(process.events.some(task('/good', 'finished')), process.said());
  assert.equal(mounts(), []);
  return process.events.find(task('/bad', 'failed'))?.message ?? 'it did not fail';
}

test('a bad label fails the task with label, position and the nearest valid thing', async () => {
  assert.match(
    await failing({ volume: 'source=v1,targt=data' }),
    /label volume, position 11: unknown key "targt"; did you mean target\?/,
  );
});

test('an unknown driver fails the task and names those that are configured', async () => {
  assert.match(
    await failing({ volume: 'v1', 'volume-driver': 'rexray' }),
    /driver "rexray" is not configured; configured are ebs/,
  );
});

test('a volume that does not exist fails the task with the words of the driver', async () => {
  assert.match(
    await failing({ volume: 'v7' }),
    /driver ebs has no volume v7 \(it says: .*\); check the name/,
  );
});

test('a driver that is down fails the task within prepareMs and says which call and why', async () => {
  const { agent, writeConfig, folder, mounts } = bench();
  writeConfig({ prepareMs: 700, drivers: { ebs: { address: `unix://${folder}/nobody.sock` } } });
  const process = agent([{ id: '/down', cmd: 'true', labels: { volume: 'v1' } }]);
  assert.is(await process.ended, 1);
  const message = process.events.find(task('/down', 'failed'))?.message ?? '';
  assert.match(message, /volume ebs\/v1 was not there within 700 ms; last: get ebs\/v1: .*nobody\.sock/);
  assert.equal(mounts(), []);
});

test('a link where the container path should be fails the task and makes nothing outside', async () => {
  const { agent, folder, mounts } = bench();
  mkdirSync(join(folder, 'outside'));
  const process = agent([{ id: '/l', cmd: 'true', labels: { volume: 'v1:../outside/x' } }]);
  assert.is(await process.ended, 1);
  assert.match(process.events.find(task('/l', 'failed'))?.message ?? '', /has "\.\." in it/);
  assert.equal(readdirSync(join(folder, 'outside')), []);
  assert.equal(mounts(), []);
});

/** The agent does not start; it says one sentence and ends with 1, or with 2 when its own input is wrong. */
async function refused(process: AgentProcess, text: RegExp, exitCode = 1): Promise<void> {
  const code = await process.ended;
  assert.match(process.said(), text);
  assert.is(code, exitCode, process.said());
  assert.not(process.events.some(({ event, state }) => event === 'task' && state === 'running'));
}

test('a configuration that is none stops the start with the field at fault', async () => {
  const { agent, config, writeConfig } = bench();
  writeFileSync(config, '{"agentId":x');
  // In V8's words: the older ones are Node 18's.
  await refused(
    agent(),
    /config\.json: is not JSON \(Unexpected token (x in JSON at position 11|'x', .*is not valid JSON)\)/,
  );
  writeConfig({ drivers: { ebs: { adress: 'unix:///x' } } });
  await refused(agent(), /drivers\.ebs\.adress: unknown key; did you mean address\?/);
  writeConfig({ defaultDriver: 'esb' });
  await refused(agent(), /config\.defaultDriver: "esb" is not one of the drivers; did you mean ebs\?/);
});

/** A folder with the built files, of which some are left out or changed. */
function copyOfBuild({ folder }: EmbeddedBench): string {
  const copy = join(folder, 'build');
  mkdirSync(copy);
  for (const name of ['moorage-agent', 'libmoorage.so', 'host.cjs', 'policy.wasm'])
    copyFileSync(`build/${name}`, join(copy, name));
  if (existsSync('build/libnode')) symlinkSync(resolve('build/libnode'), join(copy, 'libnode'));
  return copy;
}

test('a policy file that is no policy, or missing, stops the start', async () => {
  const copy = copyOfBuild(bench());
  const program = [join(copy, 'moorage-agent')];
  writeFileSync(join(copy, 'policy.wasm'), 'not wasm');
  await refused(bench().agent([], [], program), /policy .*policy\.wasm: is no WebAssembly module/);
  writeFileSync(join(copy, 'policy.wasm'), readFileSync('build/policy.wasm').subarray(0, 9000));
  await refused(bench().agent([], [], program), /is no WebAssembly module/);
});

test('a missing host bundle or library stops the start with what to do', async () => {
  const { agent, folder } = bench();
  await refused(agent([], ['--library', join(folder, 'no.so')]), /no\.so/);
  const hidden = [
    'unshare',
    '-m',
    'sh',
    '-c',
    'mount -t tmpfs none /usr/share/nodejs && exec "$0" "$@"',
    'build/moorage-agent',
  ];
  await refused(agent([], [], hidden), /\/usr\/share\/nodejs\/.*(missing|cannot|not).*/);
});

test('a damaged journal is set aside, the agent starts and says so, and the task that runs keeps its volume', async () => {
  const { agent, work, journals, mounts } = bench();
  const first = agent([
    { id: '/d', cmd: 'until [ -e data/end ]; do sleep 0.02; done', labels: { volume: 'v1:data' } },
  ]);
  const running = await first.until(task('/d', 'running'));
  first.child.kill('SIGKILL');
  await first.ended;
  const file = join(work, 'state', 'journal', journals().find((name) => name.endsWith('.journal')) as string);
  const bytes = readFileSync(file);
  bytes[200] = (bytes[200] as number) ^ 1;
  writeFileSync(file, bytes);
  const second = agent();
  await second.until(({ event, state }) => event === 'agent' && state === 'recovered');
  assert.match(second.said(), /damaged at byte \d+: the checksum is wrong; all of it is set aside/);
  assert.ok(journals().some((name) => name.endsWith('.damaged')));
  assert.is(mounts().length, 2, 'nothing is taken down under a task');
  writeFileSync(`/proc/${running.pid}/cwd/data/end`, '');
  await second.until(task('/d', 'finished'));
  second.send({ stop: true });
  assert.is(await second.ended, 0, second.said());
  assert.equal(mounts(), []);
});

test('a second agent on the same work directory is refused', async () => {
  const first = bench().agent();
  await first.until(({ state }) => state === 'recovered');
  await refused(bench().agent(), /another|in use|uses/);
});

test('leftovers of more containers than an event can name do not keep the agent from starting', async () => {
  const { agent, work } = bench();
  const containers = join(work, 'containers');
  const count = 1300;
  mkdirSync(containers);
  symlinkSync('loop', join(containers, 'loop'));
  for (let i = 0; i < count; i++) mkdirSync(join(containers, `${'x'.repeat(220)}.${i}`));
  const process = agent();
  await process.until(({ event, state }) => event === 'agent' && state === 'recovered');
  process.send({ stop: true });
  assert.is(await process.ended, 0, process.said());
  assert.equal(readdirSync(containers), ['loop'], 'what is no container of ours is left alone');
});

test('an agent that has no descriptor left looks at the task again later, and its volume goes', async () => {
  const { agent, mounts } = bench();
  const process = agent();
  await process.until(({ state }) => state === 'recovered');
  const cmd = 'until [ -e end ]; do sleep 0.02; done';
  process.send({ launch: { id: '/e', cmd, labels: { volume: 'v1:data' } } });
  const running = await process.until(task('/e', 'running'));
  const limit = (count: string) =>
    execFileSync('prlimit', ['--pid', String(process.child.pid), `--nofile=${count}:`]);
  limit('8');
  writeFileSync(join(running.sandbox as string, 'end'), '');
  await waitUntil('the agent says what it could not open', () => /EMFILE/.test(process.said()));
  limit('1024');
  await waitUntil('the task has ended', () => process.events.some(task('/e', 'finished')));
  process.send({ stop: true });
  assert.is(await process.ended, 0, process.said());
  assert.equal(mounts(), []);
});

test('an app that is no app ends with exit code 2 and leaves nothing', async () => {
  const { agent, mounts } = bench();
  for (const app of [{ cmd: 'true' }, { id: '/x' }, { id: '/x', cmd: 'true', labels: { volume: 7 } }]) {
    const process = agent([app]);
    assert.is(await process.ended, 2, JSON.stringify(app));
    assert.match(process.said(), /app-\d+\.json/);
  }
  assert.equal(mounts(), []);
});

run();
