import { type ReadConfig, readConfigFile } from './config_file.ts';
import { DOCKER_PLACES } from './effects/plugin_places.ts';
import { seenDrivers } from './effects/seen_drivers.ts';
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
const NOTHING: ReadConfig['host'] = {
  policy: { keys: [], digests: [] },
  log: { level: 'info' },
  plugins: { discover: false, ...DOCKER_PLACES },
};

/**
 * A file that is wrong ends a start with a {@link StartError}. Not so when the host died alone: then tasks run, and somebody has edited the file
 * since; what the policy has taken before holds.
 */
export function wantedConfig(file: string, restarted: boolean): WantedConfig {
  try {
    return withSeen(readConfigFile(file));
  } catch (error) {
    if (!restarted || !(error instanceof StartError)) throw error;
    return { wrong: error, host: NOTHING };
  }
}

/**
 * With the drivers that are on the machine now: as drivers like any other where that is asked for, else for the hint to who names one. A list of one's own is left as it is.
 */
function withSeen({ config, host }: ReadConfig): WantedConfig {
  if (config.discovered && !host.plugins.discover) return { config, host };
  const seen = seenDrivers(host.plugins);
  if (!host.plugins.discover) return { config: { ...config, discovered: seen }, host };
  // What the file names is a driver also while it is not up yet.
  const named = Object.values(config.offers ?? {}).map(({ driver }) => driver);
  if (config.defaultDriver) named.push(config.defaultDriver);
  const found = Object.fromEntries([...seen, ...named].map((name) => [name, {}]));
  return { config: { ...config, drivers: { ...found, ...config.drivers } }, host };
}

/** Number of the configuration in what `status` can be asked for. */
const CONFIG = 4;

/** The configuration that the policy has. */
export function presentConfig(isolator: Isolator): Config | undefined {
  return (isolator.read((policy) => policy.status(CONFIG, 0, 0)) as Config | null | undefined) ?? undefined;
}
