import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { instantiateSync } from '@assemblyscript/loader';
import { unpack } from '../frames/codec.ts';
import { FRAME_MAX, SCHEMA } from '../frames/schema.ts';
import { requireWebAssembly } from './engine.ts';
import { FUEL_EXPORT, REFUEL_EXPORT, withFuel } from './fuel/fuel.ts';
import { callPolicy, isTimeout } from './guard.ts';
import { hasMemoryLimit } from './memory_limit.ts';
import { type Parts, pieces } from './pieces.ts';
import { PolicyError } from './policy_error.ts';

/** The version of the policy's functions that this host calls. */
export const ABI_VERSION = 3;
/** The oldest that it can still call, so that journals of before are replayed: such a policy has no `status`. */
export const ABI_OLDEST = 2;

interface Exports {
  memory: WebAssembly.Memory;
  abiVersion(): number;
  input(size: number): number;
  output(): number;
  step(size: number): number;
  snapshot(): number;
  restore(size: number): number;
  describe(): number;
  trapMessage(): number;
  trapFile(): number;
  trapLine(): number;
  trapColumn(): number;
  rest(): void;
  snapshotPart?(begin: number): number;
  restorePart?(size: number, begin: number): number;
  /** Since ABI 3. */
  status?(what: number, after: number, most: number): number;
  [FUEL_EXPORT]: WebAssembly.Global;
  [REFUEL_EXPORT](): void;
  __getString(pointer: number): string;
}

/** Turns of loops that one step may take: twenty-five times those of a recovery of 10,000 containers and 50,000 mounts. */
export const STEP_FUEL = 500_000_000;

const NOTHING = new Uint8Array(0);

const FUNCTIONS = [
  'abiVersion',
  'input',
  'output',
  'step',
  'snapshot',
  'restore',
  'describe',
  'rest',
] as const;

/** One running policy with a state of its own. After a {@link PolicyError} from `step` it must not be used again. */
export interface Policy {
  /** SHA-256 of the module, hex. */
  readonly digest: string;
  readonly name: string;
  readonly version: string;
  /** The version of its functions. */
  readonly abi: number;
  /** One event frame in, the effects frame out: a copy. Throws PolicyError when the policy traps. */
  step(frame: Uint8Array): Uint8Array;
  /**
   * Clears up after the last step. To be called when its effects have been taken, so that nobody waits for it; the next step does it when it was not
   * called. Throws as `step` does.
   */
  rest(): void;
  /** The whole state; undefined while a recovery is coming in in parts. */
  snapshot(): Uint8Array | undefined;
  /** Takes a state that `snapshot` gave. Throws PolicyError, and keeps the old one, when it is none. */
  restore(snapshot: Uint8Array): void;
  /** Like `snapshot`, in pieces that others need not wait for; in between the policy may not be stepped. */
  snapshotInParts(): Parts<Uint8Array | undefined>;
  /** Like `restore`, in pieces; the old state counts no more from the first piece on. */
  restoreInParts(snapshot: Uint8Array): Parts<void>;
  /**
   * A part of its state for people, in its own words: `what`, `after` and `most` as in assembly/state/status.ts. Changes nothing. Undefined when the
   * policy has no such part, or is older than the question.
   */
  status(what: number, after: number, most: number): unknown;
  /** Bytes of linear memory in use. */
  memorySize(): number;
  /** Turns of loops that the last call took; it may take STEP_FUEL. 0 where they are not counted. */
  turns(): number;
}

/** Reads, checks and starts the policy in `file`. Throws {@link PolicyError}. */
export function loadPolicy(file: string): Policy {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new PolicyError(
      `policy ${file}: cannot be read (${(error as Error).message}); build it with: npm run build`,
    );
  }
  return startPolicy(bytes, file);
}

/** Like {@link loadPolicy}, from the module's bytes; `name` is for errors. */
export function startPolicy(bytes: Uint8Array, name: string): Policy {
  try {
    return start(bytes, name);
  } catch (error) {
    if (error instanceof PolicyError) throw error;
    throw new PolicyError(`policy ${name}: does not start: ${(error as Error).message}`, { cause: error });
  }
}

