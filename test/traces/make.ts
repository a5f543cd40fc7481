/**
 * Makes the golden traces of the present policy anew: `node setup/script.mjs test/traces/make.ts`. Those of other versions stay as
 * they are.
 */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stampOf } from '../../host/frames/event_frame.ts';
import { crc32c } from '../../host/journal/crc32c.ts';
import { encodeBegin, encodeHeader, encodeRecord } from '../../host/journal/format.ts';
import { ABI_VERSION, loadPolicy } from '../../host/policy/policy.ts';
import { CONFIG, createWorld, POLICY } from '../world.ts';
import { LIVES, type Life } from './lives.ts';

const TRACES = 'test/traces';
/** The wall clock of all traces begins here, so that the same policy makes the same bytes. */
const WALL_MS = Date.UTC(2026, 0, 1);

function traceOf({ config, recover, live }: Life, policy: string): Buffer {
  const run = { abi: ABI_VERSION, policy, bootId: 'boot-1' };
  const parts = [encodeHeader({ ...run, wallMs: WALL_MS, events: 0 })];
  let digest = 0;
  const world = createWorld({
    ...(config && { config }),
    ...(recover === false && { recover }),
    onStep(frame, effects) {
      parts.push(encodeRecord(digest, WALL_MS + stampOf(frame).at, frame));
      digest = crc32c(effects);
    },
  });
  live(world, (bootId) => {
    parts.push(encodeBegin(digest, WALL_MS + world.now, { ...run, bootId }));
    world.send({ type: 'configure', config: { ...CONFIG, ...config } });
  });
  parts.push(encodeRecord(digest, WALL_MS + world.now, new Uint8Array(0)));
  return Buffer.concat(parts);
}

const { digest, version } = loadPolicy(POLICY);
mkdirSync(join(TRACES, version), { recursive: true });
mkdirSync(join(TRACES, 'policies'), { recursive: true });
copyFileSync(POLICY, join(TRACES, 'policies', `${digest}.wasm`));
for (const [name, life] of Object.entries(LIVES))
  writeFileSync(join(TRACES, version, `${name}.journal`), traceOf(life, digest));
process.stdout.write(`${TRACES}/${version}: ${Object.keys(LIVES).length} traces, policy ${digest}\n`);
