import { join } from 'node:path';
import type { PluginClient } from './plugin_client.ts';
import { SOURCE, WAREHOUSE } from './seed.ts';
import { sqliteRead } from './sqlite.ts';

const WHO = 'operator';

export interface Verified {
  /** The loaded figures are those of the source, to the last digit. */
  verified: boolean;
  loaded: number;
}

/** Runs `query` on the source once more and holds it against what the last task loaded. */
export async function verify(ebs: PluginClient, scaleio: PluginClient, query: string): Promise<Verified> {
  const expected = await readVolume(ebs, SOURCE, 'flights.db', query);
  const loaded = await readVolume(scaleio, WAREHOUSE, 'delays.db', 'SELECT * FROM figures ORDER BY 1, 2');
  return { verified: expected !== '' && expected === loaded, loaded: countLines(loaded) };
}

async function readVolume(
  client: PluginClient,
  volume: string,
  file: string,
  query: string,
): Promise<string> {
  const mountpoint = await client.mount(volume, WHO);
  try {
    return await sqliteRead(join(mountpoint, file), query);
  } finally {
    await client.unmount(volume, WHO);
  }
}

function countLines(text: string): number {
  return text.split('\n').filter((line) => line !== '').length;
}
