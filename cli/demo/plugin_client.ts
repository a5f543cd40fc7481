import { request } from 'node:http';

/** The other side of a volume driver: what an operator does by hand before and after the tasks. */
export interface PluginClient {
  create(name: string, options: Record<string, string>): Promise<void>;
  /** Resolves with the mountpoint. */
  mount(name: string, id: string): Promise<string>;
  unmount(name: string, id: string): Promise<void>;
}

export function createPluginClient(socketPath: string): PluginClient {
  async function call(method: string, body: object): Promise<Record<string, unknown>> {
    const text = await post(socketPath, `/VolumeDriver.${method}`, JSON.stringify(body));
    const answer = JSON.parse(text) as Record<string, unknown>;
    if (answer.Err) throw new Error(`${method} at ${socketPath}: ${answer.Err}`);
    return answer;
  }
  return {
    create: async (Name, Opts) => void (await call('Create', { Name, Opts })),
    mount: async (Name, ID) => String((await call('Mount', { Name, ID })).Mountpoint),
    unmount: async (Name, ID) => void (await call('Unmount', { Name, ID })),
  };
}

function post(socketPath: string, path: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, method: 'POST', timeout: 60_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece) => {
        text += piece;
      });
      response.on('end', () => resolve(text));
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer from ${socketPath}`)));
    sent.on('error', reject);
    sent.end(body);
  });
}