function start(bytes: Uint8Array, name: string): Policy {
  const digest = createHash('sha256').update(bytes).digest('hex');
  const module = compiledOnce(digest, () => compile(bytes, name));
  const exports = callPolicy(() => instantiate(module, name));
  const memory = views(exports.memory);
  const fuel = exports[FUEL_EXPORT];
  let inputAt = exports.input(FRAME_MAX);
  const described = callPolicy(() => exports.describe());
  const [policyName, version, schema] = unpack(memory.copy(exports.output(), described)) as [
    string,
    string,
    number,
  ];
  if (schema !== SCHEMA)
    throw new PolicyError(`policy ${name}: speaks schema ${schema}, this host schema ${SCHEMA}`);

  function guarded(what: string, run: () => number): Uint8Array {
    exports[REFUEL_EXPORT]();
    try {
      const size = callPolicy(run);
      if (size === 0) return NOTHING;
      return memory.copy(exports.output(), size);
    } catch (error) {
      if (isTimeout(error))
        throw new PolicyError(`policy ${name}: ${what} does not end: ${(error as Error).message}`);
      if (fuel.value === 0) throw new PolicyError(`policy ${name}: ${what} does not end: ${STEP_FUEL} turns`);
      throw new PolicyError(`policy ${name}: ${what} trapped: ${trapText(exports, error as Error)}`);
    }
  }

  let isRested = true;
  function rest(): void {
    if (isRested) return;
    isRested = true;
    guarded('rest', () => {
      exports.rest();
      return 0;
    });
  }

  function snapshot(): Uint8Array | undefined {
    const bytes = guarded('snapshot', () => exports.snapshot());
    return bytes.length === 0 ? undefined : bytes;
  }

  function restore(snapshot: Uint8Array): void {
    const at = exports.input(snapshot.length);
    memory.bytes().set(snapshot, at);
    isRested = false;
    const why = guarded('restore', () => exports.restore(snapshot.length));
    inputAt = exports.input(FRAME_MAX);
    if (why.length > 0) throw new PolicyError(`policy ${name}: refuses the snapshot: ${unpack(why)}`);
    rest();
  }

  return {
    digest,
    name: policyName,
    version,
    abi: exports.abiVersion(),
    step(frame) {
      if (frame.length > FRAME_MAX)
        throw new RangeError(`a frame of ${frame.length} bytes; at most ${FRAME_MAX}`);
      rest();
      memory.bytes().set(frame, inputAt);
      isRested = false;
      return guarded('step', () => exports.step(frame.length));
    },
    rest,
    snapshot,
    restore,
    *snapshotInParts() {
      const { snapshotPart } = exports;
      if (!snapshotPart) return snapshot();
      const bytes = yield* pieces((run) => guarded('snapshot', run), snapshotPart);
      return bytes.length === 0 ? undefined : bytes;
    },
    *restoreInParts(snapshot) {
      const { restorePart } = exports;
      if (!restorePart) return restore(snapshot);
      const at = exports.input(snapshot.length);
      memory.bytes().set(snapshot, at);
      const why = yield* pieces(
        (run) => {
          isRested = false;
          const answer = guarded('restore', run);
          rest();
          return answer;
        },
        (begin) => restorePart(snapshot.length, begin),
      );
      inputAt = exports.input(FRAME_MAX);
      if (why.length > 0) throw new PolicyError(`policy ${name}: refuses the snapshot: ${unpack(why)}`);
    },
    status(what, after, most) {
      const { status } = exports;
      if (!status) return undefined;
      const bytes = guarded('status', () => status(what, after, most));
      isRested = false;
      rest();
      return bytes.length === 0 ? undefined : unpack(bytes);
    },
    memorySize: () => exports.memory.buffer.byteLength,
    turns: () => STEP_FUEL - fuel.value,
  };
}

