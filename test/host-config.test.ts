/** The configuration's schema: what is wrong is said with its key, what is right is taken, and the document tells all of it. */

import { schema } from 'moorage:config-check';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { effective } from '../host/config/effective.ts';
import { problemsOf } from '../host/config/problems.ts';
import { readConfigFile } from '../host/config_file.ts';
import { DOCKER_PLACES } from '../host/effects/plugin_places.ts';
import { atLeast } from '../host/log.ts';
import { configTables } from './config_table.ts';

const config = suite('host: the configuration file');
const folder = mkdtempSync(join(tmpdir(), 'moorage-config-'));
config.after(() => rmSync(folder, { recursive: true, force: true }));

const GOOD = { agentId: 'a', root: '/r', drivers: { ebs: {} } };
const wrong = (changes: object) => problemsOf({ ...GOOD, ...changes });

function file(data: unknown): string {
  const path = join(folder, 'c.json');
  writeFileSync(path, typeof data === 'string' ? data : JSON.stringify(data));
  return path;
}

config('every kind of mistake is said with its key, and with what was probably meant', () => {
  const said: [object, string][] = [
    [
      { drivers: { rexray: { lingerMS: 1 } } },
      'drivers.rexray.lingerMS: unknown key; did you mean lingerMs?',
    ],
    [{ agentID: 'b' }, 'agentID: unknown key; did you mean agentId?'],
    [{ policy: { zzzzzz: 1 } }, 'policy.zzzzzz: unknown key; known are keys, digests'],
    [{ volumes: { 'vol-1': {} } }, 'volumes.vol-1: must be DRIVER/NAME, such as rexray/vol-1'],
    [
      { volumes: { 'ebs/v1': { readOnly: true } } },
      'volumes.ebs/v1.readOnly: unknown key; did you mean readonly?',
    ],
    [{ drivers: { ebs: { mountMs: 0 } } }, 'drivers.ebs.mountMs: 0 must be from 1 to 604800000'],
    [{ drivers: { ebs: { unmountMs: 0 } } }, 'drivers.ebs.unmountMs: 0 must be from 1 to 604800000'],
    [{ lingerMs: 604800001 }, 'lingerMs: 604800001 must be from 0 to 604800000'],
    [{ prepareMs: '45' }, 'prepareMs: "45" must be a whole number'],
    [{ prepareMs: 1.5 }, 'prepareMs: 1.5 must be a whole number'],
    [{ requireOffer: 'yes' }, 'requireOffer: "yes" must be true or false'],
    [{ drivers: [] }, 'drivers: [] must be an object'],
    [{ allowedTargets: '/mnt' }, 'allowedTargets: "/mnt" must be a list'],
    [
      { drivers: { ebs: { sharing: 'exclusve' } } },
      'drivers.ebs.sharing: "exclusve" is none of shared, exclusive; did you mean exclusive?',
    ],
    [{ drivers: { ebs: { chown: 7 } } }, 'drivers.ebs.chown: 7 is none of never, firstHolder'],
    [{ log: { level: 'loud' } }, 'log.level: "loud" is none of debug, info, warn, error'],
    [
      { policy: { digests: ['abc'] } },
      'policy.digests.0: "abc" must be a SHA-256 digest: 64 hexadecimal digits, small letters',
    ],
    [
      { drivers: { ebs: { address: '/run/x.sock' } } },
      'drivers.ebs.address: "/run/x.sock" must be unix:///PATH, tcp://HOST:PORT or https://HOST:PORT',
    ],
    [{ drivers: { ebs: { createOptions: [''] } } }, 'drivers.ebs.createOptions.0: "" must not be empty'],
  ];
  for (const [changes, sentence] of said) assert.equal(wrong(changes), [sentence], sentence);
  for (const root of ['r', '/', '/r/', '/r//s', '/r/../s', '/./r', '/r/..', '//r'])
    assert.match(wrong({ root }).join(), /^root: ".*" must be an absolute path in its shortest form/, root);
  for (const name of ['..', '.', '-x', 'a/b', '', 'x'.repeat(256)])
    assert.match(wrong({ drivers: { [name]: {} } }).join(), /^drivers\..*: must be a name of letters/, name);
  assert.match(problemsOf({ agentId: 'a', drivers: {} }).join(), /^root: is missing\. The directory/);
  assert.match(wrong({ offers: { r: { driver: 'ebs' } } }).join(), /^offers\.r\.volumes: is missing/);
  assert.equal(problemsOf([]), ['the configuration: [] must be an object']);
});

config('all mistakes are found at once', () => {
  assert.is(wrong({ lingerMs: -1, settleMs: -1, volumes: { x: {} }, drivers: { '..': { a: 1 } } }).length, 5);
});

