import { DriverError } from './errors.ts';
import { formatSize, parseSize } from './size.ts';

/**
 * How a volume was made. Of an image that was found without a record only `size` and `fs` are known. Values are kept in
 * one spelling, so that two requests can be compared.
 */
export interface VolumeOptions {
  /** Bytes. */
  readonly size: number;
  /** `ext4` in an image, `tmpfs` in memory. */
  readonly fs: string;
  /** Blocks kept for root, percent. */
  readonly reserved?: number;
  /** How many files the volume can hold; mkfs decides when it is missing. */
  readonly inodes?: number;
  /** `uid:gid` of the directory that is handed out. */
  readonly owner?: string;
  /** Permissions of that directory, octal. */
  readonly mode?: string;
}

type OptionValue = string | number;

const uidMax = 2 ** 32 - 2;

const readers: ReadonlyMap<string, (text: string) => OptionValue> = new Map<
  string,
  (text: string) => OptionValue
>([
  ['size', (text) => parseSize(text, 'Opts.size')],
  ['fs', readFs],
  ['reserved', (text) => readNumber(text, 'Opts.reserved', 0, 50)],
  ['inodes', (text) => readNumber(text, 'Opts.inodes', 16, 2 ** 32 - 1)],
  ['owner', readOwner],
  ['mode', readMode],
]);

/** The names of all options, for help and errors. */
export const optionNames: readonly string[] = [...readers.keys()];

/** Reads the options of a Create; only what was given is in the result. Refuses unknown names and bad values. */
export function readOptions(given: ReadonlyMap<string, string>): Partial<VolumeOptions> {
  const options: Record<string, OptionValue> = {};
  for (const [name, text] of given) {
    const read = readers.get(name);
    if (read === undefined) {
      throw new DriverError(`Opts: ${JSON.stringify(name)} is unknown; known are ${optionNames.join(', ')}`);
    }
    options[name] = read(text);
  }
  return options;
}

/** The options of a new volume: what was given, and the defaults. */
export function withDefaults(
  given: Partial<VolumeOptions>,
  defaultSizeBytes: number,
  fs: string,
): VolumeOptions {
  const common = { size: defaultSizeBytes, owner: '0:0', mode: '0755' };
  if (fs === 'ext4') return { ...common, fs, reserved: 0, ...given };
  refuseOf(given, 'fs', `volumes lie in ${fs} here`);
  refuseOf(given, 'reserved', `${fs} keeps no blocks for root`);
  return { ...common, ...given, fs };
}

function refuseOf(given: Partial<VolumeOptions>, name: keyof VolumeOptions, why: string): void {
  if (given[name] !== undefined)
    throw new DriverError(`Opts.${name}: ${given[name]} is not possible: ${why}`);
}

/** The first option that was asked for and that the volume has otherwise, in words; undefined when it has all. */
export function differingOption(
  asked: Partial<VolumeOptions>,
  present: VolumeOptions,
): { name: string; asked: string; present: string } | undefined {
  for (const name of Object.keys(asked) as (keyof VolumeOptions)[]) {
    if (asked[name] === undefined || asked[name] === present[name]) continue;
    return { name, asked: shownOption(name, asked[name]), present: shownOption(name, present[name]) };
  }
  return undefined;
}

function shownOption(name: keyof VolumeOptions, value: OptionValue | undefined): string {
  if (value === undefined) return 'unknown';
  return name === 'size' ? formatSize(Number(value)) : String(value);
}

function readFs(text: string): string {
  if (text !== 'ext4')
    throw new DriverError(`Opts.fs: ${JSON.stringify(text)} is not possible; only ext4 is`);
  return text;
}

function readNumber(text: string, field: string, min: number, max: number): number {
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new DriverError(`${field}: ${JSON.stringify(text)} is not a whole number from ${min} to ${max}`);
}

function readOwner(text: string): string {
  const match = /^([0-9]{1,10})(?::([0-9]{1,10}))?$/.exec(text);
  const uid = Number(match?.[1] ?? Number.NaN);
  const gid = Number(match?.[2] ?? uid);
  if (uid <= uidMax && gid <= uidMax) return `${uid}:${gid}`;
  throw new DriverError(`Opts.owner: ${JSON.stringify(text)} is not numeric uid or uid:gid, e.g. 1000:1000`);
}

function readMode(text: string): string {
  if (/^[0-7]{3,4}$/.test(text)) return text.padStart(4, '0');
  throw new DriverError(`Opts.mode: ${JSON.stringify(text)} is not an octal mode, e.g. 0770`);
}
