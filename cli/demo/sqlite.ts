import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const OUTPUT_MAX = 64 * 1024 * 1024;

/** Runs statements and dot commands with the sqlite3 shell; resolves with what it prints, as CSV. */
export async function sqlite(database: string, ...statements: string[]): Promise<string> {
  const { stdout } = await run('sqlite3', ['-csv', '-bail', database, ...statements], {
    maxBuffer: OUTPUT_MAX,
  });
  return stdout;
}

/** Like {@link sqlite}, without writing to the database. */
export async function sqliteRead(database: string, query: string): Promise<string> {
  const { stdout } = await run('sqlite3', ['-csv', '-bail', '-readonly', database, query], {
    maxBuffer: OUTPUT_MAX,
  });
  return stdout;
}
