import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Binding, Mount } from '../host/binding.ts';
import { createDirectory } from '../host/directory.ts';
import { perform } from '../host/effects/perform.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { FRAME_MAX } from '../host/frames/schema.ts';

const stacked = suite('host: stacked mounts');
const STACKED = 65_536;

/** A kernel with so many mounts at one target and one at the other, and no driver. */
function machine() {
  const row = (target: string, mountId: number): Mount => ({
    target,
    mountId,
    source: '/dev/xvdn',
    fstype: 'ext4',
    root: '/data',
    dev: '202:208',
  });
  const table = Array.from({ length: STACKED }, (_, at) => row('/m/d/v', at + 100));
  table.splice(50, 0, row('/m/.ro/d/v', 7));
  const binding = {
    mountTable: async () => table,
    async detach({ target }: { target: string }) {
      table.splice(table.map((mount) => mount.target).lastIndexOf(target), 1);
      return { gone: false };
    },
    async pathMount(target: string) {
      const found = table.filter((mount) => mount.target === target).at(-1);
      if (!found) throw Object.assign(new Error('gone'), { code: 'ENOENT' });
      return { ...found, ownMount: true };
    },
  } as unknown as Binding;
  const { directory } = createDirectory();
  directory.root = '/m';
  return { binding, directory, table };
}

stacked(
  'what is told of 65,536 mounts at one target fits into a frame, and the last told is the one on top',
  async () => {
    const { binding, directory } = machine();
    const effect = {
      type: 'observe',
      effect: 1,
      driver: 'd',
      name: 'v',
      witness: false,
      deadlineMs: 1000,
    } as const;
    const outcome = await perform(effect, binding, directory);
    assert.ok(encodeEvent({ type: 'done', at: 0, effect: 1, ...outcome }).length < FRAME_MAX / 100);
    const { managed } = (outcome as { value: { managed: { mode: string; mountId: number }[] } }).value;
    assert.equal(managed.filter(({ mode }) => mode === 'rw').at(-1), { mode: 'rw', mountId: STACKED + 99 });
    assert.equal(
      managed.filter(({ mode }) => mode === 'ro'),
      [{ mode: 'ro', mountId: 7 }],
    );
  },
);

stacked('a detach tells which mount it uncovered, and nothing when there is none', async () => {
  const { binding, directory } = machine();
  const detach = (target: string) =>
    perform({ type: 'detach', effect: 1, target, mountId: 1, deadlineMs: 1000 }, binding, directory);
  assert.equal(await detach('/m/d/v'), { ok: true, value: { mountId: STACKED + 98 } });
  assert.equal(await detach('/m/.ro/d/v'), { ok: true, value: {} });
});

stacked.run();
