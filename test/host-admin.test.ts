/** The admin socket: what it tells is so, what it is told is done, and no client can harm the host. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StatusReport } from '../cli/admin/report.ts';
import { ask, shout } from './admin_calls.ts';
import { type EasyHost, startEasy } from './easy_host.ts';

const admin = suite('host: the admin socket');
const top = mkdtempSync(join(tmpdir(), 'moorage-admin-'));
const awake = setInterval(() => undefined, 1000);
let made = 0;

async function fresh(): Promise<{ state: string; socket: string; host: EasyHost }> {
  made += 1;
  const state = join(top, `s${made}`);
  return { state, socket: join(state, 'admin.sock'), host: await startEasy(state, {}) };
}

async function status(socket: string): Promise<StatusReport> {
  const { text, type } = await ask(socket, 'GET', '/status');
  assert.is(type, 'application/json');
  return JSON.parse(text);
}

const operator = (socket: string, body: object) => ask(socket, 'POST', '/operator', JSON.stringify(body));

admin('status tells containers, volumes, policy, journal and follower of a running host', async () => {
  const { state, socket, host } = await fresh();
  const before = Date.now();
  assert.is((await host.prepare('c1')).ok, true);
  const report = await status(socket);
  assert.is(report.stateDir, state);
  assert.is(report.config, `${state}.json`);
  assert.is(report.recovered, true);
  assert.is(report.policy.name, 'moorage-standard');
  assert.is(report.policy.abi, 3);
  assert.equal(report.follower, { lag: 0 });
  assert.is(report.journal.state, 'new');
  assert.is(report.journal.full, null);
  assert.ok(report.journal.events > 4);
  assert.is(report.overview?.agentId, 'f');
  assert.equal(
    report.volumes.map(({ driver, name, state, holders }) => [driver, name, state, holders]),
    [['ebs', 'v-c1', 'mounted', ['c1']]],
  );
  const [container] = report.containers;
  assert.is(container?.state, 'holding');
  const since = Date.parse(container?.since as string);
  assert.ok(since >= before - 5 && since <= Date.now(), container?.since as string);
  await host.host.close(1000);
});

admin(
  'a container is there since its prepare, also for the host after this one, and after a snapshot',
  async () => {
    made += 1;
    const state = join(top, `s${made}`);
    const socket = join(state, 'admin.sock');
    const host = await startEasy(state, { segmentBytes: 2000 });
    await host.prepare('c1');
    const { since } = (await status(socket)).containers[0] as { since: string };
    for (let at = 0; at < 20; at += 1) await host.prepare(`other${at}`);
    await host.host.close(1000);
    assert.ok(readdirSync(join(state, 'journal')).some((name) => name.endsWith('.snapshot')));
    const alive = [{ id: 'c1', labels: [['volume', 'v-c1']], env: [], volumes: [], sandbox: '/s/c1' }];
    const again = await startEasy(state, {}, undefined, { containers: alive }, undefined, host.machine);
    assert.is((await status(socket)).containers[0]?.since, since);
    await again.host.close(1000);
  },
);

admin('many volumes come in pieces, each of them once', async () => {
  const { socket, host } = await fresh();
  const ids = Array.from({ length: 501 }, (_, at) => `c${at}`);
  await Promise.all(ids.map(host.prepare));
  const report = await status(socket);
  assert.is(report.volumes.length, 501);
  assert.equal(new Set(report.containers.map(({ id }) => id)), new Set(ids));
  await host.host.close(1000);
});

admin('an operator drains and resumes, and what the policy refuses comes with its reason', async () => {
  const { socket, host } = await fresh();
  assert.equal(JSON.parse((await operator(socket, { verb: 'drain' })).text), { ok: true });
  assert.match((await host.prepare('c1')).error, /draining/);
  assert.is((await status(socket)).overview?.draining, true);
  await operator(socket, { verb: 'resume' });
  assert.is((await host.prepare('c1')).ok, true);
  const none = await operator(socket, { verb: 'retry', driver: 'ebs', name: 'x' });
  assert.is(none.status, 404);
  assert.match(none.text, /"code":"no-such-volume","message":"there is no record of volume ebs\/x"/);
  const held = await operator(socket, { verb: 'forget', driver: 'ebs', name: 'v-c1' });
  assert.is(held.status, 409);
  assert.match(held.text, /held by container c1/);
  const odd = await operator(socket, { verb: 'realease', driver: 'ebs', name: 'v-c1' });
  assert.is(odd.status, 400);
  assert.match(odd.text, /did you mean release/);
  await host.host.close(1000);
});

admin('what is no operator event is refused before it gets to the policy', async () => {
  const { socket, host } = await fresh();
  const { events } = (await status(socket)).journal;
  const refused = async (body: string, why: RegExp) => {
    const heard = await ask(socket, 'POST', '/operator', body);
    assert.is(heard.status, 400, body);
    assert.match(heard.text, why);
  };
  await refused('{', /not JSON/);
  await refused('[]', /no JSON object/);
  await refused('null', /no JSON object/);
  await refused('{"driver":"ebs"}', /verb: is missing/);
  await refused('{"verb":7}', /verb: must be a text/);
  await refused('{"verb":"drain","at":1}', /at: unknown; known are verb, driver, name/);
  assert.is((await status(socket)).journal.events, events);
  await host.host.close(1000);
});

admin('unknown paths and methods are answered with what is served', async () => {
  const { socket, host } = await fresh();
  const none = await ask(socket, 'GET', '/nowhere');
  assert.is(none.status, 404);
  assert.match(none.text, /GET \/status, GET \/metrics, POST \/operator/);
  const other = await ask(socket, 'DELETE', '/status');
  assert.is(other.status, 405);
  assert.match(other.text, /use GET/);
  await host.host.close(1000);
});

admin('garbage, huge bodies, huge headers and silent clients harm nobody', async () => {
  const { socket, host } = await fresh();
  assert.match(await shout(socket, 'garbage\r\n\r\n', 2000), /^HTTP\/1\.1 400/);
  assert.match(await shout(socket, Buffer.from([0, 255, 22, 3, 1, 0]), 2000), /^HTTP\/1\.1 400/);
  const huge = await ask(socket, 'POST', '/operator', Buffer.alloc(1024 * 1024, 32)).catch((error) => error);
  assert.ok(huge.status === 413 || huge.code === 'EPIPE' || huge.code === 'ECONNRESET', String(huge));
  const headers = await ask(socket, 'GET', '/status', undefined, { x: 'y'.repeat(20_000) });
  assert.is(headers.status, 431);
  const silent: Socket[] = [];
  for (let at = 0; at < 20; at += 1) silent.push(connect(socket).on('error', () => undefined));
  const begun = Date.now();
  assert.is((await status(socket)).recovered, true);
  assert.is((await host.prepare('c1')).ok, true);
  assert.ok(Date.now() - begun < 3000);
  await Promise.all(silent.map((each) => new Promise((closed) => each.on('close', closed).resume())));
  assert.ok(Date.now() - begun < 12_000, 'a client that asks nothing is sent away');
  assert.equal(host.fatal, []);
  await host.host.close(1000);
});

admin('the socket is for its owner alone, and goes with the host', async () => {
  const { socket, host } = await fresh();
  assert.is(statSync(socket).mode & 0o777, 0o600);
  const waiting = connect(socket).on('error', () => undefined);
  await new Promise((next) => waiting.once('connect', next));
  await host.host.close(1000);
  assert.not(existsSync(socket));
});

admin('the socket of a host that died is replaced, what is no socket is left alone and said', async () => {
  const { state, socket, host } = await fresh();
  await host.host.close(1000);
  const dying = `require('node:net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', dying]);
  assert.ok(existsSync(socket), 'it has left its socket behind');
  const second = await startEasy(state, {});
  assert.is((await status(socket)).recovered, true);
  await second.host.close(1000);
  writeFileSync(socket, 'mine');
  const third = await startEasy(state, {});
  assert.match(third.notices.join('\n'), /warn admin-socket: .*something else is there.*works without/);
  assert.is((await third.prepare('c1')).ok, true);
  await third.host.close(1000);
  assert.is(statSync(socket).size, 4);
});

admin('a path that is too long for a socket is said, and tasks go on', async () => {
  const state = join(top, 'long'.repeat(30));
  const host = await startEasy(state, {});
  assert.match(
    host.notices.join('\n'),
    /warn admin-socket: .* bytes, and a unix socket can have 107; choose a shorter/,
  );
  assert.is((await host.prepare('c1')).ok, true);
  await host.host.close(1000);
});

admin.after(() => {
  clearInterval(awake);
  rmSync(top, { recursive: true, force: true });
});

admin.run();
