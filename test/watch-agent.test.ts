import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { mountsBelow } from '../cli/demo/leaks.ts';
import { decodeEvent } from '../host/frames/event_frame.ts';
import { readSegment } from '../host/journal/segment_reader.ts';
import { type AgentProcess, task, waitUntil } from './embedded_bench.ts';
import { embeddedSuite } from './embedded_suite.ts';

const { test, bench, run } = embeddedSuite('watch: the agent');

const SLEEPS = { id: '/a', cmd: 'exec sleep 600', labels: { volume: 'v1:data' } };

/** Targets of the events `lost` in the journal. */
function lost(): string[] {
  const folder = join(bench().work, 'state', 'journal');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.journal'))
    .flatMap((name) => readSegment(join(folder, name)).records)
    .filter(({ kind }) => kind === 'event')
    .map(({ frame }) => decodeEvent(frame))
    .flatMap((event) => (event.type === 'lost' ? [event.target] : []));
}

/** Where the driver has it mounted (it answers a directory of that), and our bind of it. */
function places(): { driver: string; managed: string } {
  const { driver, folder } = bench();
  const [mounted = ''] = mountsBelow(driver.root);
  return { driver: mounted, managed: join(folder, 'volumes', 'ebs', 'v1') };
}

async function running(process: AgentProcess): Promise<void> {
  await process.until(task('/a', 'running'));
  assert.not.equal(places().driver, '');
}

test('a task whose volume somebody unmounted at the driver is told so, and ended', async () => {
  const process = bench().agent();
  process.send({ launch: SLEEPS });
  await running(process);
  const { driver } = places();
  const begun = performance.now();
  execFileSync('umount', ['-l', driver]);
  const alert = await process.until(({ event, code }) => event === 'alert' && code === 'driver-mount-lost');
  assert.match(alert.message as string, `somebody unmounted ${driver}`);
  const limit = await process.until(({ event }) => event === 'limit');
  globalThis.process.stdout.write(`\n  limited after ${Math.round(performance.now() - begun)} ms`);
  assert.match(JSON.stringify(limit), /volume ebs\/v1 is no longer mounted by its driver/);
  await process.until(
    ({ event, app, state }) =>
      event === 'task' && app === '/a' && state !== 'running' && state !== 'starting',
  );
  process.send({ stop: true });
  await process.ended;
  assert.equal(lost(), [join(driver, 'data')]);
});

test('a bind of ours that somebody unmounted is there again, and the task goes on', async () => {
  const process = bench().agent();
  process.send({ launch: SLEEPS });
  await running(process);
  const { managed } = places();
  const { folder } = bench();
  for (let times = 0; times < 3; times++) {
    execFileSync('umount', ['-l', managed]);
    await waitUntil('our bind is there again', () => mountsBelow(folder).includes(managed));
  }
  process.send({ launch: { id: '/b', cmd: 'touch data/x', labels: { volume: 'v1:data' } } });
  await process.until(task('/b', 'finished'));
  assert.equal(
    process.events.filter(({ event }) => event === 'limit'),
    [],
  );
  process.send({ stop: true });
  await process.ended;
  assert.equal(lost(), [managed, managed, managed]);
});

test('what we unmount ourselves is not told as lost', async () => {
  const { agent, mounts } = bench();
  const apps = Array.from({ length: 4 }, (_, index) => ({
    id: `/t${index}`,
    cmd: 'ls data',
    labels: { volume: index % 2 ? 'v1:data' : 'v1:data:ro' },
  }));
  for (let times = 0; times < 3; times++) assert.is(await agent(apps).ended, 0);
  assert.equal([lost(), mounts()], [[], []]);
});

test('an agent that comes back watches what it finds', async () => {
  const first = bench().agent();
  first.send({ launch: SLEEPS });
  await running(first);
  first.child.kill('SIGKILL');
  await first.ended;
  const second = bench().agent();
  await second.until(({ event, state }) => event === 'agent' && state === 'recovered');
  const { managed, driver } = places();
  // The first may be seen by the looks that follow a recovery, before it is told.
  for (let times = 0; times < 2; times++) {
    execFileSync('umount', ['-l', managed]);
    await waitUntil('our bind is there again', () => mountsBelow(bench().folder).includes(managed));
  }
  execFileSync('umount', ['-l', driver]);
  await second.until(({ event, code }) => event === 'alert' && code === 'driver-mount-lost');
  second.send({ stop: true });
  await second.ended;
  assert.equal(lost().slice(-2), [managed, join(driver, 'data')]);
});

run();
