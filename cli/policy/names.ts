import { readConfigFile } from '../../host/config_file.ts';
import type { Trust } from '../../host/policy/trust/verify.ts';
import { StartError } from '../../host/start_error.ts';
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
  try {
    return readConfigFile(file).host.policy;
  } catch (error) {
    if (error instanceof StartError) throw new UsageError(error.message);
    throw error;
  }
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
