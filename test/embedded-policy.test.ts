/** A policy that does not end, inside the agent: fuel and the clock stop it there as well, and nothing else is lost. */
import { copyFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as assert from 'uvu/assert';
import { isDeath } from './dying_agent.ts';
import { task } from './embedded_bench.ts';
import { embeddedSuite } from './embedded_suite.ts';
import { plant } from './mutants/plant.ts';

const { test, bench, run } = embeddedSuite('embedded: a policy that does not end');

const HEAD = 'export function prepare(call: f64, info: ContainerInfo): void {\n';
/** What a loop does is counted turn by turn; one long turn after the other is ended by the clock alone. */
const LOOPS = `
  while (info.labels.indexOf('v2:spin') >= 0) state.draining = !state.draining;
  if (info.labels.indexOf('v2:fill') >= 0) while (true) memory.fill(65536, 0, (memory.size() << 16) - 65536);
`;

/** An agent with its library, and that policy beside it. */
function withLoops(folder: string): string[] {
  const fault = { name: 'loops', file: 'assembly/decide/prepare.ts', from: HEAD, to: HEAD + LOOPS };
  const policy = join(plant(fault, join(folder, 'planted')), 'build/policy.wasm');
  const copy = join(folder, 'build');
  mkdirSync(copy);
  for (const name of ['moorage-agent', 'libmoorage.so', 'host.cjs'])
    copyFileSync(`build/${name}`, join(copy, name));
  copyFileSync(policy, join(copy, 'policy.wasm'));
  if (existsSync('build/libnode')) symlinkSync(resolve('build/libnode'), join(copy, 'libnode'));
  return [join(copy, 'moorage-agent')];
}

test('each loop fails the task that it was for, and the host, the tasks that run and those to come go on', async () => {
  const { agent, folder, mounts } = bench();
  const process = agent([], [], withLoops(folder));
  await process.until(({ state }) => state === 'recovered');
  const cmd = 'until [ -e data/end ]; do sleep 0.02; done';
  process.send({ launch: { id: '/runs', cmd, labels: { volume: 'v1:data' } } });
  await process.until(task('/runs', 'running'));
  for (const [path, why] of [
    ['spin', /does not end: (500000000 turns|stopped after 1000 ms)/],
    ['fill', /does not end: stopped after 1000 ms/],
  ] as const) {
    process.send({ launch: { id: `/${path}`, cmd: 'true', labels: { volume: `v2:${path}` } } });
    await process.until(task(`/${path}`, 'failed'));
    const alerts = process.events.filter(({ event, code }) => event === 'alert' && code === 'policy-failed');
    assert.match(alerts.at(-1)?.message as string, why, process.said());
    assert.is(alerts.length, path === 'spin' ? 1 : 2, process.said());
  }
  assert.equal(process.events.filter(isDeath), [], 'the host lives');
  process.send({ launch: { id: '/ends', cmd: 'touch data/end', labels: { volume: 'v1:data' } } });
  for (const id of ['/ends', '/runs']) await process.until(task(id, 'finished'));
  process.send({ stop: true });
  assert.is(await process.ended, 1, 'two tasks have failed');
  assert.equal(mounts(), []);
});

run();
