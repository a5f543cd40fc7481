import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { type DriverAddress, findDriver } from '../../host/effects/find_driver.ts';
import type { PluginPlaces } from '../../host/effects/plugin_places.ts';
import type { Config } from '../../host/frames/types.ts';

/** What a driver says, or why it says nothing. */
export interface DriverView {
  name: string;
  answered: boolean;
  why: string | undefined;
  volumes: DriverVolume[];
}

export interface DriverVolume {
  name: string;
  mountpoint: string | undefined;
  /** The driver's own words on it name the id that this agent mounts under. Only drivers that tell their users can say so. */
  ours: boolean;
}

/** Each call gets so long; all drivers are asked at once. */
const DEADLINE_MS = 5_000;
const ANSWER_MAX = 4 * 1024 * 1024;

/** Asks each driver of the configuration what it has: List, and Get of what it has mounted. Neither changes anything. */
export async function askDrivers({ drivers, agentId }: Config, plugins: PluginPlaces): Promise<DriverView[]> {
  return Promise.all(
    Object.entries(drivers).map(([name, { address }]) =>
      askDriver(name, address, agentId, plugins).catch((error: Error) => ({
        name,
        answered: false,
        why: error.message,
        volumes: [],
      })),
    ),
  );
}

async function askDriver(
  name: string,
  known: string | undefined,
  agentId: string,
  plugins: PluginPlaces,
): Promise<DriverView> {
  const place = known ? { address: known } : await findDriver(name, plugins);
  const { Volumes } = await post(place, 'List', {});
  const listed = Array.isArray(Volumes) ? Volumes.filter(isObject) : [];
  const volumes: DriverVolume[] = [];
  for (const { Name, Mountpoint } of listed) {
    const mountpoint = typeof Mountpoint === 'string' && Mountpoint !== '' ? Mountpoint : undefined;
    const id = `moorage-${agentId}-${String(Name)}`;
    const ours = mountpoint !== undefined && (await names(place, String(Name), id));
    volumes.push({ name: String(Name), mountpoint, ours });
  }
  return { name, answered: true, why: undefined, volumes };
}

/** Whether the driver shows this id among those that have the volume. */
async function names(place: DriverAddress, name: string, id: string): Promise<boolean> {
  try {
    const { Volume } = await post(place, 'Get', { Name: name });
    return isObject(Volume) && JSON.stringify(Volume.Status ?? {}).includes(JSON.stringify(id));
  } catch {
    return false;
  }
}

function post(place: DriverAddress, method: string, body: object): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const late = new Error(`did not answer ${method} within ${DEADLINE_MS / 1000} s`);
    const send = place.address.startsWith('https://') ? secureRequest : request;
    const sent = send({
      ...optionsOf(place),
      path: `/VolumeDriver.${method}`,
      method: 'POST',
      agent: false,
    });
    const timer = setTimeout(() => sent.destroy(late), DEADLINE_MS);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      act();
    };
    sent.on('error', (error) => settle(() => reject(error)));
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece) => {
        text += piece;
        if (text.length > ANSWER_MAX) sent.destroy(new Error(`answered ${method} with too much`));
      });
      response.on('error', (error) => settle(() => reject(error)));
      response.on('end', () =>
        settle(() => {
          const answer = parse(text);
          const words = answer?.Err || answer?.Error;
          if (response.statusCode === 200 && answer && !words) resolve(answer);
          else reject(new Error(`answered ${method} with: ${words || text.trim() || response.statusCode}`));
        }),
      );
    });
    sent.end(JSON.stringify(body));
  });
}

/** What node:http and node:https call a place. */
function optionsOf({ address, tls }: DriverAddress): object {
  if (address.startsWith('unix://')) return { socketPath: address.slice('unix://'.length) };
  const { hostname, port } = new URL(address.replace(/^tcp:/, 'http:'));
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (!tls) return { host, port };
  const { insecureSkipVerify, ca, cert, key } = tls;
  return { host, port, rejectUnauthorized: !insecureSkipVerify, ca, cert, key };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const data: unknown = JSON.parse(text);
    return isObject(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

function isObject(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}
