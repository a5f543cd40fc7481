/** The effects of the host against drivers with the manners of real ones: real sockets, the real addon, no mounts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Binding } from '../host/binding.ts';
import { createDirectory } from '../host/directory.ts';
import { mountAt } from '../host/effects/mount_at.ts';
import { perform } from '../host/effects/perform.ts';
import type { DriverEffect, ObserveEffect } from '../host/frames/types.ts';

const effects = suite('effects: drivers with manners of their own');
const binding = createRequire(import.meta.url)(resolve('build/moorage.node')) as Binding;
const folder = mkdtempSync(join(tmpdir(), 'moorage-effects-'));
const servers: Server[] = [];

type Reply = [status: number, body: unknown];

/** A driver that answers as given, by method; what is not given it does not know (404). */
async function driver(answers: Record<string, Reply>) {
  const socket = join(folder, `d${servers.length}.sock`);
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const method = (request.url ?? '').replace('/VolumeDriver.', '');
    calls.push(method);
    const [status, body] = answers[method] ?? [404, 'page not found'];
    request.resume();
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(socket, done));
  const keeper = createDirectory();
  keeper.directory.root = '/nowhere/root';
  keeper.directory.drivers.set('d', { address: `unix://${socket}`, maxInFlight: 4, plainDirs: false });
  const fields = { effect: 1, driver: 'd', name: 'v', deadlineMs: 2000 };
  return {
    calls,
    directory: keeper.directory,
    do: (op: DriverEffect['op']) =>
      perform({ type: 'driver', op, id: 'moorage-a-v', options: {}, ...fields }, binding, keeper.directory),
    observe: (witness = false, kernel = binding) =>
      perform({ type: 'observe', witness, ...fields } as ObserveEffect, kernel, keeper.directory),
  };
}

const LISTED: Reply = [200, { Volumes: [{ Name: 'u' }, { Name: 'v' }], Err: '' }];
const OTHERS: Reply = [200, { Volumes: [{ Name: 'u' }], Err: '' }];

effects('success is 200 with an empty or absent Err', async () => {
  const plain = await driver({ Mount: [200, { Mountpoint: '/d/v' }] });
  assert.equal(await plain.do('mount'), { ok: true, value: { mountpoint: '/d/v' } });
  const empty = await driver({ Mount: [200, { Mountpoint: '/d/v', Err: '' }] });
  assert.is((await empty.do('mount')).ok, true);
});

effects('a no is a no, in every way that drivers say it, with their words', async () => {
  for (const reply of [
    [200, { Err: 'zone b' }],
    [500, { Err: 'zone b' }],
    [200, { Error: 'zone b' }],
    [500, 'zone b'],
    [400, { Err: { reason: 'zone b' } }],
  ] as Reply[]) {
    const { error } = (await (await driver({ Mount: reply })).do('mount')) as {
      error: { kind: string; message: string };
    };
    assert.is(error.kind, 'refused');
    assert.match(error.message, /zone b/);
  }
});

effects('an answer that is no JSON after a Mount is an unknown outcome, not a failure to send', async () => {
  const { error } = (await (await driver({ Mount: [200, '<html>'] })).do('mount')) as {
    error: { kind: string };
  };
  assert.is(error.kind, 'timeout');
});

effects('a mountpoint of a wrong type reads as none', async () => {
  const odd = await driver({ Mount: [200, { Mountpoint: 7 }] });
  assert.equal(await odd.do('mount'), { ok: true, value: { mountpoint: '' } });
});

effects('a driver without Get is asked by List, and only then is a missing volume missing', async () => {
  const has = await driver({ List: LISTED });
  assert.equal(await has.do('get'), { ok: true, value: { exists: true } });
  assert.equal(await (await driver({ List: OTHERS })).do('get'), { ok: true, value: { exists: false } });
  const neither = (await (await driver({})).do('get')) as { error: { code: string } };
  assert.is(neither.error.code, 'unsupported');
});

effects('a Get that is refused for a volume that List shows went wrong, and is tried again', async () => {
  const busy = await driver({ Get: [500, { Err: 'throttled' }], List: LISTED });
  const { error } = (await busy.do('get')) as { error: { kind: string; message: string } };
  assert.is(error.kind, 'failed');
  assert.match(error.message, /throttled/);
  const gone = await driver({ Get: [500, { Err: 'no such volume' }], List: OTHERS });
  assert.is(((await gone.do('get')) as { error: { kind: string } }).error.kind, 'refused');
});

