import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PluginClient } from './plugin_client.ts';
import { sqlite } from './sqlite.ts';

/** The data of the demonstration; a checkout has them, a package has not. */
export const FLIGHTS = fileURLToPath(
  new URL('../node_modules/vega-datasets/data/flights-200k.json', import.meta.url),
);
const WHO = 'operator';
export const SOURCE = 'vol-7bca078f';
export const STAGING = 'etl-staging';
export const WAREHOUSE = 'vol-warehouse';

interface Flight {
  /** Minutes. */
  delay: number;
  /** Miles. */
  distance: number;
  /** Hour of departure, with a fraction. */
  time: number;
}

/**
 * Makes the three volumes and fills the first with a SQLite database: the arrivals of US domestic flights as the package
 * vega-datasets ships them (`source`, when that is not beside the bundle). Resolves with the number of rows.
 */
export async function seed(
  ebs: PluginClient,
  scaleio: PluginClient,
  directory: string,
  source = FLIGHTS,
): Promise<number> {
  await ebs.create(SOURCE, { size: '128m' });
  await ebs.create(STAGING, { size: '128m' });
  await scaleio.create(WAREHOUSE, { size: '64m' });
  const flights = JSON.parse(await readFile(source, 'utf8')) as Flight[];
  const rows = join(directory, 'flights.csv');
  const lines = flights.map(
    ({ delay, distance, time }, index) => `${index + 1},${Math.floor(time)},${distance},${delay}`,
  );
  await writeFile(rows, `${lines.join('\n')}\n`);
  const database = join(await ebs.mount(SOURCE, WHO), 'flights.db');
  try {
    const table =
      'CREATE TABLE flights (id INTEGER PRIMARY KEY, hour INTEGER, distance INTEGER, delay INTEGER)';
    await sqlite(database, table, `.import "${rows.replaceAll('"', '\\"')}" flights`);
  } finally {
    await ebs.unmount(SOURCE, WHO);
    await rm(rows, { force: true });
  }
  return flights.length;
}
