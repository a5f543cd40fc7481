import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { easyBinding } from '../bench/easy_binding.ts';
import type { Binding, Mount, WatchedMount } from '../host/binding.ts';
import { createDirectory } from '../host/directory.ts';
import type { WorkEffect } from '../host/frames/types.ts';
import { createLostWatch } from '../host/lost_watch.ts';
import { startEasy } from './easy_host.ts';
import { POLICY } from './world.ts';

const lost = suite('host: mounts that vanish');

const BIND = {
  type: 'bind',
  effect: 1,
  source: '/d/v1/data',
  target: '/m/ebs/v1',
  readonly: false,
  deadlineMs: 1,
} as WorkEffect;
const DETACH = { type: 'detach', effect: 2, target: '/m/ebs/v1', mountId: 11, deadlineMs: 1 } as WorkEffect;
const UNMOUNT = { type: 'driver', op: 'unmount', driver: 'ebs', name: 'v1' } as WorkEffect;
const OBSERVE = { type: 'observe', driver: 'ebs', name: 'v1' } as WorkEffect;
const BOUND = { ok: true as const, value: { mountId: 11, sourceMountId: 10, fstype: 'ext4', dev: '7:1' } };
const FAILED = { ok: false as const, error: { code: 'EBUSY', message: '', kind: 'failed' as const } };

function makeWatch() {
  const watched = new Map<number, string>();
  const told: unknown[] = [];
  let vanish: (mountIds: number[]) => void = () => undefined;
  const binding = {
    watchMounts(onGone: (mountIds: number[]) => void) {
      vanish = onGone;
      return {
        way: 'fanotify',
        watch: (mounts: readonly WatchedMount[]) => {
          for (const { mountId, path } of mounts) watched.set(mountId, path);
        },
        unwatch: (mountIds: readonly number[]) => {
          for (const id of mountIds) watched.delete(id);
        },
        close: () => watched.clear(),
      };
    },
  } as unknown as Binding;
  const { directory } = createDirectory();
  directory.root = '/m';
  const watch = createLostWatch({
    binding,
    directory,
    tell: (event) => told.push(event.target),
    log: () => undefined,
  });
  return { watch, watched, told, directory, vanish: (...ids: number[]) => vanish(ids) };
}

lost('a bind and the driver mount behind it are watched, and each is told when it vanishes', () => {
  const { watch, watched, told, vanish } = makeWatch();
  watch.begin(BIND);
  watch.end(BIND, BOUND);
  assert.equal(
    [...watched],
    [
      [11, '/m/ebs/v1'],
      [10, '/d/v1/data'],
    ],
  );
  vanish(11);
  vanish(10);
  assert.equal(told, ['/m/ebs/v1', '/d/v1/data']);
  assert.is(watched.size, 0);
});

lost('the directory of a plain driver is not watched: it lies on the disk of the machine', () => {
  const { watch, watched } = makeWatch();
  const plain = { ...BIND, plain: true } as WorkEffect;
  watch.end(plain, BOUND);
  assert.equal([...watched.keys()], [11]);
});

lost('what our own effects take away is not told, however late the kernel tells it', () => {
  const { watch, watched, told, vanish } = makeWatch();
  watch.end(BIND, BOUND);
  watch.begin(DETACH);
  vanish(11);
  watch.end(DETACH, { ok: true, value: {} });
  watch.begin(UNMOUNT);
  vanish(10);
  watch.end(UNMOUNT, { ok: true });
  assert.equal([told, [...watched]], [[], []]);
});

lost('what comes to light under a detached mount is watched', () => {
  const { watch, watched } = makeWatch();
  watch.end(BIND, BOUND);
  watch.begin(DETACH);
  watch.end(DETACH, { ok: true, value: { mountId: 9 } });
  assert.equal([...watched.keys()], [10, 9]);
});

