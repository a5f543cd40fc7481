/** The state directory: one host at a time, and nobody else's hands in it. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Binding } from '../host/binding.ts';
import { openStateDirectory } from '../host/state_directory.ts';

const states = suite('state directory');
const binding = createRequire(import.meta.url)(resolve('build/moorage.node')) as Binding;
const top = mkdtempSync(join(tmpdir(), 'moorage-state-'));
let made = 0;

function fresh(): string {
  made += 1;
  return join(top, `state-${made}`);
}

const modeOf = (path: string) => statSync(path).mode & 0o777;
const open = (path: string) => openStateDirectory(path, binding);

states('what is made is only for its owner', () => {
  const path = fresh();
  const { journal, policies } = open(path);
  for (const directory of [path, journal, policies]) assert.is(modeOf(directory), 0o700);
  assert.is(modeOf(join(path, 'lock')), 0o600);
});

states('what others could only read is closed to them', () => {
  const path = fresh();
  mkdirSync(join(path, 'journal'), { recursive: true });
  chmodSync(path, 0o755);
  chmodSync(join(path, 'journal'), 0o755);
  writeFileSync(join(path, 'journal', '000001.journal'), '');
  chmodSync(join(path, 'journal', '000001.journal'), 0o644);
  open(path);
  assert.is(modeOf(path), 0o700);
  assert.is(modeOf(join(path, 'journal')), 0o700);
  assert.is(modeOf(join(path, 'journal', '000001.journal')), 0o600);
});

/** Makes the directory, then something in it wrong. */
const REFUSED: Record<string, { spoil(path: string): void; why: RegExp }> = {
  'a directory that others can write to': {
    spoil: (path) => chmodSync(path, 0o777),
    why: /others can write to .*state-\d+ \(mode 0777\).*chmod go-w/,
  },
  'a journal directory that the group can write to': {
    spoil: (path) => chmodSync(join(path, 'journal'), 0o770),
    why: /others can write to .*journal \(mode 0770\)/,
  },
  'a segment that others can write to': {
    spoil: (path) => file(join(path, 'journal', '000001.journal'), 0o602),
    why: /others can write to .*000001\.journal \(mode 0602\)/,
  },
  'a policy that the group can write to': {
    spoil: (path) => file(join(path, 'policies', 'a.wasm'), 0o660),
    why: /others can write to .*a\.wasm/,
  },
  'a link in the place of a segment': {
    spoil: (path) => symlinkSync('/etc/passwd', join(path, 'journal', '000001.journal')),
    why: /000001\.journal is no file/,
  },
  'a link in the place of the journal directory': {
    spoil(path) {
      rmSync(join(path, 'journal'), { recursive: true });
      symlinkSync('/tmp', join(path, 'journal'));
    },
    why: /journal is no directory/,
  },
  'a link in the place of the lock': {
    spoil(path) {
      rmSync(join(path, 'lock'));
      symlinkSync(join(path, 'elsewhere'), join(path, 'lock'));
    },
    why: /lock cannot be opened \(ELOOP/,
  },
};

function file(path: string, mode: number): void {
  writeFileSync(path, '');
  chmodSync(path, mode);
}

for (const [what, { spoil, why }] of Object.entries(REFUSED)) {
  states(`${what} is refused`, () => {
    const path = fresh();
    for (const directory of ['journal', 'policies'])
      mkdirSync(join(path, directory), { recursive: true, mode: 0o700 });
    writeFileSync(join(path, 'lock'), '');
    spoil(path);
    assert.throws(() => open(path), why);
  });
}

const isRoot = process.getuid?.() === 0;
if (!isRoot)
  process.stdout.write('state directory: one test skipped: it gives a directory away, which needs root\n');
(isRoot ? states : states.skip)('what belongs to somebody else is refused', () => {
  const path = fresh();
  mkdirSync(path, { mode: 0o700 });
  chownSync(path, 4711, 4711);
  assert.throws(() => open(path), /belongs to user 4711, this process is user 0/);
});

states('what was let go another host may have', () => {
  const path = fresh();
  open(path).release();
  open(path).release();
});

states('a second host in this process is refused', () => {
  const path = fresh();
  open(path);
  assert.throws(() => open(path), /another isolator uses it: this process, .*lock is locked; end that one/);
});

states(
  'a second host in another process is refused and told which has it, and let in when that is gone',
  async () => {
    const path = fresh();
    open(path);
    const path2 = fresh();
    mkdirSync(path2, { mode: 0o700 });
    const child = await holder(join(path2, 'lock'));
    try {
      assert.throws(
        () => open(path2),
        new RegExp(`another isolator uses it: process ${child.pid}, .*lock is locked`),
      );
    } finally {
      const gone = new Promise((done) => child.once('exit', done));
      child.kill('SIGKILL');
      await gone;
    }
    open(path2);
  },
);

/** A process that locks the file as a host does. */
async function holder(lock: string): Promise<ChildProcess> {
  const script = `
    const fs = require('fs');
    const fd = fs.openSync(${JSON.stringify(lock)}, 'w+', 0o600);
    if (!require(${JSON.stringify(resolve('build/moorage.node'))}).lockFile(fd)) throw new Error('not locked');
    fs.writeSync(fd, String(process.pid));
    process.stdout.write('locked');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((done, failed) => {
    child.stdout?.once('data', done);
    child.once('exit', () => failed(new Error('the other process did not lock')));
  });
  return child;
}

states.after(() => rmSync(top, { recursive: true, force: true }));
states.run();
