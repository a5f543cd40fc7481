/** A disk that fills up under the journal, on real small file systems: nothing that was promised is lost, and it goes on by itself. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Binding, LoopBinding } from '../host/binding.ts';
import { restoreJournal } from '../host/journal/restore.ts';
import { type EasyHost, startEasy } from './easy_host.ts';
import { freshPolicy } from './journal_maker.ts';
import { isMachineRoot } from './machine_root.ts';

const full = suite('a full disk');
const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stdout.write('a full disk: skipped: mounting a small file system needs root\n');
else if (!isMachineRoot())
  process.stdout.write('a full disk: on ext4: skipped: loop devices need root of the machine\n');
const native = createRequire(import.meta.url)(resolve('build/moorage.node')) as Binding & {
  loop: LoopBinding;
};
const top = mkdtempSync(join(tmpdir(), 'moorage-full-'));

const FILE_SYSTEM_BYTES = 24 * 1024 * 1024;
const SIZES = { segmentBytes: 512 * 1024, reserveBytes: 384 * 1024, chunkBytes: 48 * 1024, retryMs: 20 };
const PIECE = Buffer.alloc(4096, 'x');

interface Small {
  path: string;
  /** Takes all room that is left, and what is given back later. */
  fill(): void;
  free(): void;
  unmount(): Promise<void>;
}