lost('after an unmount that failed the next look says what is watched', () => {
  const { watch, watched, told, vanish } = makeWatch();
  watch.end(BIND, BOUND);
  watch.begin(UNMOUNT);
  watch.end(UNMOUNT, FAILED);
  assert.equal([...watched.keys()], [11]);
  const value = {
    managed: [
      { mode: 'rw', mountId: 11 },
      { mode: 'ro', mountId: 12 },
    ],
    driver: { answered: true, path: '/e/v1', pathMountId: 20 },
  };
  watch.end(OBSERVE, { ok: true, value });
  assert.equal(
    [...watched],
    [
      [11, '/m/ebs/v1'],
      [12, '/m/.ro/ebs/v1'],
      [20, '/e/v1'],
    ],
  );
  watch.end(OBSERVE, { ok: true, value: { managed: [], driver: { answered: true } } });
  vanish(11, 12, 20);
  assert.equal([told, watched.size], [[], 0]);
});

lost('a recovery watches what is there from its beginning, and tells at its end what has vanished', () => {
  const { watch, watched, told, directory, vanish } = makeWatch();
  directory.mountpoints.set('ebs/v1', '/d/v1/data');
  directory.mountpoints.set('ebs/old', '/d/old');
  const mount = (target: string, mountId: number, dev = '7:1') => ({ target, mountId, dev }) as Mount;
  const table = [
    mount('/', 1, '8:1'),
    mount('/d', 2, '8:1'),
    mount('/d/v1', 10),
    mount('/m/ebs/v1', 8),
    mount('/m/ebs/v1', 11),
    mount('/m/.ro/ebs/v1', 12),
  ];
  watch.known(table);
  assert.equal([...watched.keys()].sort(), [10, 11, 12, 8]);
  vanish(11);
  watch.begin({ ...DETACH, target: '/m/.ro/ebs/v1', mountId: 12 } as WorkEffect);
  assert.equal(told, []);
  watch.settled();
  assert.equal(told, ['/m/ebs/v1']);
  vanish(10);
  assert.equal(told, ['/m/ebs/v1', '/d/v1/data']);
});

lost('one mount that two volumes lie on is told for both', () => {
  const { watch, told, vanish } = makeWatch();
  watch.end(BIND, BOUND);
  watch.end({ ...BIND, source: '/d/v1/more', target: '/m/ebs/v2' } as WorkEffect, {
    ok: true,
    value: { ...BOUND.value, mountId: 13 },
  });
  watch.begin(UNMOUNT);
  vanish(10);
  assert.equal(told, ['/d/v1/more']);
});

lost('a machine that cannot be watched is used without, and says so', () => {
  const said: string[] = [];
  const binding = {
    watchMounts() {
      throw new Error('no room');
    },
  } as unknown as Binding;
  const { directory } = createDirectory();
  const watch = createLostWatch({
    binding,
    directory,
    tell: () => undefined,
    log: (level, text) => said.push(`${level} ${text}`),
  });
  watch.end(BIND, BOUND);
  watch.known([]);
  watch.settled();
  watch.close();
  assert.match(said.join(), /^warn mounts cannot be watched: no room; /);
});

lost('a host that recovers, and one that comes back alone, watch what is mounted', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'moorage watch '));
  const watched: number[] = [];
  const table = [{ target: '/m/ebs/v9', mountId: 77, source: '', fstype: 'ext4', root: '/', dev: '7:9' }];
  const machine = {
    ...easyBinding(),
    mountTable: async () => table,
    watchMounts: () => ({
      way: 'fanotify' as const,
      watch: (mounts: readonly WatchedMount[]) => watched.push(...mounts.map(({ mountId }) => mountId)),
      unwatch: () => undefined,
      close: () => undefined,
    }),
  };
  try {
    for (const restarted of [false, true]) {
      const started = await startEasy(
        join(stateDir, 's'),
        {},
        undefined,
        {},
        POLICY,
        machine,
        [],
        {},
        restarted,
      );
      assert.is(watched[0], 77, `restarted: ${restarted}`);
      await started.host.close(1_000);
      watched.length = 0;
    }
  } finally {
    rmSync(stateDir, { recursive: true });
  }
});

lost.run();
