import { PolicyError } from '../policy_error.ts';

const MAGIC_AND_VERSION = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const CUSTOM = 0;
/** Names of sections, in the order in which they must come (core specification, binary format: modules). */
const ORDER: readonly [id: number, name: string][] = [
  [1, 'types'],
  [2, 'imports'],
  [3, 'functions'],
  [4, 'tables'],
  [5, 'memories'],
  [6, 'globals'],
  [7, 'exports'],
  [8, 'start'],
  [9, 'elements'],
  [12, 'data count'],
  [10, 'code'],
  [11, 'data'],
];
const CODE_PLACE = ORDER.findIndex(([id]) => id === 10);
const FUNCTIONS_PLACE = ORDER.findIndex(([id]) => id === 3);

/**
 * Throws when the bytes are not one whole WebAssembly module from the first to the last. It only walks from section to section: what is
 * in them is the compiler's business, which never sees a file that nobody vouches for. `name` is for errors.
 */
export function checkForm(bytes: Uint8Array, name: string): void {
  const fail = (why: string): never => {
    throw new PolicyError(`policy ${name}: ${why}`);
  };
  const cutOff = (where: string) => fail(`is truncated: it ends in ${where}; copy the whole file again`);
  if (bytes.length === 0) fail('is empty; copy the whole file again');
  const start = Buffer.from(bytes.subarray(0, MAGIC_AND_VERSION.length));
  if (!start.equals(MAGIC_AND_VERSION.subarray(0, start.length)))
    fail('is no WebAssembly module of version 1; build one with: npm run build');
  if (start.length < MAGIC_AND_VERSION.length) cutOff('its first eight bytes');

  let place = -1;
  let hasFunctions = false;
  for (let at = MAGIC_AND_VERSION.length; at < bytes.length; ) {
    const id = bytes[at] as number;
    const next = ORDER.findIndex(([known]) => known === id);
    const isCustom = id === CUSTOM && isNamed(bytes, at);
    if (!isCustom && next <= place)
      fail(
        `has ${bytes.length - at} trailing bytes from offset ${at} on, behind its ${ORDER[place]?.[1] ?? 'head'}; copy the file again, and ask who changed it`,
      );
    const where = isCustom ? 'a custom section' : `its ${ORDER[next]?.[1]}`;
    const end = endOf(bytes, at);
    if (end === undefined || end > bytes.length) cutOff(where);
    if (!isCustom) place = next;
    if (place === FUNCTIONS_PLACE) hasFunctions = true;
    at = end as number;
  }
  if (hasFunctions && place < CODE_PLACE) cutOff(`its ${ORDER[place]?.[1]}, before any code`);
}

/** Where the section at `at` ends; undefined when its size is cut off or no number of 32 bits. */
function endOf(bytes: Uint8Array, at: number): number | undefined {
  const size = sizeAt(bytes, at + 1);
  return size && size.end + size.value;
}

/** A custom section begins with its name: what is too short for that is none. */
function isNamed(bytes: Uint8Array, at: number): boolean {
  const size = sizeAt(bytes, at + 1);
  if (!size) return false;
  const name = sizeAt(bytes, size.end);
  return name !== undefined && name.end + name.value <= size.end + size.value;
}

/** An unsigned LEB128 number of 32 bits: at most five bytes. */
function sizeAt(bytes: Uint8Array, at: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    value += (byte & 127) * 128 ** index;
    if (byte < 128) return { value, end: at + index + 1 };
  }
  return undefined;
}
