import { dirname, resolve } from 'node:path';
import * as assert from 'uvu/assert';
import { dyingAgent, endTask, isDeath, launchWaiting } from './dying_agent.ts';
import { task } from './embedded_bench.ts';
import { embeddedSuite } from './embedded_suite.ts';
import { type Group, makeGroup } from './groups.ts';

const { test, bench, run } = embeddedSuite('embedded: a group of processes with little memory');
const AGENT = resolve('build/moorage-agent');
const MIB = 2 ** 20;

/** Uses a group that may have so much memory; where none can be made it says so, and nothing is tested. */
async function inGroup(mib: number, use: (group: Group) => Promise<void>): Promise<void> {
  const group = makeGroup('memory', mib * MIB);
  if (!group) return void process.stdout.write('(no memory cgroup here) ');
  try {
    await use(group);
  } finally {
    await group.remove();
  }
}

// In 96 MiB, the least that is taken, libnode's own pages come and go.
for (const mib of [300, 96]) {
  for (const [order, says] of [
    ['heap', /\)\); a new one is started/],
    ['huge 4194304', /\)\), and V8 gave up in/],
  ] as const) {
    test(`${mib} MiB, ${order}: the host dies within its share, and the kernel does not kill the agent`, () =>
      inGroup(mib, async (group) => {
        const dying = dyingAgent(bench(), ['--stuck-ms', '60000'], group.around([AGENT]));
        const { process } = dying;
        await process.until(({ state }) => state === 'recovered');
        const running = await launchWaiting(dying, '/a');
        dying.order(order);
        const death = (await process.until(isDeath)).message as string;
        const share = `its heap is full (${mib / 4} MiB, of the group's ${mib} MiB (${group.limitFile})`;
        assert.ok(death.includes(share), death);
        assert.match(death, says);
        const second = await launchWaiting(dying, '/b');
        for (const each of [running, second]) endTask(each);
        for (const id of ['/a', '/b']) await process.until(task(id, 'finished'));
        process.send({ stop: true });
        assert.is(await process.ended, 0, process.said());
        assert.is(dying.deaths().length, 1, process.said());
        assert.is(group.oomKills(), 0);
        assert.equal(bench().mounts(), []);
      }));
  }
}

async function refuses(program: string[], limitFile: string): Promise<void> {
  const agent = bench().agent([{ id: '/a', cmd: 'true' }], [], program);
  const code = await agent.ended;
  const limit = `the limit on the memory of the agent's group of processes is 40 MiB (${limitFile})`;
  const sentence = `${limit}, and the embedded host alone needs 96 MiB; raise it (MemoryMax=, docker run --memory)`;
  assert.ok(agent.said().includes(sentence), agent.said());
  assert.is(code, 1);
}

test('a group too small for a host is refused at the start, with its limit, the file and what is needed', () =>
  inGroup(40, async (group) => {
    await refuses(group.around([AGENT]), group.limitFile);
    assert.is(group.oomKills(), 0);
  }));

test('the limit of a group above the own one counts', () =>
  inGroup(40, async (group) => {
    const inner = group.below();
    try {
      await refuses(inner.around([AGENT]), group.limitFile);
    } finally {
      await inner.remove();
    }
  }));

test('in a container, which sees the hierarchy from its own group on, the limit is found', () =>
  inGroup(300, async (group) => {
    const inner = group.below(40 * MIB);
    try {
      const top = dirname(group.folder);
      const inContainer = ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" "$1" && shift && exec "$@"'];
      const program = [...inContainer, group.folder, top, AGENT];
      await refuses(inner.around(program), inner.limitFile.replace(group.folder, top));
    } finally {
      await inner.remove();
    }
  }));

run();
