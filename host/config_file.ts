import { readFileSync } from 'node:fs';
import type { Config } from './frames/types.ts';
import { StartError } from './start_error.ts';

/** Reads the configuration as it stands in the file; whether it makes sense is for the policy to say. Throws {@link StartError}. */
export function readConfigFile(file: string): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(`configuration ${file}: cannot be read (${(error as Error).message})`);
  }
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new StartError(`configuration ${file}: is not JSON (${(error as Error).message})`);
  }
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data as Config;
  throw new StartError(`configuration ${file}: must be a JSON object with agentId, root and drivers`);
}
