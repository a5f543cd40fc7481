import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { NativeError } from '../host/binding.ts';
import { findInTime } from '../host/effects/find_in_time.ts';
import { asRoot, program, runs, thirdParty, until } from './third_party.ts';

const { test, run } = thirdParty(
  'drivers: a plugin file that hangs',
  asRoot,
  program('fuse2fs', 'fuse2fs'),
  program('mkfs.ext4', 'e2fsprogs'),
  runs('FUSE', 'sh', '-c', ': <>/dev/fuse'),
);

/** A file system whose server is stopped: whoever looks into it waits. */
async function stoppedFileSystem(folder: string): Promise<{ place: string; goOn(): Promise<void> }> {
  const [image, place] = [join(folder, 'image'), join(folder, 'hung')];
  writeFileSync(image, '');
  execFileSync('truncate', ['-s', '16m', image]);
  execFileSync('mkfs.ext4', ['-q', '-F', image]);
  mkdirSync(place);
  const server = spawn('fuse2fs', ['-f', image, place], { stdio: 'ignore' });
  await until('mounted', () => readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${place} `));
  writeFileSync(join(place, 'd.spec'), 'tcp://127.0.0.1:1');
  mkdirSync(join(place, 'other'));
  server.kill('SIGSTOP');
  const ended = new Promise((resolve) => server.once('exit', resolve));
  return {
    place,
    async goOn() {
      server.kill('SIGCONT');
      execFileSync('umount', ['--lazy', place]);
      await ended;
    },
  };
}

test('costs each call its deadline and says so, and all of them together one thread', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hung-'));
  const { place, goOn } = await stoppedFileSystem(folder);
  const places = { sockets: join(folder, 'none'), specs: [place] };
  const errors: NativeError[] = [];
  let read = false;
  try {
    const calls = Array.from({ length: 12 }, () => findInTime('d', places, 300));
    for (const call of calls) await call.catch((error) => errors.push(error));
    // With a thread for each call there would be none left for any other file.
    const reading = new Promise((resolve) => setTimeout(resolve, 2_000));
    const { readFile } = await import('node:fs/promises');
    await Promise.race([readFile('/proc/self/status').then(() => (read = true)), reading]);
  } finally {
    await goOn();
  }
  assert.equal(
    [...new Set(errors.map(({ kind, code }) => `${kind} ${code}`))],
    ['unreachable plugin-file-hangs'],
  );
  assert.is(errors.length, 12);
  assert.match(errors[0]?.message ?? '', /^driver d: its plugin file.* was not read in 300 ms; see whether/);
  assert.ok(read, 'the journal would wait for the file of a driver');
  assert.not.ok(existsSync(join(place, 'd.spec')));
  rmSync(folder, { recursive: true });
});

run();
