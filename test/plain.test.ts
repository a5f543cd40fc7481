/** The host's bundle in plain Node: the same build/host.cjs as inside the agent, with the addon instead of libmoorage.so. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mountsBelow } from '../cli/demo/leaks.ts';
import type { startHost } from '../host/start.ts';
import { makeBench } from './driver_harness.ts';
import { prepareEvent, RECOVER } from './world.ts';

const plain = suite('plain Node: the host bundle with the addon');
const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stdout.write('plain Node: skipped: mounting needs root\n');
const test = isRoot ? plain : (plain.skip as typeof plain);

const load = createRequire(import.meta.url);
const drivers = makeBench();
const folder = mkdtempSync(join(tmpdir(), 'moorage plain '));

test('a volume is mounted for a container and gone after its cleanup, without libnode', async () => {
  const driver = await drivers.start('ebs');
  await driver.call('VolumeDriver.Create', { Name: 'v1', Opts: { size: '16m' } });
  const root = join(folder, 'volumes');
  const sandbox = join(folder, 'sandbox');
  mkdirSync(sandbox);
  const config = join(folder, 'config.json');
  const address = `unix://${driver.socket}`;
  writeFileSync(
    config,
    JSON.stringify({ agentId: 'p', root, defaultDriver: 'ebs', drivers: { ebs: { address } } }),
  );
  const bundle = load(resolve('build/host.cjs')) as { startHost: typeof startHost };
  const fatal: Error[] = [];
  const host = await bundle.startHost({
    binding: load(resolve('build/moorage.node')),
    config,
    stateDir: join(folder, 'state'),
    policy: 'build/policy.wasm',
    log: () => undefined,
    notice: () => undefined,
    fatal: (error) => fatal.push(error),
  });
  assert.is((await host.isolator.ask({ ...RECOVER })).ok, true);
  const reply = await host.isolator.ask(prepareEvent('c1', { volume: 'v1:data' }, { sandbox }));
  const source = join(root, 'ebs', 'v1');
  assert.equal(reply.mounts, [{ source, target: 'data', readonly: false }], JSON.stringify(reply.error));
  assert.ok(mountsBelow(root).includes(source));
  assert.is((await host.isolator.ask({ type: 'cleanup', id: 'c1' })).ok, true);
  await host.close(10_000);
  assert.equal(fatal, []);
  assert.equal([...mountsBelow(root), ...mountsBelow(drivers.folder)], []);
});

plain.after(async () => {
  await drivers.clear();
  rmSync(folder, { recursive: true, force: true });
});
plain.run();