/** As many modules are kept as may be wanted once more: of the one that decides, the one before it, and one to come. */
const COMPILED_MAX = 4;
const compiled = new Map<string, WebAssembly.Module>();

/** Another instance of the same module costs next to nothing. */
function compiledOnce(digest: string, compileIt: () => WebAssembly.Module): WebAssembly.Module {
  const module = compiled.get(digest) ?? compileIt();
  compiled.delete(digest);
  compiled.set(digest, module);
  const [oldest] = compiled.keys();
  if (compiled.size > COMPILED_MAX && oldest !== undefined) compiled.delete(oldest);
  return module;
}

/** The module as it is run: counted, so that every step ends. */
function compile(bytes: Uint8Array, name: string): WebAssembly.Module {
  requireWebAssembly();
  check(compileAsIs(bytes, name), bytes, name);
  try {
    return new WebAssembly.Module(withFuel(bytes, STEP_FUEL) as Uint8Array<ArrayBuffer>);
  } catch (error) {
    throw new PolicyError(
      `policy ${name}: its steps cannot be counted (${(error as Error).message}); build it without SIMD and threads`,
    );
  }
}

function compileAsIs(bytes: Uint8Array, name: string): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  } catch (error) {
    throw new PolicyError(
      `policy ${name}: is no WebAssembly module (${(error as Error).message}); build one with: npm run build`,
    );
  }
}

/** Throws when it is none that this host can run, or that it would not trust. */
function check(module: WebAssembly.Module, bytes: Uint8Array, name: string): void {
  const imports = WebAssembly.Module.imports(module).map((entry) => `${entry.module}.${entry.name}`);
  if (imports.length > 0)
    throw new PolicyError(`policy ${name}: imports ${imports.join(', ')}; a policy may import nothing`);
  const missing = FUNCTIONS.filter(
    (wanted) => !WebAssembly.Module.exports(module).some((entry) => entry.name === wanted),
  );
  if (missing.length > 0)
    throw new PolicyError(`policy ${name}: lacks ${missing.join(', ')}; it is no policy of moorage`);
  if (!hasMemoryLimit(bytes))
    throw new PolicyError(`policy ${name}: its memory has no maximum; build it with --maximumMemory`);
}

function instantiate(module: WebAssembly.Module, name: string): Exports {
  const exports = instantiateSync(module, {}).exports as unknown as Exports;
  const abi = exports.abiVersion();
  if (abi < ABI_OLDEST || abi > ABI_VERSION)
    throw new PolicyError(
      `policy ${name}: has ABI ${abi}, this host reads ABI ${ABI_OLDEST} to ${ABI_VERSION}; build it with the sources of this version`,
    );
  if (abi > ABI_OLDEST && !exports.status)
    throw new PolicyError(`policy ${name}: lacks status, which ABI ${abi} has; it is no policy of moorage`);
  return exports;
}

/** The bytes of a memory, looked up again when it has grown. */
function views(memory: WebAssembly.Memory) {
  let bytes = new Uint8Array(memory.buffer);
  function fresh(): Uint8Array {
    if (bytes.buffer !== memory.buffer) bytes = new Uint8Array(memory.buffer);
    return bytes;
  }
  /** A piece of Node's pool of small buffers: a buffer of its own takes several times as long. */
  function copy(at: number, size: number): Uint8Array {
    if (size < 0 || at + size > memory.buffer.byteLength)
      throw new RangeError(`${size} bytes at ${at} are outside of its memory`);
    const bytes = Buffer.allocUnsafe(size);
    bytes.set(fresh().subarray(at, at + size));
    return bytes;
  }
  return { bytes: fresh, copy };
}

function trapText(exports: Exports, error: Error): string {
  const at = exports.trapMessage();
  if (at === 0) return error.message;
  const where = `${exports.__getString(exports.trapFile())}:${exports.trapLine()}:${exports.trapColumn()}`;
  return `${exports.__getString(at)} (${where})`;
}
