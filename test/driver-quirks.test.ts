/** Drivers that differ from the plugin API, each through the whole isolator: real sockets, real mounts, the policy that ships. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mountsBelow } from '../cli/demo/leaks.ts';
import type { ReplyEffect } from '../host/frames/types.ts';
import { answer, makeHostileBench } from './hostile_drivers.ts';
import { type PlainHost, startPlainHost } from './plain_host.ts';
import { type Quirks, type QuirkyDriver, startQuirky } from './quirky_driver.ts';

const quirky = suite('drivers: quirks');
const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stdout.write('drivers: quirks: skipped: mounting needs root\n');
const test = isRoot ? quirky : (quirky.skip as typeof quirky);

const folder = mkdtempSync(join(tmpdir(), 'moorage-quirks-'));
const root = join(folder, 'managed');
const hostile = makeHostileBench();

/** Differ, and work. */
const GOOD: Record<string, Quirks> = {
  plain: {},
  'no-get': { without: ['Get'] },
  'no-path': { without: ['Path'] },
  'no-list': { without: ['List'] },
  'no-capabilities': { without: ['Capabilities'] },
  'mount-alone': { without: ['Get', 'Path', 'List', 'Capabilities'] },
  rexray: { errors: { key: 'Error', status: 200 }, without: ['Capabilities'] },
  'error-500': { errors: { key: 'Error', status: 500 } },
  'err-200': { errors: { key: 'Err', status: 200 } },
  'error-text': { errors: 'text' },
  rclone: { strict: true, boastful: true },
  mute: { mute: true },
};

