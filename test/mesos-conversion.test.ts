import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeEvent } from '../host/frames/event_frame.ts';

const MESSAGES = 'test/mesos/messages';
const MESOS_PREFIX = process.env.MESOS_PREFIX ?? '';
const SOURCES = ['test/mesos/convert.cpp', 'native/mesos/settings.cpp', 'native/mesos/agent_flags.cpp'];
const COMPILE = [
  '-std=c++17',
  '-O0',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-iquote',
  'native',
  '-iquote',
  'test/mesos',
];

const tests = suite('mesos: conversion');
const canCompile =
  spawnSync('g++', ['-E', '-x', 'c++', '-'], { input: '#include <nlohmann/json.hpp>' }).status === 0;
if (!canCompile) process.stdout.write('mesos: conversion: skipped: it wants g++ and nlohmann-json3-dev\n');
const test = canCompile ? tests : (tests.skip as typeof tests);
const folder = mkdtempSync(join(tmpdir(), 'convert-'));
const program = join(folder, 'convert');

/** One answer for each question: `ok`, or `error` with a sentence. */
function ask(questions: object[], by = program): { ok?: unknown; error?: string }[] {
  const input = questions.map((question) => JSON.stringify(question)).join('\n');
  const { stdout, stderr, status } = spawnSync(by, { input, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${by} ended with ${status}: ${stderr}`);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function askOne(question: object): { ok?: unknown; error?: string } {
  return ask([question])[0] ?? {};
}

function settings(...parameters: [string, string][]) {
  return askOne({ kind: 'settings', parameters });
}

/** What is told of an agent's flags, as one text. */
function wrong(flags: object, ...parameters: [string, string][]): string {
  const { ok } = askOne({ kind: 'flags', parameters: [['config', '/c'], ...parameters], ...flags });
  return (ok as { wrong: string[] }).wrong.join('. ');
}

interface Recorded {
  asked: object;
  event: object;
}

function recordings(): [string, Recorded][] {
  return readdirSync(MESSAGES)
    .filter((file) => file.endsWith('.json'))
    .map((file) => [file, JSON.parse(readFileSync(join(MESSAGES, file), 'utf8'))]);
}

function eventOf({ ok, error }: { ok?: unknown; error?: string }): unknown {
  if (error !== undefined) return { error };
  return JSON.parse(JSON.stringify(decodeEvent(Buffer.from(String(ok), 'hex'))));
}

tests.before(() => {
  if (!canCompile) return;
  execFileSync('g++', [...COMPILE, ...SOURCES, '-o', program], { stdio: ['ignore', 'inherit', 'inherit'] });
});
tests.after(() => rmSync(folder, { recursive: true, force: true }));

test('each recorded message of an agent becomes the event that it means', () => {
  const all = recordings();
  assert.ok(all.length >= 8, 'the recordings are there');
  const answers = ask(all.map(([, { asked }]) => asked));
  for (const [index, [file, { event }]] of all.entries())
    assert.equal(eventOf(answers[index] ?? {}), event, file);
});

const withMesos = existsSync(join(MESOS_PREFIX, 'include/mesos/version.hpp')) && MESOS_PREFIX !== '';
if (!withMesos) process.stdout.write("mesos: conversion: Mesos' own classes: skipped: set MESOS_PREFIX\n");
(withMesos ? test : (tests.skip as typeof tests))("Mesos' own classes are read as the recordings are", () => {
  const real = join(folder, 'convert-mesos');
  const link = [`-L${MESOS_PREFIX}/lib`, `-Wl,-rpath,${MESOS_PREFIX}/lib`, '-lmesos', '-lprotobuf', '-lglog'];
  const headers = ['-DMOORAGE_WITH_MESOS', '-DPICOJSON_USE_INT64', '-isystem', `${MESOS_PREFIX}/include`];
  execFileSync('g++', [...COMPILE, ...headers, ...SOURCES, '-o', real, ...link], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const all = recordings();
  const answers = ask(
    all.map(([, { asked }]) => asked),
    real,
  );
  for (const [index, [file, { event }]] of all.entries())
    assert.equal(eventOf(answers[index] ?? {}), event, file);
});

test('a mount lands in the sandbox, in the image, or in the sandbox of the image', () => {
  const at = (target: string, rootfs?: string) =>
    askOne({ kind: 'target', target, sandbox: '/w/s', ...(rootfs ? { rootfs } : {}) }).ok;
  assert.is(at('data'), '/w/s/data');
  assert.is(at('/mnt/data'), '/mnt/data');
  assert.is(at('data', '/r'), '/r/mnt/mesos/sandbox/data');
  assert.is(at('/var/db', '/r'), '/r/var/db');
});

test('a parameter that is wrong, unknown, missing or given twice is named', () => {
  const config: [string, string] = ['config', '/etc/moorage.json'];
  assert.match(String(settings().error), /config is missing/);
  assert.match(
    String(settings(['config', 'moorage.json']).error),
    /config is "moorage.json"; it must be an absolute path/,
  );
  assert.match(
    String(settings(config, ['confg', '/x']).error),
    /"confg" is unknown; known are call_ms, config/,
  );
  assert.match(String(settings(config, config).error), /config is given twice/);
  assert.match(String(settings(config, ['call_ms', '-1']).error), /call_ms is "-1"; it must be a number/);
  assert.match(
    String(settings(config, ['docker_volumes', 'no']).error),
    /docker_volumes is "no"; it must be true or false/,
  );
  const { ok } = settings(config, ['call_ms', '5000'], ['docker_volumes', 'false']);
  assert.equal(ok, {
    config: '/etc/moorage.json',
    state: '/var/lib/moorage-agent/state',
    library: '',
    policy: '',
    call_ms: 5000,
    docker_volumes: false,
  });
});

test("an agent's flags that keep volumes out of containers are told, with what to set", () => {
  const good = '--isolation=cgroups/cpu,filesystem/linux,org_moorage_VolumeIsolator';
  assert.is(wrong({ arguments: ['mesos-agent', good, '--launcher=linux'] }), '');
  assert.is(wrong({ arguments: ['mesos-agent'] }), '', 'what is not seen is not judged');
  assert.match(wrong({ arguments: [good, '--launcher=posix'] }), /set --launcher=linux/);
  assert.match(wrong({ environment: ['MESOS_LAUNCHER=posix'] }), /set --launcher=linux/);
  assert.is(wrong({ arguments: ['--launcher=linux'], environment: ['MESOS_LAUNCHER=posix'] }), '');
  assert.match(
    wrong({ arguments: ['--isolation=posix/cpu,org_moorage_VolumeIsolator'] }),
    /set --isolation=filesystem\/linux,posix\/cpu,org_moorage_VolumeIsolator/,
  );
  assert.match(wrong({ arguments: [good], root: false }), /start it as root/);
});

test('docker/volume beside moorage is refused, unless its volumes are left to it', () => {
  const both = { arguments: ['--isolation=filesystem/linux,docker/volume,org_moorage_VolumeIsolator'] };
  assert.match(wrong(both), /docker_volumes=false/);
  assert.is(wrong(both, ['docker_volumes', 'false']), '');
});

test('the sandbox of an image is where the parameter says, else the flag, else Mesos', () => {
  const sandbox = (flags: object, ...parameters: [string, string][]) =>
    (
      askOne({ kind: 'flags', parameters: [['config', '/c'], ...parameters], ...flags }).ok as {
        sandbox: string;
      }
    ).sandbox;
  assert.is(sandbox({}), '/mnt/mesos/sandbox');
  assert.is(sandbox({ arguments: ['--sandbox_directory=/sandbox'] }), '/sandbox');
  assert.is(sandbox({ arguments: ['--sandbox_directory=/sandbox'] }, ['sandbox_directory', '/box']), '/box');
});

tests.run();
