/** Drivers without an address: looked for as Docker does it, on real sockets and files, TLS too. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { askDrivers } from '../cli/audit/drivers.ts';
import { createDirectory } from '../host/directory.ts';
import { perform } from '../host/effects/perform.ts';
import { seenDrivers } from '../host/effects/seen_drivers.ts';
import { wantedConfig } from '../host/wanted_config.ts';
import { native } from './native_bench.ts';

const discovery = suite('drivers: discovery');
const folder = mkdtempSync(join(tmpdir(), 'moorage-discovery-'));
const servers: Server[] = [];
let machines = 0;

discovery.after(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
  rmSync(folder, { recursive: true, force: true });
});

/** A server that answers a Mount with its own name. */
function serving(name: string, make: (answer: Parameters<typeof createServer>[1]) => Server = createServer) {
  const server = make((request, response) => {
    request.resume();
    const cert = (request.socket as TLSSocket).getPeerCertificate?.();
    const caller = cert?.subject?.CN ? `/${cert.subject.CN}` : '';
    const Volumes = [{ Name: name }];
    response.end(JSON.stringify({ Mountpoint: `/${name}${caller}`, Volumes }));
  });
  servers.push(server);
  return server;
}

async function onSocket(path: string, name: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  await new Promise<void>((done) => serving(name).listen(path, done));
}