/** Mounts a small file system. */
const MAKE: Record<string, (path: string) => Promise<() => Promise<void>>> = {
  async ext4(path) {
    const image = `${path}.img`;
    writeFileSync(image, '');
    truncateSync(image, FILE_SYSTEM_BYTES);
    execFileSync('mkfs.ext4', ['-q', '-b', '4096', '-m', '0', image]);
    await native.loop.mountImage({ image, target: path, fstype: 'ext4', options: '' });
    return () => native.loop.unmountImage({ target: path, retryMs: 5000 });
  },
  async tmpfs(path) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${FILE_SYSTEM_BYTES}`, 'moorage-test', path]);
    return async () => void execFileSync('umount', [path]);
  },
};

async function makeSmall(kind: string): Promise<Small> {
  const path = join(top, `${kind}-${Math.random().toString(36).slice(2)}`);
  mkdirSync(path);
  const unmount = await (MAKE[kind] as (typeof MAKE)[string])(path);
  const filler = join(path, 'filler');
  let timer: NodeJS.Timeout | undefined;
  const crumbs = join(path, 'crumbs');
  function take(): void {
    fillOne();
    // A long file may end for want of a block for its own table: single ones are left.
    try {
      mkdirSync(crumbs, { recursive: true });
      for (;;) writeFileSync(join(crumbs, `${Date.now()}-${crumbCount++}`), PIECE);
    } catch (error) {
      assert.is((error as NodeJS.ErrnoException).code, 'ENOSPC');
    }
  }
  let crumbCount = 0;
  function fillOne(): void {
    const fd = openSync(filler, 'a');
    try {
      for (;;) writeSync(fd, PIECE);
    } catch (error) {
      assert.is((error as NodeJS.ErrnoException).code, 'ENOSPC');
    } finally {
      closeSync(fd);
    }
  }
  return {
    path,
    fill() {
      take();
      timer = setInterval(take, 5);
    },
    free() {
      clearInterval(timer);
      rmSync(filler, { force: true });
      rmSync(crumbs, { recursive: true, force: true });
    },
    unmount,
  };
}

type Host = EasyHost;

function startOn(small: Small): Promise<EasyHost> {
  return startEasy(join(small.path, 'state'), SIZES, native.allocateFile);
}

/** Prepares containers until one is refused; returns those that were taken. */
async function prepareUntilRefused(host: Host, prefix: string): Promise<{ taken: string[]; error: string }> {
  const taken: string[] = [];
  for (let i = 0; i < 3000; i += 1) {
    const id = `${prefix}${i}`;
    const { ok, error } = await host.prepare(id);
    if (!ok) return { taken, error };
    taken.push(id);
  }
  throw new Error('3000 containers were taken on a full disk');
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`waited 10 s in vain: ${what}`);
    await new Promise((next) => setTimeout(next, 10));
  }
}

/** What the journal alone says: its state stepped from the file. */
function onDisk(small: Small) {
  return restoreJournal(join(small.path, 'state', 'journal'), freshPolicy);
}

for (const kind of Object.keys(MAKE)) {
  const test = isRoot && (kind !== 'ext4' || isMachineRoot()) ? full : (full.skip as typeof full);

  test(`${kind}: new tasks are refused, cleanups work, and when there is room it goes on by itself`, async () => {
    const small = await makeSmall(kind);
    const host = await startOn(small);
    try {
      assert.is((await host.prepare('first')).ok, true);
      small.fill();
      const { taken, error } = await prepareUntilRefused(host, 'c');
      assert.match(error, /"storage"/);
      assert.match(
        error,
        /no room for another task: .*ENOSPC.*make room on the file system of the state directory/,
      );
      assert.ok(host.notices.some((notice) => /^error storage: .*new tasks are refused/.test(notice)));
      assert.equal(host.machine.mountedNames(), ['first', ...taken].map((id) => `v-${id}`).sort());
      const cleaned = await Promise.all(taken.map((id) => host.cleanup(id)));
      assert.ok(cleaned.every(({ ok }) => ok));
      await host.host.isolator.idle(10_000);
      assert.equal(host.machine.mountedNames(), ['v-first']);
      assert.match(
        (await host.prepare('later')).error,
        /"storage"/,
        'the room that cleanups need is not given away',
      );
      small.free();
      await until('a task is taken again', async () => (await host.prepare('again')).ok);
      assert.ok(host.notices.some((notice) => /^info storage: .*there is room again/.test(notice)));
      assert.equal(host.machine.mountedNames(), ['v-again', 'v-first']);
      assert.equal(host.fatal, []);
      await host.host.close(10_000);
      assert.is(onDisk(small).state, 'whole');
    } finally {
      small.free();
      await host.host.close(1000);
      await small.unmount();
    }
  });

  test(`${kind}: a host that starts on a full disk knows all that was promised, and cleans up`, async () => {
    const small = await makeSmall(kind);
    const first = await startOn(small);
    let second: Host | undefined;
    try {
      small.fill();
      const { taken } = await prepareUntilRefused(first, 'c');
      await first.host.close(10_000);
      const { replayed } = onDisk(small);
      assert.ok(taken.length > 0);
      const state = Buffer.from(replayed.policy?.snapshot() ?? []).toString('latin1');
      for (const id of taken) assert.ok(state.includes(`v-${id}`), `${id} is in the journal`);
      second = await startOn(small);
      await until(
        'it has noticed',
        () => second?.notices.some((notice) => /^error storage/.test(notice)) === true,
      );
      for (const id of taken) assert.is((await second.cleanup(id)).ok, true);
      small.free();
      await until('a task is taken again', async () => (await second?.prepare('again'))?.ok === true);
      assert.equal(second.fatal, []);
      await second.host.close(10_000);
    } finally {
      small.free();
      for (const host of [first, second]) await host?.host.close(1000);
      await small.unmount();
    }
  });

  test(`${kind}: a host that finds no room at all for its first event says so, and may be started later`, async () => {
    const small = await makeSmall(kind);
    try {
      const first = await startOn(small);
      await first.host.close(10_000);
      for (const name of readdirSync(join(small.path, 'state', 'journal')))
        rmSync(join(small.path, 'state', 'journal', name));
      // What ext4 frees others may have only after its own journal has been written.
      execFileSync('sync', ['-f', small.path]);
      small.fill();
      await new Promise((next) => setTimeout(next, 100));
      await startOn(small).then(
        (host) => host.host.close(1000).then(() => assert.unreachable('it started')),
        (error: Error) => assert.match(error.message, /no room|ENOSPC/),
      );
      small.free();
      const second = await startOn(small);
      assert.is((await second.prepare('again')).ok, true);
      await second.host.close(10_000);
    } finally {
      small.free();
      await small.unmount();
    }
  });

  test(`${kind}: when even the reserve is used up calls wait, and every one is answered later`, async () => {
    const small = await makeSmall(kind);
    const host = await startOn(small);
    try {
      small.fill();
      await prepareUntilRefused(host, 'c');
      const answers: boolean[] = [];
      const label = 'x'.repeat(2000);
      let sent = 0;
      const waiting: Promise<unknown>[] = [];
      for (; sent < 600; sent += 1)
        waiting.push(
          host.call({ type: 'cleanup', id: `${label}${sent}` }).then(({ ok }) => answers.push(ok)),
        );
      await new Promise((next) => setTimeout(next, 300));
      assert.ok(answers.length < sent, 'the disk took more than it has');
      small.free();
      await Promise.all(waiting);
      assert.is(answers.filter(Boolean).length, sent);
      await until('a task is taken again', async () => (await host.prepare('again')).ok);
      assert.equal(host.fatal, []);
      await host.host.close(10_000);
      const { state, notes } = onDisk(small);
      assert.is(state, 'whole');
      assert.equal(notes, []);
    } finally {
      small.free();
      await host.host.close(1000);
      await small.unmount();
    }
  });
}

full.after(() => {
  rmSync(top, { recursive: true, force: true });
  assert.not(existsSync(top));
});
full.run();