/** Differ, and cannot be used: what the answer to a prepare must say. */
const BAD: Record<string, [quirks: Quirks, code: string, why: RegExp]> = {
  'empty-path': [
    { mountpoint: () => '' },
    'driver-failed',
    /the driver answered "", which is no absolute path/,
  ],
  'no-path-told': [{ mountpoint: () => undefined }, 'driver-failed', /the driver answered "", which is no/],
  relative: [
    { mountpoint: () => 'some/where' },
    'driver-failed',
    /answered "some\/where", which is no absolute path/,
  ],
  number: [{ mountpoint: () => 7 }, 'driver-failed', /no absolute path/],
  'long-path': [{ mountpoint: () => `/${'x'.repeat(300_000)}` }, 'driver-failed', /\(300001 bytes: \/xxx/],
  'half-character': [{ mountpoint: () => '/v/\ud800' }, 'driver-failed', /a path that is no text/],
  'nul-in-path': [{ mountpoint: () => '/v/\0' }, 'driver-failed', /a path with a NUL byte/],
  'no-mount': [{ plain: true }, 'not-mounted', /not-mounted|no mount|not on a mount|mount of its own/],
  'not-there': [{ mountpoint: () => '/nowhere/at/all' }, 'driver-failed', /\/nowhere\/at\/all.*ENOENT/],
  'under-root': [{ mountpoint: () => join(root, 'plain', 'v') }, 'driver-failed', /under|managed root/],
};

/** Storage types whose driver hangs. */
const HUNG = 100;

const drivers = new Map<string, QuirkyDriver>();
let isolator: PlainHost;

quirky.before(async () => {
  if (!isRoot) return;
  const places: Record<string, object> = {};
  for (const [name, quirks] of [
    ...Object.entries(GOOD),
    ...Object.entries(BAD).map(([name, [quirks]]) => [name, quirks] as const),
  ]) {
    const driver = await startQuirky(folder, name, quirks);
    drivers.set(name, driver);
    // Without it a driver that can only mount is refused, with that hint.
    places[name] = { address: driver.address, mountNeverCreates: name === 'mount-alone' };
  }
  const deep = await hostile.driver((socket) =>
    socket.end(answer(`{"Err":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)),
  );
  const halves = await hostile.driver((socket) => socket.end(answer({ Err: `no \ud800` }, '500 Oh')));
  const garbage = await hostile.driver((socket) => socket.end('\x00\xff\x16\x03\x01', 'latin1'));
  const silent = await hostile.driver(() => undefined);
  Object.assign(places, {
    deep: { address: deep.address },
    halves: { address: halves.address },
    garbage: { address: garbage.address },
    silent: { address: silent.address, mountMs: 300, unmountMs: 300 },
    missing: { address: 'unix:///nowhere/driver.sock' },
    unknown: {},
  });
  for (let i = 0; i < HUNG; i += 1) places[`hung-${i}`] = { address: silent.address };
  const plugins = { sockets: join(folder, 'none'), specs: [] };
  isolator = await startPlainHost(folder, {
    prepareMs: 2_500,
    settleMs: 200,
    retryMaxMs: 200,
    drivers: places,
    plugins,
  });
});

const prepare = (id: string, driver: string, volume = 'v'): Promise<ReplyEffect> =>
  isolator.prepare(id, `source=${volume},target=data,volume-driver=${driver}`);
const cleanup = (id: string): Promise<ReplyEffect> => isolator.cleanup(id);

async function until(what: string, isSo: () => boolean, ms = 8_000): Promise<void> {
  const end = Date.now() + ms;
  while (!isSo()) {
    assert.ok(Date.now() < end, `waited in vain until ${what}`);
    await sleep(10);
  }
}

test('drivers that leave out calls, or tell errors in their own way, do for two containers and are given back', async () => {
  for (const name of Object.keys(GOOD)) {
    const driver = drivers.get(name) as QuirkyDriver;
    const first = await prepare(`${name}-1`, name);
    assert.ok(first.ok, `${name}: ${JSON.stringify(first.error)}`);
    const source = first.mounts?.[0]?.source ?? '';
    assert.is(source, join(root, name, 'v'));
    writeFileSync(join(source, 'x'), name);
    assert.is(readFileSync(join(folder, name, 'v', 'x'), 'utf8'), name, `${name}: not the driver’s volume`);
    assert.ok((await prepare(`${name}-2`, name)).ok, name);
    assert.is(driver.calls.filter((call) => call === 'Mount').length, 1, `${name}: mounted once for both`);
    await cleanup(`${name}-1`);
    assert.is(driver.holders.size, 1, `${name}: the second container still has it`);
    await cleanup(`${name}-2`);
    await until(`${name} is given back`, () => driver.holders.size === 0);
    assert.is(driver.calls.filter((call) => call === 'Unmount').length, 1, name);
  }
  await isolator.host.isolator.idle(5_000);
  assert.equal(mountsBelow(root), [root]);
});

test('a volume that a driver does not have is told so, in whatever way it says no', async () => {
  for (const name of ['plain', 'no-get', 'rexray', 'error-500', 'err-200', 'error-text', 'rclone']) {
    const reply = await prepare(`${name}-typo`, name, 'typo');
    assert.not.ok(reply.ok, name);
    const { code, message, hint } = reply.error as { code: string; message: string; hint: string };
    assert.is(code, 'no-such-volume', `${name}: ${message}`);
    assert.match(`${message}; ${hint}`, new RegExp(`driver ${name} has no volume typo.*check the name`));
    await cleanup(`${name}-typo`);
  }
});

test('what cannot be a volume’s place is refused in words, nothing is bound, and the driver gets its mount back', async () => {
  const replies = await Promise.all(
    Object.keys(BAD).map(async (name) => [name, await prepare(`${name}-1`, name)] as const),
  );
  for (const [name, reply] of replies) {
    const [, code, why] = BAD[name] as (typeof BAD)[string];
    assert.not.ok(reply.ok, `${name}: ${JSON.stringify(reply)}`);
    const error = reply.error as { code: string; message: string; hint: string };
    const whole = `${name}: ${error.code}: ${error.message}; ${error.hint}`;
    assert.is(error.code, code, whole);
    assert.match(error.message, why, whole);
    assert.ok(error.message.includes(`${name}/v`), `it does not say where: ${whole}`);
    assert.ok(error.hint.length > 10, `no next step: ${whole}`);
    await cleanup(`${name}-1`);
  }
  assert.equal(mountsBelow(root), [root]);
  for (const name of Object.keys(BAD)) {
    const driver = drivers.get(name) as QuirkyDriver;
    await until(`${name} is given back`, () => driver.holders.size === 0);
  }
});

test('drivers that answer nonsense, nothing, or are not there cost their own task only', async () => {
  const names = ['deep', 'halves', 'garbage', 'silent', 'missing', 'unknown'];
  const begun = performance.now();
  const bad = names.map(async (name) => [name, await prepare(`${name}-1`, name)] as const);
  const healthy = await prepare('beside', 'plain');
  assert.ok(healthy.ok, JSON.stringify(healthy.error));
  const healthyMs = performance.now() - begun;
  await cleanup('beside');
  for (const [name, reply] of await Promise.all(bad)) {
    assert.not.ok(reply.ok, name);
    const { code, message, hint } = reply.error as { code: string; message: string; hint: string };
    assert.match(
      code,
      /^driver-(refused|failed|unreachable)$|^timeout$|^no-such-volume$/,
      `${name}: ${message}`,
    );
    const whole = `${name}: ${code}: ${message}; ${hint}`;
    assert.ok(message.includes(name) && `${message}${hint}`.length > 40, whole);
    assert.is(message, Buffer.from(message).toString(), name);
    await cleanup(`${name}-1`);
  }
  process.stdout.write(`a task beside six bad drivers: ${healthyMs.toFixed(0)} ms\n`);
});

test('a hundred storage types that hang keep no task of another one waiting', async () => {
  const life = async (id: string): Promise<number> => {
    const begun = performance.now();
    const reply = await prepare(id, 'plain');
    assert.ok(reply.ok, JSON.stringify(reply.error));
    const tookMs = performance.now() - begun;
    await cleanup(id);
    await isolator.host.isolator.idle(5_000);
    return tookMs;
  };
  await life('first');
  const alone = await life('alone');
  let answered = 0;
  const hung = Array.from({ length: HUNG }, async (_, i) => {
    const reply = await prepare(`hung-${i}`, `hung-${i}`);
    answered += 1;
    assert.not.ok(reply.ok);
    assert.is(reply.error?.code, 'timeout', JSON.stringify(reply.error));
    await cleanup(`hung-${i}`);
  });
  const begun = performance.now();
  const reply = await prepare('beside-them', 'plain');
  const beside = performance.now() - begun;
  assert.ok(reply.ok, JSON.stringify(reply.error));
  assert.is(answered, 0, 'it was answered only after hung ones were');
  process.stdout.write(
    `a task: ${alone.toFixed(1)} ms alone, ${beside.toFixed(1)} ms right behind ${HUNG} others whose drivers hang\n`,
  );
  await cleanup('beside-them');
  await Promise.all(hung);
});

quirky.after(async () => {
  if (isRoot) await isolator.close();
  for (const driver of drivers.values()) await driver.close();
  await hostile.clear();
  assert.equal(mountsBelow(folder), []);
  rmSync(folder, { recursive: true, force: true });
});
quirky.run();