async function onPort(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

/** A machine's directories of plugins, and a host that knows driver `d` by name only. */
function machine() {
  machines += 1;
  const top = join(folder, `m${machines}`);
  const plugins = { sockets: join(top, 'run'), specs: [join(top, 'etc'), join(top, 'lib')] };
  for (const path of [plugins.sockets, ...plugins.specs]) mkdirSync(path, { recursive: true });
  const { directory } = createDirectory();
  directory.plugins = plugins;
  directory.drivers.set('d', { address: undefined, maxInFlight: 4, plainDirs: false });
  const fields = { effect: 1, driver: 'd', name: 'v', id: 'i', options: {}, deadlineMs: 5_000 };
  const put = (file: string, text: string | object): void => {
    mkdirSync(dirname(join(top, file)), { recursive: true });
    writeFileSync(join(top, file), typeof text === 'string' ? text : JSON.stringify(text));
  };
  const mount = () => perform({ type: 'driver', op: 'mount', ...fields }, native, directory);
  return {
    top,
    plugins,
    put,
    /** What answered. */
    async who(): Promise<string> {
      const outcome = (await mount()) as { ok: boolean; value: { mountpoint: string } };
      assert.ok(outcome.ok, JSON.stringify(outcome));
      return outcome.value.mountpoint;
    },
    async refusal(): Promise<{ kind: string; code: string; message: string }> {
      const outcome = (await mount()) as {
        ok: boolean;
        error: { kind: string; code: string; message: string };
      };
      assert.not.ok(outcome.ok, JSON.stringify(outcome));
      return outcome.error;
    },
  };
}

discovery('of all places the first in Docker’s order counts', async () => {
  const { top, put, who, refusal } = machine();
  assert.match(
    (await refusal()).message,
    /has no address, and no d\.sock, \.spec or \.json is in .*start it/,
  );
  // From the last to the first: each that is added takes the place of the one before.
  const places = [
    'lib/d/d.json',
    'lib/d.json',
    'lib/d/d.spec',
    'lib/d.spec',
    'etc/d/d.json',
    'etc/d.json',
    'etc/d/d.spec',
    'etc/d.spec',
  ];
  for (const place of places) {
    const name = place.replaceAll('/', '-');
    const port = await onPort(serving(name));
    if (place.endsWith('.json')) put(place, { Name: 'd', Addr: `tcp://127.0.0.1:${port}` });
    else put(place, `tcp://127.0.0.1:${port}\n`);
    assert.is(await who(), `/${name}`);
  }
  await onSocket(join(top, 'run/d/d.sock'), 'inner');
  assert.is(await who(), '/inner');
  // What is no socket is none.
  put('run/d.sock', '');
  assert.is(await who(), '/inner');
  rmSync(join(top, 'run/d.sock'));
  await onSocket(join(top, 'run/d.sock'), 'outer');
  assert.is(await who(), '/outer');
});

discovery('a driver that is started again elsewhere is found there by the next call', async () => {
  const { top, put, who } = machine();
  await onSocket(join(top, 'a.sock'), 'before');
  await onSocket(join(top, 'b.sock'), 'after');
  put('etc/d.spec', `unix://${top}/a.sock`);
  assert.is(await who(), '/before');
  put('etc/d.spec', `unix://${top}/b.sock`);
  assert.is(await who(), '/after');
});

discovery('a plugin file that is no good says which, where and why, and nothing else is tried', async () => {
  const { top, put, refusal } = machine();
  await onSocket(join(top, 'good.sock'), 'good');
  put('lib/d.spec', `unix://${top}/good.sock`);
  const wrong: [string, string | object, RegExp][] = [
    ['etc/d.json', '{"Addr":', /is not JSON/],
    ['etc/d.json', 'null', /has no text Addr/],
    ['etc/d.json', { Addr: 7 }, /has no text Addr/],
    ['etc/d.json', { Addr: 'npipe://x' }, /"npipe:\/\/x" is no unix:/],
    ['etc/d.json', { Addr: 'https://h', TLSConfig: [] }, /TLSConfig is no object/],
    ['etc/d.json', { Addr: 'https://h', TLSConfig: { CAFile: 7 } }, /TLSConfig\.CAFile is no text/],
    ['etc/d.json', { Addr: 'https://h', TLSConfig: { CAFile: '/nowhere.pem' } }, /CAFile of .*ENOENT/],
    ['etc/d.json', { Addr: 'https://h', TLSConfig: { CAFile: '/dev/zero' } }, /no plain file/],
    ['etc/d.json', { Addr: 'https://h', TLSConfig: { CertFile: '/etc/hostname' } }, /go together/],
    ['etc/d.spec', '', /"" is no unix:/],
    ['etc/d.spec', 'tcp://host', /"tcp:\/\/host" has no port/],
    ['etc/d.spec', 'tcp://host:0', /has no port of 1 to 65535/],
    ['etc/d.spec', 'tcp://host:99999', /has no port of 1 to 65535/],
    ['etc/d.spec', `unix:///${'x'.repeat(107)}`, /more than 107 bytes/],
    ['etc/d.spec', 'x'.repeat(300_000), /more than 262144 bytes/],
  ];
  for (const [file, text, why] of wrong) {
    put(file, text);
    const { kind, code, message } = await refusal();
    assert.equal([kind, code], ['unreachable', 'bad-plugin-file'], message);
    assert.match(message, why);
    assert.ok(message.includes(join(top, file)), message);
    assert.match(message, /mend it, then it is tried again$/);
  }
  rmSync(join(top, 'etc/d.spec'));
  execFileSync('mkfifo', [join(top, 'etc/d.spec')]);
  assert.match((await refusal()).message, /no plain file/);
});

discovery(
  'drivers of the machine are named in hints, and are drivers themselves only where that is configured',
  async () => {
    const { top, plugins, put } = machine();
    await onSocket(join(top, 'run/rexray.sock'), 'rexray');
    put('etc/ebs.spec', 'tcp://127.0.0.1:1');
    put('lib/nfs/nfs.json', { Addr: 'tcp://127.0.0.1:2' });
    put('lib/nfs/other.json', {});
    put('etc/-odd.spec', '');
    put('etc/readme.txt', '');
    assert.equal(seenDrivers(plugins), ['ebs', 'nfs', 'rexray']);
    assert.equal(seenDrivers({ sockets: '/nowhere', specs: ['/etc/hostname'] }), []);
    const file = join(top, 'config.json');
    const wanted = (more: object) => {
      const drivers = { ebs: { address: 'unix:///e.sock' } };
      writeFileSync(file, JSON.stringify({ agentId: 'a', root: '/m', drivers, plugins, ...more }));
      return wantedConfig(file, false).config;
    };
    const hinted = wanted({});
    assert.equal(
      [Object.keys(hinted?.drivers ?? {}), hinted?.discovered],
      [['ebs'], ['ebs', 'nfs', 'rexray']],
    );
    assert.equal(wanted({ discovered: [] })?.discovered, []);
    const taken = wanted({ plugins: { ...plugins, discover: true } });
    assert.equal(taken?.drivers, { ebs: { address: 'unix:///e.sock' }, nfs: {}, rexray: {} });
    // A driver that starts after the agent.
    const offers = { disks: { driver: 'later', volumes: ['v'] } };
    const named = wanted({ defaultDriver: 'late', offers, plugins: { ...plugins, discover: true } });
    assert.equal(Object.keys(named?.drivers ?? {}).sort(), ['ebs', 'late', 'later', 'nfs', 'rexray']);
  },
);

const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });

/** A CA, and two certificates of it, in files. */
function makeCertificates(): void {
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=ca',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  );
  for (const [name, names] of [
    ['server', 'subjectAltName=IP:127.0.0.1'],
    ['elsewhere', 'subjectAltName=DNS:elsewhere'],
    ['agent', 'extendedKeyUsage=clientAuth'],
  ] as const) {
    writeFileSync(join(folder, `${name}.ext`), names);
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    );
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    );
  }
  openssl('rsa', '-aes128', '-passout', 'pass:x', '-in', 'agent.key', '-out', 'locked.key');
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl)
  process.stdout.write(
    'drivers: TLS: skipped: no openssl to make certificates with; apt-get install openssl\n',
  );
const withTls = hasOpenssl ? discovery : (discovery.skip as typeof discovery);

withTls(
  'a driver at https:// is called over TLS with the certificates of its .json, and nobody else is believed',
  async () => {
    makeCertificates();
    const pem = (name: string) => readFileSync(join(folder, name));
    const secure = (name: string, demands: boolean): Server =>
      serving(
        name,
        (answer) =>
          createSecureServer(
            {
              cert: pem(`${name}.pem`),
              key: pem(`${name}.key`),
              ca: pem('ca.pem'),
              requestCert: demands,
              rejectUnauthorized: demands,
            },
            answer,
          ) as unknown as Server,
      );
    const [open, strict, other] = [
      await onPort(secure('server', false)),
      await onPort(secure('server', true)),
      await onPort(secure('elsewhere', false)),
    ];
    const { put, who, refusal, plugins } = machine();
    const file = (name: string) => join(folder, name);
    const told = (port: number, TLSConfig?: object): void =>
      put('etc/d.json', { Name: 'd', Addr: `https://127.0.0.1:${port}/some/path`, TLSConfig });
    const refused = async (why: RegExp): Promise<void> => {
      const { kind, code, message } = await refusal();
      assert.equal([kind, code], ['unreachable', 'tls'], message);
      assert.match(message, why);
      assert.match(message, /look at TLSConfig in the driver's \.json/);
    };
    told(open, { CAFile: file('ca.pem') });
    assert.is(await who(), '/server');
    // Whom nobody vouches for, and who has another name, is not sent anything.
    told(open);
    await refused(/certificate/);
    told(open, { CAFile: file('agent.pem') });
    await refused(/certificate/);
    told(other, { CAFile: file('ca.pem') });
    await refused(/127\.0\.0\.1|does not match/);
    told(other, { InsecureSkipVerify: true });
    assert.is(await who(), '/elsewhere');
    // Who we are.
    const ours = { CAFile: file('ca.pem'), CertFile: file('agent.pem'), KeyFile: file('agent.key') };
    told(strict, ours);
    assert.is(await who(), '/server/agent');
    const audited = await askDrivers({ agentId: 'a', root: '/m', drivers: { d: {} } }, plugins);
    assert.equal(audited, [
      {
        name: 'd',
        answered: true,
        why: undefined,
        volumes: [{ name: 'server', mountpoint: undefined, ours: false }],
      },
    ]);
    told(strict, { CAFile: file('ca.pem') });
    const { message } = await refusal();
    assert.match(message, /alert|handshake|broke/i, message);
    // A key with a password is refused instead of asked for on the terminal.
    told(strict, { ...ours, KeyFile: file('locked.key') });
    await refused(/key|PEM|cert/i);
    // Plain HTTP behind https:// is no answer either.
    told(await onPort(serving('plain')), { CAFile: file('ca.pem') });
    await refused(/./);
  },
);

discovery.run();
