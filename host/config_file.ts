import { readFileSync } from 'node:fs';
import { problemsOf } from './config/problems.ts';
import { DOCKER_PLACES, type PluginPlaces } from './effects/plugin_places.ts';
import type { Config } from './frames/types.ts';
import type { Level } from './log.ts';
import { StartError } from './start_error.ts';

/** What in a configuration is for the host alone; the policy does not hear of it. */
export interface HostConfig {
  /** Whom to trust when the policy is replaced: paths of Ed25519 public keys, and SHA-256 digests in hex. */
  policy: { keys: string[]; digests: string[] };
  log: { level: Level };
  /** Where drivers are looked for, and whether those that are found need no other configuration. */
  plugins: PluginPlaces & { discover: boolean };
}

export interface ReadConfig {
  config: Config;
  host: HostConfig;
}

/** So many mistakes are told at a start. */
const TOLD = 3;

/**
 * Reads the configuration and checks it against docs/config.schema.json; what one key means for another is for the policy to say. Throws
 * {@link StartError}.
 */
export function readConfigFile(file: string): ReadConfig {
  const data = readJson(file);
  const problems = problemsOf(data);
  if (problems.length > 0) {
    const more =
      problems.length > TOLD ? `; and ${problems.length - TOLD} more, see: moorage config check` : '';
    throw new StartError(`configuration ${file}: ${problems.slice(0, TOLD).join('; ')}${more}`);
  }
  const { policy, log, plugins, ...config } = data as Config & Partial<HostConfig>;
  return {
    config,
    host: {
      policy: { keys: policy?.keys ?? [], digests: policy?.digests ?? [] },
      log: { level: log?.level ?? 'info' },
      plugins: { discover: false, ...DOCKER_PLACES, ...plugins },
    },
  };
}

/** The value in a JSON file. Throws {@link StartError}. */
export function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(`configuration ${file}: cannot be read (${(error as Error).message})`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StartError(`configuration ${file}: is not JSON (${(error as Error).message})`);
  }
}
