import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

/**
 * The tests of what mounts once more, on a kernel that answers ENOSYS to every call for which the native code has another way. The filter is
 * the kernel's own: nothing in the product knows that it is tried.
 */
const older = suite('older-kernel');

/** Each file in a runner of its own. The long form takes all that mounts, or what is named, separated by commas. */
const SHORT_FILES = [
  'native-mounts.test',
  'native-root.test',
  'native-executor.test',
  'driver-mounts.test',
  'driver.test',
  'plain.test',
  'race-mounts.test',
  'watch-agent.test',
  'embedded.test',
];
const LONG_FILES = ['native-', 'embedded', 'plain', 'driver', 'demo', 'audit', 'race-', 'watch-agent'];
const ASKED = process.env.MOORAGE_OLDER_KERNEL;
const NAMED = ASKED === 'all' ? LONG_FILES : ASKED?.split(',');
const FILES = NAMED ?? SHORT_FILES;
const LIMIT_MS = NAMED ? 3_600_000 : 300_000;

/** The folder of this file's own runner within that of the other would make the paths of sockets too long. */
const TEMPORARY = /\/moorage-test-\w+$/.test(tmpdir()) ? dirname(tmpdir()) : tmpdir();

/** Numbers of the calls, the same on all machines (save the oldest), and their names. */
const GONE: [number: number, name: string][] = [
  [428, 'open_tree'],
  [429, 'move_mount'],
  [430, 'fsopen'],
  [431, 'fsconfig'],
  [432, 'fsmount'],
  [433, 'fspick'],
  [437, 'openat2'],
  [442, 'mount_setattr'],
  [457, 'statmount'],
  [458, 'listmount'],
];

const folder = mkdtempSync(join(tmpdir(), 'moorage older '));
const wrapper = join(folder, 'older_kernel');
execFileSync('cc', ['-Wall', '-o', wrapper, 'test/older_kernel.c']);
older.after(() => rmSync(folder, { recursive: true, force: true }));

/** What a program printed there; `end` is its exit code. */
function runThere(words: string[]): Promise<{ said: string; end: number | null }> {
  const child = spawn(wrapper, ['mounts,fanotify', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: TEMPORARY },
    timeout: LIMIT_MS,
    killSignal: 'SIGTERM',
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += chunk;
    });
  return new Promise((resolve) => child.once('close', (end) => resolve({ said, end })));
}

const isRoot = process.geteuid?.() === 0;
const canFilter = isRoot && (await runThere(['true'])).end === 0;
if (!canFilter) {
  const why = isRoot ? 'this kernel lets nobody filter calls' : 'mounting needs root';
  process.stdout.write(`older-kernel: skipped: ${why}\n`);
}
const test = canFilter ? older : (older.skip as typeof older);

test('the newer calls are gone there, or the other tests show nothing', async () => {
  const words =
    'foreach (@ARGV) { $! = 0; syscall($_, -1, 0, 0, 0, 0); print $!{ENOSYS} ? "gone " : "there " }';
  const numbers = GONE.map(([number]) => String(number));
  const { said } = await runThere(['perl', '-MErrno', '-e', words, ...numbers]);
  assert.equal(
    said.trim().split(' '),
    GONE.map(() => 'gone'),
    GONE.map(([, name]) => name).join(' '),
  );
  const here = execFileSync('perl', ['-MErrno', '-e', words, '437'], { encoding: 'utf8' });
  process.stdout.write(`\n  openat2 of the kernel itself: ${here}`);
  const script = `require('./build/moorage.node').mountTable().then((t) => console.log(Math.max(...t.map((m) => m.mountId))))`;
  const { said: id } = await runThere([process.execPath, '-e', script]);
  assert.ok(Number(id) < 2 ** 31, `a unique mount id is known there: ${id}`);
});

for (const file of FILES) {
  test(`${file} passes there as well`, async () => {
    const begun = performance.now();
    const { said, end } = await runThere([
      process.execPath,
      'test/run.mjs',
      '--limit',
      String(LIMIT_MS / 1000),
      file,
    ]);
    const last = said.trimEnd().split('\n').at(-1) ?? '';
    const seconds = Math.round((performance.now() - begun) / 1000);
    process.stdout.write(`\n  ${file}: ${last}, in ${seconds} s`);
    assert.is(end, 0, said);
    assert.match(last, /^[1-9]\d* passed, 0 failed, /);
  });
}

older.run();