effects('a Get or a List that goes well and says nothing proves nothing', async () => {
  const empty = await driver({ Get: [200, ''], List: OTHERS });
  assert.equal(await empty.do('get'), { ok: true, value: { exists: false } });
  const listed = await driver({ Get: [200, { Err: '' }], List: LISTED });
  assert.equal(await listed.do('get'), { ok: true, value: { exists: true } });
  const mute = await driver({ Get: [500, { Err: 'busy' }], List: [200, {}] });
  assert.equal(seen(await mute.observe()), { answered: false });
  const none = await driver({ Get: [500, { Err: 'no such volume' }], List: [200, { Volumes: null }] });
  assert.equal(seen(await none.observe()), { answered: true, exists: false });
});

effects('a driver that has neither Get nor List answers with its Path, also when that is a no', async () => {
  const nowhere = await driver({ Path: [500, { Err: 'not mounted' }] });
  assert.equal(seen(await nowhere.observe()), { answered: true });
  assert.equal(seen(await (await driver({})).observe()), { answered: false });
});

function seen(outcome: unknown): Record<string, unknown> {
  return (outcome as { value: { driver: Record<string, unknown> } }).value.driver;
}

effects('observe believes a refusal only when List confirms it', async () => {
  const busy = await driver({ Get: [500, { Err: 'throttled' }] });
  assert.equal(seen(await busy.observe()), { answered: false });
  const gone = await driver({ Get: [500, { Err: 'unknown' }], List: OTHERS });
  assert.equal(seen(await gone.observe()), { answered: true, exists: false });
});

effects('observe takes a mountpoint for a hint: only the kernel proves a mount', async () => {
  const liar = await driver({ Get: [200, { Volume: { Name: 'v', Mountpoint: folder } }] });
  assert.equal(seen(await liar.observe()), { answered: true, exists: true, path: folder });
});

effects('observe looks at the recorded path too when the driver hints at another one', async () => {
  const moved = await driver({ Get: [200, { Volume: { Name: 'v', Mountpoint: '/nowhere/else' } }] });
  moved.directory.mountpoints.set('d/v', '/proc');
  const view = seen(await moved.observe());
  assert.is(view.path, '/proc');
  assert.type(view.pathMountId, 'number');
});

effects('after an unmount the kernel is asked, whatever the driver says', async () => {
  const lazy = await driver({ Unmount: [200, { Err: '' }] });
  lazy.directory.mountpoints.set('d/v', '/proc');
  assert.equal(await lazy.do('unmount'), { ok: true, value: { stillMounted: true } });
  lazy.directory.mountpoints.set('d/v', join(folder, 'gone'));
  assert.equal(await lazy.do('unmount'), { ok: true, value: { stillMounted: false } });
});

effects('a mount whose file system has died is found in the table, not taken for gone', async () => {
  const dead: Pick<Binding, 'pathMount' | 'mountTable'> = {
    pathMount: () => Promise.reject(Object.assign(new Error('dead'), { code: 'ENOTCONN', kind: 'failed' })),
    mountTable: binding.mountTable,
  };
  const { directory } = createDirectory();
  directory.root = '/nowhere/root';
  assert.is((await mountAt('/proc', dead as Binding, directory)).mounted, true);
  assert.is((await mountAt(join(folder, 'x'), dead as Binding, directory)).mounted, false);
});

effects('a driver without an address is told how to get one, and nothing is sent', async () => {
  const some = await driver({});
  some.directory.drivers.set('d', { address: undefined, maxInFlight: 4, plainDirs: false });
  const { error } = (await some.do('mount')) as { error: { kind: string; message: string } };
  assert.is(error.kind, 'unreachable');
  assert.match(error.message, /drivers\.d\.address/);
  assert.equal(some.calls, []);
});

effects('who has but a copy of our mounts, or of the driver’s, is not looked for', async () => {
  const at = { mountId: 5, dev: '7:1', fstype: 'ext4', root: '/' };
  const has = await driver({ Get: [200, { Volume: { Name: 'v', Mountpoint: '/linked/v/data' } }] });
  has.directory.mountpoints.set('d/v', '/before/v');
  const asked: object[] = [];
  await has.observe(true, {
    ...binding,
    pathMount: async () => ({ ...at, ownMount: true }),
    mountTable: async () => [{ ...at, target: '/drivers/v', source: '/dev/loop1' }],
    pinnedBy: async (request) => {
      asked.push(request);
      return [];
    },
  });
  const ours = ['/nowhere/root/d/v', '/nowhere/root/.ro/d/v'];
  assert.equal(asked, [
    { dev: '7:1', root: '/', copies: [...ours, '/linked/v/data', '/before/v', '/drivers/v'] },
  ]);
});

effects.after(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
  rmSync(folder, { recursive: true, force: true });
});
effects.run();
