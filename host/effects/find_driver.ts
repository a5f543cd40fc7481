import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { HttpTls, NativeError } from '../binding.ts';
import { filesOf, type PluginFile, type PluginPlaces } from './plugin_places.ts';

/** Where a driver listens, as the native client takes it. */
export interface DriverAddress {
  readonly address: string;
  readonly tls?: HttpTls;
}

/** Bytes of a socket's path, without the NUL at its end: unix(7). */
const SOCKET_PATH_MAX = 107;
const PORT_MAX = 65_535;

/** An address, a JSON file or a certificate is never longer. */
const FILE_MAX = 256 * 1024;

/**
 * Looks where Docker looks for a plugin of that name. The first file counts, also when it is no good: then this throws a {@link NativeError} of kind
 * `unreachable`, as it does when there is none. Asked anew for each call: a driver that is started again may listen elsewhere.
 */
export async function findDriver(name: string, places: PluginPlaces): Promise<DriverAddress> {
  const files = filesOf(name, places);
  for (const file of files) if (await isThere(file)) return readFrom(file);
  const looked = [places.sockets, ...places.specs].join(', ');
  throw unreachable(
    'no-address',
    `driver ${name}: has no address, and no ${name}.sock, .spec or .json is in ${looked}; start it, or add drivers.${name}.address to the configuration`,
  );
}

async function isThere({ path, ending }: PluginFile): Promise<boolean> {
  try {
    const facts = await stat(path);
    return ending === 'sock' ? facts.isSocket() : true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw bad(path, message);
  }
}

async function readFrom({ path, ending }: PluginFile): Promise<DriverAddress> {
  if (ending === 'sock') return { address: `unix://${path}` };
  const text = await readText(path);
  return ending === 'spec' ? { address: addressIn(text.trim(), path) } : readJson(text, path);
}

interface PluginJson {
  Addr?: unknown;
  TLSConfig?: Record<string, unknown> | null;
}

async function readJson(text: string, path: string): Promise<DriverAddress> {
  let data: PluginJson | null;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw bad(path, `is not JSON (${(error as Error).message})`);
  }
  if (typeof data?.Addr !== 'string') throw bad(path, 'has no text Addr');
  const address = addressIn(data.Addr, path);
  return address.startsWith('https://')
    ? { address, tls: await tlsOf(data.TLSConfig ?? {}, path) }
    : { address };
}

/**
 * `TLSConfig` with its files read. Unlike Docker, which believes anybody when there is no CAFile, certificates are then held against those of the machine.
 */
async function tlsOf(config: Record<string, unknown>, path: string): Promise<HttpTls> {
  if (typeof config !== 'object' || Array.isArray(config)) throw bad(path, 'TLSConfig is no object');
  const text = async (key: string): Promise<string | undefined> => {
    const file = config[key] ?? '';
    if (typeof file !== 'string') throw bad(path, `TLSConfig.${key} is no text`);
    return file === '' ? undefined : readText(file, `TLSConfig.${key} of ${path}`);
  };
  const [ca, cert, key] = [await text('CAFile'), await text('CertFile'), await text('KeyFile')];
  if ((cert === undefined) !== (key === undefined))
    throw bad(path, 'TLSConfig has one of CertFile and KeyFile; they go together');
  return {
    insecureSkipVerify: config.InsecureSkipVerify === true,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** What stands in the file as one of the three addresses that the native client knows. Of a URL, Docker heeds no more than host and port. */
function addressIn(text: string, path: string): string {
  if (text.startsWith('unix:///')) {
    if (Buffer.byteLength(text.slice('unix://'.length)) <= SOCKET_PATH_MAX) return text;
    throw bad(path, `the path of the socket has more than ${SOCKET_PATH_MAX} bytes`);
  }
  const [, scheme, authority = ''] = /^(tcp|http|https):\/\/([^/?#@\s]+)(?:\/\S*)?$/.exec(text) ?? [];
  if (scheme === undefined)
    throw bad(path, `"${text.slice(0, 100)}" is no unix:///PATH, tcp://HOST:PORT or https://HOST:PORT`);
  const number = /:([0-9]{1,5})$/.exec(authority)?.[1];
  const hasPort = number !== undefined;
  if (hasPort && !(Number(number) >= 1 && Number(number) <= PORT_MAX))
    throw bad(path, `"${text.slice(0, 100)}" has no port of 1 to ${PORT_MAX}`);
  if (scheme === 'tcp' && !hasPort) throw bad(path, `"${text.slice(0, 100)}" has no port`);
  const port = hasPort ? '' : scheme === 'https' ? ':443' : ':80';
  return `${scheme === 'https' ? 'https' : 'tcp'}://${authority}${port}`;
}

/** A small plain file; neither a fifo nor a device is waited for. */
async function readText(path: string, what = path): Promise<string> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const facts = await handle.stat();
      if (!facts.isFile()) throw new Error(`${path} is no plain file`);
      if (facts.size > FILE_MAX) throw new Error(`${path} has more than ${FILE_MAX} bytes`);
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw bad(what, (error as Error).message);
  }
}

function bad(where: string, why: string): NativeError {
  return unreachable('bad-plugin-file', `plugin file ${where}: ${why}; mend it, then it is tried again`);
}

function unreachable(code: string, message: string): NativeError {
  return Object.assign(new Error(message), { code, kind: 'unreachable' as const });
}
