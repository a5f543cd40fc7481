import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { leaksBelow } from '../cli/demo/leaks.ts';

const suiteOfDemo = suite('moorage demo');
const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stdout.write('moorage demo: skipped: mounting needs root\n');
const test = isRoot ? suiteOfDemo : (suiteOfDemo.skip as typeof suiteOfDemo);

const folder = mkdtempSync(join(tmpdir(), 'moorage demo '));
const directory = join(folder, 'a run');
const journal = join(directory, 'state', 'journal');

function moorage(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['build/moorage.mjs', ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

function demo(...args: string[]) {
  const { status, stdout, stderr } = moorage('demo', '--json', '--dir', directory, ...args);
  assert.is(status, 0, stderr + stdout);
  return { result: JSON.parse(stdout), stderr };
}

test('three tasks move at least 100,000 rows; figures are right, two tasks share a volume, nothing is left', () => {
  const { result, stderr } = demo();
  assert.is(result.ok, true);
  assert.is(result.embedded, true);
  assert.is(result.verified, true);
  assert.is(result.maxHolders, 2);
  assert.ok(result.rows.extracted >= 100_000);
  assert.is(result.rows.transformed, result.rows.loaded);
  assert.equal(result.leaked, []);
  assert.equal(leaksBelow(directory), []);
  assert.not.ok(stderr.includes('\u001b'), 'plain lines when it is no terminal');
});

test('its journal replays identically', () => {
  const { status, stdout } = moorage('replay', '--json', journal);
  assert.is(status, 0);
  assert.is(JSON.parse(stdout).identical, true);
  assert.ok(JSON.parse(stdout).events > 30);
});

test('a changed byte in a recorded frame is refused or found, never believed and never a crash', () => {
  const name = readdirSync(journal)[0] as string;
  const file = join(journal, name);
  const bytes = readFileSync(file);
  const copy = join(folder, 'changed.journal');
  for (let at = 150; at < bytes.length; at += Math.ceil(bytes.length / 12)) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] as number) ^ 0x20;
    writeFileSync(copy, changed);
    const { status, stderr } = moorage('replay', '--policy', 'build/policy.wasm', copy);
    assert.ok(status === 1 || status === 2, `byte ${at}: exit code ${status}`);
    assert.match(stderr, /^moorage: .*(damaged at byte \d+|diverged)/);
  }
});

test('another policy that decides differently is found at its event', () => {
  const policy = readFileSync('build/policy.wasm');
  const text = Buffer.from('moorage-', 'utf16le');
  let at = policy.indexOf(text);
  // The name of the policy starts with it too.
  while (policy.subarray(at + text.length, at + text.length + 1).toString() === 's')
    at = policy.indexOf(text, at + 1);
  assert.ok(at > 0, 'the start of every driver id is in the module');
  policy.write('Moorage-', at, 'utf16le');
  const other = join(folder, 'other.wasm');
  writeFileSync(other, policy);
  const { status, stdout } = moorage('replay', '--json', '--policy', other, journal);
  assert.is(status, 1);
  const { whatIf } = JSON.parse(stdout);
  const [first] = whatIf.first;
  assert.is(first.type, 'prepare');
  assert.match(first.field, /^effects\[\d+\]\.id$/);
  assert.match(first.recorded, /^moorage-/);
  assert.match(first.now, /^Moorage-/);
});

test('with the agent killed in the middle and started again it ends just as well', () => {
  const { result } = demo('--kill-agent');
  assert.is(result.ok, true);
  assert.is(result.agentStarts, 2);
});

test('killed itself, it leaves nothing that the next run cannot clear away', async () => {
  const args = ['build/moorage.mjs', 'demo', '--json', '--dir', directory];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.stderr?.on('data', (chunk) => {
    said += chunk;
    if (/transform: running/.test(said)) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.once('exit', resolve));
  assert.match(said, /transform: running/);
  const { result } = demo();
  assert.is(result.ok, true);
  await ended;
});

test('interrupted, it takes everything down and ends with 1', async () => {
  const args = ['build/moorage.mjs', 'demo', '--json', '--dir', directory];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  let interrupted = false;
  child.stderr?.on('data', (chunk) => {
    said += chunk;
    if (!interrupted && /extract: running/.test(said)) interrupted = child.kill('SIGINT');
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.is(code, 1, said);
  assert.equal(leaksBelow(directory), []);
});

test('a directory that is not its own is never touched', () => {
  const other = join(folder, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'precious'), 'x');
  const { status, stderr } = moorage('demo', '--dir', other);
  assert.is(status, 2);
  assert.match(stderr, /is not a directory of this demonstration/);
  assert.is(readFileSync(join(other, 'precious'), 'utf8'), 'x');
});

suiteOfDemo.after(() => rmSync(folder, { recursive: true, force: true }));
suiteOfDemo.run();
