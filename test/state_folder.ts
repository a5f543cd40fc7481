/** State directories as an isolator leaves them, made of lives on a machine of plain data. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stampOf } from '../host/frames/event_frame.ts';
import { crc32c } from '../host/journal/crc32c.ts';
import { encodeHeader, encodeRecord } from '../host/journal/format.ts';
import { ABI_VERSION, loadPolicy } from '../host/policy/policy.ts';
import { createWorld, POLICY, type World } from './world.ts';

/** A clock on the wall that is always the same. */
const WALL_MS = Date.UTC(2026, 0, 1);

/** Lives, and leaves the journal of it in `folder`, with the policy that decided. The journal is not sealed: the isolator may still run. */
export function leaveState(folder: string, live: (world: World) => void, config = {}): World {
  const { digest } = loadPolicy(POLICY);
  mkdirSync(join(folder, 'journal'), { recursive: true });
  mkdirSync(join(folder, 'policies'), { recursive: true });
  copyFileSync(POLICY, join(folder, 'policies', `${digest}.wasm`));
  const run = { abi: ABI_VERSION, policy: digest, bootId: 'boot-1' };
  const parts = [encodeHeader({ ...run, wallMs: WALL_MS, events: 0 })];
  let before = 0;
  const world = createWorld({
    config,
    onStep(frame, effects) {
      parts.push(encodeRecord(before, WALL_MS + stampOf(frame).at, frame));
      before = crc32c(effects);
    },
  });
  live(world);
  writeFileSync(join(folder, 'journal', '000001.journal'), Buffer.concat(parts));
  return world;
}

/** A container's process exists. */
export function isolate(world: World, id: string, pid: number): void {
  world.run({ type: 'isolate', id, pid });
}
