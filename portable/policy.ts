import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { unpack } from '../host/frames/codec.ts';
import { FRAME_MAX } from '../host/frames/schema.ts';
import { pieces } from '../host/policy/pieces.ts';
import type { Policy } from '../host/policy/policy.ts';
import { PolicyError } from '../host/policy/policy_error.ts';

/** The functions of assembly/index.ts, and the memory that their addresses mean. */
interface Instance {
  memoryBytes(): Uint8Array;
  input(size: number): number;
  output(): number;
  step(size: number): number;
  snapshot(): number;
  restore(size: number): number;
  snapshotPart(begin: number): number;
  restorePart(size: number, begin: number): number;
  describe(): number;
  abiVersion(): number;
  status(what: number, after: number, most: number): number;
}

const FILE = 'build/portable.cjs';

/**
 * The policy as plain TypeScript, with a state of its own: the same sources and the same bytes in and out as the wasm, for a debugger, for
 * coverage and to compare with. Nothing that is shipped uses it. Throws {@link PolicyError} where the wasm would trap.
 */
export function startPortable(file: string = resolve(FILE)): Policy {
  const { instantiate } = createRequire(file)(file) as { instantiate(): Instance };
  const instance = instantiate();
  let inputAt = instance.input(FRAME_MAX);
  const [name, version] = unpack(take(instance.describe())) as [string, string];

  function take(size: number): Uint8Array {
    const at = instance.output();
    return instance.memoryBytes().slice(at, at + size);
  }

  function guarded(what: string, run: () => number): Uint8Array {
    try {
      return take(run());
    } catch (error) {
      throw new PolicyError(`portable policy: ${what} failed: ${(error as Error).message}`, { cause: error });
    }
  }

  function snapshot(): Uint8Array | undefined {
    const bytes = guarded('snapshot', () => instance.snapshot());
    return bytes.length === 0 ? undefined : bytes;
  }

  function restore(snapshot: Uint8Array): void {
    const at = instance.input(snapshot.length);
    instance.memoryBytes().set(snapshot, at);
    accept(guarded('restore', () => instance.restore(snapshot.length)));
  }

  /** Goes on with what was restored; `why` is the policy's refusal, empty when there is none. */
  function accept(why: Uint8Array): void {
    inputAt = instance.input(FRAME_MAX);
    if (why.length > 0) throw new PolicyError(`portable policy: refuses the snapshot: ${unpack(why)}`);
  }

  return {
    digest: createHash('sha256').update(readFileSync(file)).digest('hex'),
    name: `${name} (portable)`,
    version,
    abi: instance.abiVersion(),
    step(frame) {
      if (frame.length > FRAME_MAX)
        throw new RangeError(`a frame of ${frame.length} bytes; at most ${FRAME_MAX}`);
      instance.memoryBytes().set(frame, inputAt);
      return guarded('step', () => instance.step(frame.length));
    },
    rest: () => undefined,
    snapshot,
    restore,
    *snapshotInParts() {
      const bytes = yield* pieces((run) => guarded('snapshot', run), instance.snapshotPart);
      return bytes.length === 0 ? undefined : bytes;
    },
    *restoreInParts(bytes) {
      instance.memoryBytes().set(bytes, instance.input(bytes.length));
      const part = (begin: number) => instance.restorePart(bytes.length, begin);
      accept(yield* pieces((run) => guarded('restore', run), part));
    },
    status(what, after, most) {
      const bytes = guarded('status', () => instance.status(what, after, most));
      return bytes.length === 0 ? undefined : unpack(bytes);
    },
    memorySize: () => instance.memoryBytes().length,
    turns: () => 0,
  };
}
