import { isVolumeName } from './names.ts';
import type { VolumeOptions } from './options.ts';

/** What the driver remembers of a volume. */
export interface VolumeRecord {
  readonly name: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly options: VolumeOptions;
  /** Who has it mounted, each once. Empty: it should not be mounted. */
  readonly ids: readonly string[];
}

/** The content of the state file. */
export interface DriverState {
  /** The boot in which `ids` hold. */
  readonly bootId: string;
  readonly volumes: readonly VolumeRecord[];
}

const format = 1;

export function encodeState(state: DriverState): string {
  return `${JSON.stringify({ format, ...state }, null, 1)}\n`;
}

/** Reads what {@link encodeState} wrote. Throws an Error that names the first field that is wrong. */
export function decodeState(text: string): DriverState {
  const fields = objectOf(JSON.parse(text), 'the document');
  if (fields.format !== format)
    throw new Error(`format: is ${JSON.stringify(fields.format)}, known is ${format}`);
  const volumes = arrayOf(fields.volumes, 'volumes').map((value, index) =>
    readRecord(value, `volumes[${index}]`),
  );
  return { bootId: stringOf(fields.bootId, 'bootId'), volumes };
}

function readRecord(value: unknown, place: string): VolumeRecord {
  const fields = objectOf(value, place);
  const name = stringOf(fields.name, `${place}.name`);
  if (!isVolumeName(name)) throw new Error(`${place}.name: ${JSON.stringify(name)} is not a volume name`);
  const ids = arrayOf(fields.ids, `${place}.ids`).map((id, index) => stringOf(id, `${place}.ids[${index}]`));
  return {
    name,
    createdAt: stringOf(fields.createdAt, `${place}.createdAt`),
    options: readStoredOptions(fields.options, `${place}.options`),
    ids: [...new Set(ids)],
  };
}

function readStoredOptions(value: unknown, place: string): VolumeOptions {
  const fields = objectOf(value, place);
  const options: Record<string, string | number> = {
    size: numberOf(fields.size, `${place}.size`),
    fs: stringOf(fields.fs, `${place}.fs`),
  };
  for (const name of ['reserved', 'inodes']) {
    if (fields[name] !== undefined) options[name] = numberOf(fields[name], `${place}.${name}`);
  }
  for (const name of ['owner', 'mode']) {
    if (fields[name] !== undefined) options[name] = stringOf(fields[name], `${place}.${name}`);
  }
  return options as unknown as VolumeOptions;
}

function objectOf(value: unknown, place: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Error(`${place}: is not an object`);
}

function arrayOf(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${place}: is not an array`);
}

function stringOf(value: unknown, place: string): string {
  if (typeof value === 'string') return value;
  throw new Error(`${place}: is not a string`);
}

function numberOf(value: unknown, place: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`${place}: is not a whole number`);
}
