import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';

/** How a driver differs from what the plugin API says. */
export interface Quirks {
  /** Methods that it does not know (404). */
  without?: string[];
  /** Where its errors stand, and with which status. */
  errors?: { key: string; status: number } | 'text';
  /** What it answers as mountpoint, from the true one. */
  mountpoint?: (path: string) => unknown;
  /** Its volumes are directories, nothing is mounted. */
  plain?: boolean;
  /** A second Unmount, and one of what is not mounted, is an error; so is a second Mount with one ID. */
  strict?: boolean;
  /** Get and List tell a mountpoint of what is not mounted. */
  boastful?: boolean;
  /** An answer without a body instead of an empty object. */
  mute?: boolean;
}

/** A driver with one volume `v`, a tmpfs of its own; it counts mounts by ID as Docker's drivers do. */
export interface QuirkyDriver {
  address: string;
  /** Methods so far, in order. */
  calls: string[];
  /** IDs that have the volume. */
  holders: Set<string>;
  close(): Promise<void>;
}

type Fields = { Name?: string; ID?: string };

export async function startQuirky(folder: string, name: string, quirks: Quirks): Promise<QuirkyDriver> {
  const path = join(folder, name, 'v');
  mkdirSync(path, { recursive: true });
  const holders = new Set<string>();
  const calls: string[] = [];
  const { without = [], errors = { key: 'Err', status: 500 }, mountpoint = (at: string) => at } = quirks;

  class Refused extends Error {}
  const known = (Name: string | undefined): void => {
    if (Name !== 'v') throw new Refused(`no such volume: ${Name}`);
  };
  const shown = () => (holders.size > 0 || quirks.boastful ? { Mountpoint: mountpoint(path) } : {});
  const methods: Record<string, (fields: Fields) => object> = {
    Capabilities: () => ({ Capabilities: { Scope: 'local' } }),
    List: () => ({ Volumes: [{ Name: 'v', ...shown() }] }),
    Get({ Name }) {
      known(Name);
      return { Volume: { Name, ...shown() } };
    },
    Path({ Name }) {
      known(Name);
      return shown();
    },
    Mount({ Name, ID = '' }) {
      known(Name);
      if (quirks.strict && holders.has(ID)) throw new Refused('already mounted by this id');
      if (holders.size === 0 && !quirks.plain) execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', path]);
      holders.add(ID);
      return { Mountpoint: mountpoint(path) };
    },
    Unmount({ Name, ID = '' }) {
      known(Name);
      if (quirks.strict && !holders.has(ID)) throw new Refused('volume is not mounted');
      if (holders.delete(ID) && holders.size === 0 && !quirks.plain) execFileSync('umount', [path]);
      return {};
    },
  };

  function answerTo(method: string, fields: Fields): [status: number, body: string] {
    const work = without.includes(method) ? undefined : methods[method];
    if (!work) return [404, '404 page not found\n'];
    try {
      const body = work(fields);
      return [200, quirks.mute && Object.keys(body).length === 0 ? '' : JSON.stringify(body)];
    } catch (error) {
      const words = (error as Error).message;
      return errors === 'text' ? [500, words] : [errors.status, JSON.stringify({ [errors.key]: words })];
    }
  }

  const server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (piece) => {
      text += piece;
    });
    request.on('end', () => {
      const method = (request.url ?? '').replace('/VolumeDriver.', '');
      calls.push(method);
      const [status, body] = answerTo(method, text === '' ? {} : JSON.parse(text));
      response.writeHead(status, { 'Content-Length': Buffer.byteLength(body) }).end(body);
    });
  });
  const socket = join(folder, `${name}.sock`);
  await new Promise<void>((done) => server.listen(socket, done));
  return {
    address: `unix://${socket}`,
    calls,
    holders,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      rmSync(socket, { force: true });
    },
  };
}