config('what is right is taken, names and paths as odd as they may be', () => {
  const ebs = {
    address: 'tcp://h.example:1',
    sharing: 'exclusive',
    lingerMs: 0,
    chown: 'firstHolder',
    mountMs: 1,
  };
  assert.equal(
    wrong({
      root: '/r/.hidden/..x/ü',
      drivers: { ['x'.repeat(255)]: {}, 'a_.-9': ebs },
      volumes: { 'a/b': { sharing: 'shared', readonly: true, lingerMs: 5 } },
      offers: { some: { driver: 'a', volumes: ['v'] } },
      policy: { keys: ['/k.pem'], digests: ['ab'.repeat(32)] },
      log: { level: 'warn' },
    }),
    [],
  );
});

config('a file with mistakes stops the start: the first three are told, with the file', () => {
  const path = file({ ...GOOD, a: 1, b: 1, c: 1, d: 1 });
  assert.throws(
    () => readConfigFile(path),
    /^configuration .*c\.json: a: unknown key.*; b: unknown .*; c: .*; and 1 more, see: moorage config check$/,
  );
  assert.throws(() => readConfigFile(file('{"agentId":')), /c\.json: is not JSON/);
  assert.throws(() => readConfigFile(join(folder, 'none')), /none: cannot be read/);
});

config('what is for the host alone does not go to the policy', () => {
  const keys = ['/k.pem'];
  const { config, host } = readConfigFile(file({ ...GOOD, policy: { keys }, log: { level: 'error' } }));
  assert.equal(config, GOOD);
  const plugins = { discover: false, ...DOCKER_PLACES };
  assert.equal(host, { policy: { keys, digests: [] }, log: { level: 'error' }, plugins });
  assert.equal(readConfigFile(file(GOOD)).host, {
    policy: { keys: [], digests: [] },
    log: { level: 'info' },
    plugins,
  });
  const own = { ...GOOD, plugins: { sockets: '/s', discover: true } };
  assert.equal(readConfigFile(file(own)).host.plugins, { ...plugins, sockets: '/s', discover: true });
});

config('what is less than the log level is not said', () => {
  const said: string[] = [];
  const log = atLeast('warn', (level) => said.push(level));
  for (const level of ['debug', 'info', 'warn', 'error'] as const) log(level, '');
  assert.equal(said, ['warn', 'error']);
});

const moorage = (...args: string[]) =>
  spawnSync(process.execPath, ['build/moorage.mjs', 'config', 'check', ...args], { encoding: 'utf8' });

config('the command prints what is wrong, or the configuration with its defaults', () => {
  const bad = moorage(file({ ...GOOD, volumes: { v1: {} } }));
  assert.equal([bad.status, bad.stdout], [1, 'volumes.v1: must be DRIVER/NAME, such as rexray/vol-1\n']);
  const odd = moorage(file({ ...GOOD, defaultDriver: 'esb' }));
  assert.is(odd.status, 1);
  assert.match(odd.stdout, /^defaultDriver: "esb" is not one of the drivers; did you mean ebs\?\n$/);
  const good = moorage(file(GOOD));
  assert.is(good.status, 0, good.stderr);
  const whole = JSON.parse(good.stdout);
  assert.equal([whole.prepareMs, whole.drivers.ebs.maxInFlight, whole.policy.keys], [45_000, 16, []]);
  assert.equal(problemsOf(whole), [], 'what it prints is a configuration again');
  assert.equal(effective(whole), whole);
  assert.equal(JSON.parse(moorage('--json', file(GOOD)).stdout).effective, whole);
  assert.is(moorage(join(folder, 'none')).status, 2);
});

config('the document has every key, as the schema has it', () => {
  const path = 'docs/configuration.md';
  const [begin, end] = ['begin', 'end'].map((which) => `<!-- made from config.schema.json: ${which} -->`) as [
    string,
    string,
  ];
  const text = readFileSync(path, 'utf8');
  const [before, rest] = text.split(begin) as [string, string];
  const whole = `${before}${begin}\n\n${configTables(schema)}\n\n${end}${rest.split(end)[1]}`;
  if (process.env.MOORAGE_DOCS === 'write') writeFileSync(path, whole);
  assert.is(
    readFileSync(path, 'utf8'),
    whole,
    'write it anew: MOORAGE_DOCS=write node test/run.mjs host-config',
  );
});

config('the examples of the documents are good configurations', () => {
  for (const path of ['docs/configuration.md', 'README.md'])
    for (const [, text] of readFileSync(path, 'utf8').matchAll(/```json\n(\{\n {2}"agentId"[^`]*)```/g))
      assert.equal(problemsOf(JSON.parse(text as string)), [], path);
});

config.run();
