import { renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as assert from 'uvu/assert';
import { task, waitUntil } from './embedded_bench.ts';
import { embeddedSuite } from './embedded_suite.ts';

const { test, bench, run } = embeddedSuite('embedded: a host that dies');

function dyingAgent(args: string[] = []) {
  const order = join(bench().folder, 'order');
  const agent = bench().agent(
    [],
    ['--host-bundle', resolve('test/hosts/dying_host.cjs'), ...args],
    ['env', `MOORAGE_DYING_FILE=${order}`, 'build/moorage-agent'],
  );
  return {
    agent,
    order: (text: string) => {
      writeFileSync(`${order}.new`, text);
      renameSync(`${order}.new`, order);
    },
  };
}

for (const way of ['throw', 'reject', 'exit', 'loop', 'microtasks', 'heap', 'huge']) {
  test(`way ${way}`, async () => {
    const { mounts } = bench();
    const { agent, order } = dyingAgent(['--stuck-ms', '1000']);
    await agent.until(({ state }) => state === 'recovered');
    agent.send({
      launch: { id: '/a', cmd: 'until [ -e data/end ]; do sleep 0.02; done', labels: { volume: 'v1:data' } },
    });
    const { pid } = await agent.until(task('/a', 'running'));
    const before = mounts();
    const t = Date.now();
    order(way);
    await agent.until(({ event, code }) => event === 'alert' && code === 'host-down');
    console.log(way, Date.now() - t, agent.said());
    assert.equal(mounts(), before);
    writeFileSync(`/proc/${pid}/cwd/data/end`, '');
    await agent.until(task('/a', 'finished'));
    agent.send({ stop: true });
    assert.is(await agent.ended, 0, agent.said());
    assert.equal(mounts(), []);
  });
}
void waitUntil;
run();
