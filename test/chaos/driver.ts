import { request } from 'node:http';
import { type Daemon, startDaemon } from './daemon.ts';
import type { Place } from './place.ts';

const START_MS = 30_000;

/** One of the two embedded drivers; killed, it is started again. */
export interface DriverKeeper {
  readonly name: string;
  current(): Daemon;
  /** Starts it; resolves when it listens, with the milliseconds that it took. */
  start(): Promise<number>;
  call(method: string, body: object): Promise<Record<string, unknown>>;
}

export function keepDriver(place: Place, name: string): DriverKeeper {
  let daemon: Daemon | undefined;
  const socket = place.socketOf(name);

  async function start(): Promise<number> {
    const begun = performance.now();
    const args = [
      'build/moorage.mjs',
      'driver',
      '--name',
      name,
      '--socket',
      socket,
      '--root',
      place.rootOf(name),
    ];
    const env = { ...process.env, [place.mark.name]: place.mark.value };
    const listening = new Promise<true>((resolve) => {
      daemon = startDaemon(process.execPath, args, env, () => resolve(true));
    });
    const { ended, words } = daemon as unknown as Daemon;
    const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), START_MS).unref());
    if (await Promise.race([listening, late, ended.then(() => false)])) return performance.now() - begun;
    throw new Error(`driver ${name} did not start: ${words().join('\n')}`);
  }

  return {
    name,
    current: () => {
      if (!daemon) throw new Error(`driver ${name} was never started`);
      return daemon;
    },
    start,
    call: (method, body) => post(socket, `/VolumeDriver.${method}`, JSON.stringify(body)),
  };
}

function post(socketPath: string, path: string, body: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { socketPath, path, method: 'POST', timeout: START_MS, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece) => {
          text += piece;
        });
        response.on('end', () => {
          const answer = JSON.parse(text) as Record<string, unknown>;
          if (answer.Err) reject(new Error(`${path}: ${answer.Err}`));
          else resolve(answer);
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`${path}: no answer`)));
    sent.on('error', reject);
    sent.end(body);
  });
}
