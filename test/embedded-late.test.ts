import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { mountsBelow } from '../cli/demo/leaks.ts';
import { type DyingAgent, dyingAgent, endTask, isDeath, UNTIL_END } from './dying_agent.ts';
import { task, waitUntil } from './embedded_bench.ts';
import { embeddedSuite } from './embedded_suite.ts';

const { test, testOfMachine, bench, run } = embeddedSuite('embedded: what a dead host had under way');

/** A file system of its own, on a device, that can be frozen: then whoever writes to it stands still in the kernel. */
function makeField() {
  const image = join(bench().folder, 'field.img');
  const field = join(bench().folder, 'field');
  mkdirSync(field);
  execFileSync('truncate', ['-s', '16M', image]);
  execFileSync('mkfs.ext4', ['-q', image]);
  execFileSync('mount', ['-o', 'loop', image, field]);
  let isFrozen = false;
  const freeze = (wanted: boolean) => {
    if (isFrozen === wanted) return;
    execFileSync('fsfreeze', [wanted ? '-f' : '-u', field]);
    isFrozen = wanted;
  };
  return {
    root: join(field, 'volumes'),
    freeze: () => freeze(true),
    thaw: () => freeze(false),
    clear() {
      freeze(false);
      for (const target of mountsBelow(field).reverse()) execFileSync('umount', ['-l', target]);
    },
  };
}

/** The threads of the agent that do effects and stand still in the kernel. */
function standing(pid: number | undefined): string[] {
  return readdirSync(`/proc/${pid}/task`).filter((thread) => {
    const [, name, state] = /^\d+ \((.*)\) (\S)/.exec(readThread(pid, thread)) ?? [];
    return name === 'moorage-effect' && state === 'D';
  });
}

function readThread(pid: number | undefined, thread: string): string {
  try {
    return readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
  } catch {
    return '';
  }
}

const hosts = ({ process }: DyingAgent) => process.said().split('isolator: info: policy ').length - 1;

/** The one task runs on its volume, ends, and leaves nothing. */
async function goesOn(dying: DyingAgent, root: string): Promise<void> {
  const { process } = dying;
  endTask(await process.until(task('/a', 'running')));
  assert.is(bench().output(await process.until(task('/a', 'finished'))), 'begun\n');
  const left = () =>
    bench()
      .mounts()
      .filter((target) => target.endsWith('/v1') || mountsBelow(root).length > 1);
  await waitUntil('all is given back', () => left().length === 0);
  process.send({ stop: true });
  assert.is(await process.ended, 0, process.said());
  assert.is(dying.deaths().length, 1, process.said());
}

for (const order of ['throw', 'huge']) {
  testOfMachine(
    `${order}: a bind that a thread of the dead host makes late harms nobody, and the next host's task gets its volume`,
    async () => {
      const field = makeField();
      try {
        bench().writeConfig({ root: field.root, settleMs: 1000 });
        const dying = dyingAgent(bench());
        const { process } = dying;
        await process.until(({ state }) => state === 'recovered');
        field.freeze();
        process.send({ launch: { ...UNTIL_END, id: '/a' } });
        await waitUntil('the bind stands still', () => standing(process.child.pid).length === 1);
        const [late] = standing(process.child.pid) as [string];
        dying.order(order);
        await process.until(isDeath);
        await waitUntil('the next host is ready', () => hosts(dying) === 2);
        assert.ok(standing(process.child.pid).includes(late), 'it outlives its host');
        assert.equal(mountsBelow(join(field.root, 'ebs')), []);
        field.thaw();
        await waitUntil('its bind is there', () => mountsBelow(join(field.root, 'ebs')).length > 0);
        await waitUntil('it has ended', () => readThread(process.child.pid, late) === '');
        await goesOn(dying, field.root);
      } finally {
        field.clear();
      }
    },
  );
}

test('a driver that mounts for a host that has died mounts once: the next host waits for it, and takes it over', async () => {
  const { driver, folder } = bench();
  const asked: string[] = [];
  const held: (() => void)[] = [];
  const between = createServer((request, response) => {
    const method = (request.url ?? '').slice(1);
    asked.push(method);
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      if (method === 'VolumeDriver.Mount') await new Promise<void>((resolve) => held.push(resolve));
      const { status, text } = await driver.call(
        method,
        JSON.parse(Buffer.concat(chunks).toString() || '{}'),
      );
      response.writeHead(status).end(text);
    });
  });
  const socket = join(folder, 'between.sock');
  await new Promise<void>((resolve) => between.listen(socket, resolve));
  try {
    bench().writeConfig({ settleMs: 10_000, drivers: { ebs: { address: `unix://${socket}` } } });
    const dying = dyingAgent(bench());
    const { process } = dying;
    await process.until(({ state }) => state === 'recovered');
    process.send({ launch: { ...UNTIL_END, id: '/a' } });
    await waitUntil('the driver is to mount', () => held.length === 1);
    dying.order('throw');
    await process.until(isDeath);
    await waitUntil(
      'the next host has asked the driver',
      () => asked.length > asked.indexOf('VolumeDriver.Mount') + 1,
    );
    for (const release of held) release();
    await goesOn(dying, join(folder, 'volumes'));
    assert.is(asked.filter((method) => method === 'VolumeDriver.Mount').length, 1, asked.join(' '));
    assert.is(asked.filter((method) => method === 'VolumeDriver.Unmount').length, 1, asked.join(' '));
  } finally {
    between.close();
    between.closeAllConnections();
  }
});

run();
