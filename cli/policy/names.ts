import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Trust } from '../../host/policy/trust/verify.ts';
import { UsageError } from '../usage_error.ts';

/** How an operator says whom to trust, in options of the same names everywhere. */
export interface TrustOptions {
  key?: string[];
  digest?: string[];
  config?: string;
}

/** How to make keys, for the help of each command that takes some. */
export const KEYS_HELP = `Keys are Ed25519 in PEM, PKCS#8 and SPKI, as openssl makes them:
  openssl genpkey -algorithm ed25519 -out KEY.pem && chmod 600 KEY.pem
  openssl pkey -in KEY.pem -pubout -out PUBLIC.pem
`;

/** Whom the options trust: the keys and digests named, and those of the configuration. Undefined when nobody is named. */
export function trustOf({ key = [], digest = [], config }: TrustOptions): Trust | undefined {
  const configured = config === undefined ? { keys: [], digests: [] } : configuredTrust(config);
  const trust = { keys: [...key, ...configured.keys], digests: [...digest, ...configured.digests] };
  return config === undefined && trust.keys.length + trust.digests.length === 0 ? undefined : trust;
}

/** The section `policy` of the isolator's configuration. */
function configuredTrust(file: string): Trust {
  let section: unknown;
  try {
    section = (JSON.parse(readFileSync(file, 'utf8')) as { policy?: unknown }).policy ?? {};
  } catch (error) {
    throw new UsageError(
      `configuration ${file}: cannot be read (${(error as Error).message}); name the file that the agent is given`,
    );
  }
  const { keys = [], digests = [] } = section as Partial<Trust>;
  return {
    keys: texts(keys, file, 'keys').map((key) => resolve(dirname(file), key)),
    digests: texts(digests, file, 'digests'),
  };
}

function texts(value: unknown, file: string, name: string): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new UsageError(`configuration ${file}: policy.${name} is no list of texts; see docs/operations.md`);
}

/** Bytes for people. */
export function size(bytes: number): string {
  if (bytes < 10_000) return `${bytes} bytes`;
  if (bytes < 10_000_000) return `${Math.round(bytes / 1024)} KiB`;
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}

/** Gathers an option that may be given more than once. */
export function several(value: string, before: string[] = []): string[] {
  return [...before, value];
}
