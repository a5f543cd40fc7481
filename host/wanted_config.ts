import { type ReadConfig, readConfigFile } from './config_file.ts';
import type { Config } from './frames/types.ts';
import type { Isolator } from './isolator.ts';
import { StartError } from './start_error.ts';

/** The configuration is not taken, as it stands in its file. */
export class ConfigError extends StartError {}

/** What the file asks for; without `config` it cannot be read, and `wrong` says why. */
export interface WantedConfig {
  config?: Config;
  wrong?: StartError;
  host: ReadConfig['host'];
}

/** Nobody is trusted while the file cannot be read. */
const NOTHING: ReadConfig['host'] = { policy: { keys: [], digests: [] }, log: { level: 'info' } };

/**
 * A file that is wrong ends a start with a {@link StartError}. Not so when the host died alone: then tasks run, and somebody has edited the file
 * since; what the policy has taken before holds.
 */
export function wantedConfig(file: string, restarted: boolean): WantedConfig {
  try {
    return readConfigFile(file);
  } catch (error) {
    if (!restarted || !(error instanceof StartError)) throw error;
    return { wrong: error, host: NOTHING };
  }
}

/** Number of the configuration in what `status` can be asked for. */
const CONFIG = 4;

/** The configuration that the policy has. */
export function presentConfig(isolator: Isolator): Config | undefined {
  return (isolator.read((policy) => policy.status(CONFIG, 0, 0)) as Config | null | undefined) ?? undefined;
}
