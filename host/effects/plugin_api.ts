import type { Binding, HttpResponse } from '../binding.ts';
import type { Directory } from '../directory.ts';
import type { DriverAddress } from './find_driver.ts';
import { findInTime } from './find_in_time.ts';
import { failure, failureOf, type Outcome } from './outcome.ts';

/** A driver's answer of more bytes than this ends the call: parsed, it may take a hundred times as much of the one heap that all drivers share. */
const RESPONSE_MAX = 512 * 1024;
/** Words of a driver go into messages up to this length. */
const WORDS_MAX = 300;

/** What a driver answered: an object, or why there is none. */
export type Answer = { ok: true; body: Record<string, unknown> } | (Outcome & { ok: false });

/**
 * One call of the Docker Volume Plugin API v1 (https://docs.docker.com/engine/extend/plugins_volume/): POST /VolumeDriver.<method>.
 * Success is status 200 and an empty or absent `Err`.
 */
export async function callPlugin(
  binding: Binding,
  driver: string,
  directory: Directory,
  method: string,
  body: object,
  deadlineMs: number,
): Promise<Answer> {
  const what = `${method} at driver ${driver}`;
  try {
    const begun = performance.now();
    const { address, tls } = await addressOf(driver, directory, deadlineMs);
    const leftMs = Math.max(1, Math.ceil(deadlineMs - (performance.now() - begun)));
    const response = await binding.post({
      lane: driver,
      maxInFlight: directory.drivers.get(driver)?.maxInFlight ?? 1,
      address,
      tls,
      path: `/VolumeDriver.${method}`,
      body: JSON.stringify(body),
      deadlineMs: leftMs,
      maxResponseBytes: RESPONSE_MAX,
    });
    return readAnswer(response, what);
  } catch (error) {
    return failureOf(error) as Answer;
  }
}

/** Throws a NativeError of kind `unreachable`. */
async function addressOf(
  driver: string,
  { drivers, plugins }: Directory,
  deadlineMs: number,
): Promise<DriverAddress> {
  const address = drivers.get(driver)?.address;
  return address ? { address } : findInTime(driver, plugins, deadlineMs);
}

/** What a response means; `what` was asked, for messages. */
export function readAnswer(response: HttpResponse, what: string): Answer {
  const body = parseObject(response.body);
  const words = body ? wordsOf(body) : cut(response.body.trim());
  if (response.status === 200 && body && words === '') return { ok: true, body };
  if (response.status === 200 && !body) {
    if (response.body.trim() === '') return { ok: true, body: {} };
    const message = `${what}: the answer is no JSON object, so nobody knows what came of it: ${words}; look into the log of the driver`;
    return failure('timeout', 'bad-response', message) as Answer;
  }
  if (response.status === 404) {
    const message = `${what}: the driver does not know this call (status 404)`;
    return failure('refused', 'unsupported', message) as Answer;
  }
  return failure(
    'refused',
    'driver-refused',
    words || `${what}: status ${response.status} without a word`,
  ) as Answer;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const data: unknown = JSON.parse(text);
    return typeof data === 'object' && data !== null && !Array.isArray(data)
      ? (data as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Docker's helpers put the error in `Err`, old REX-Ray in `Error`. */
function wordsOf(body: Record<string, unknown>): string {
  const words = body.Err || body.Error;
  if (!words) return '';
  return cut(typeof words === 'string' ? words : shown(words)) || 'an error without a word';
}

/** Nested too deep, it cannot be written out. */
function shown(data: unknown): string {
  try {
    return JSON.stringify(data);
  } catch {
    return 'an error that cannot be shown';
  }
}

function cut(words: string): string {
  return wellFormed(words.length > WORDS_MAX ? `${words.slice(0, WORDS_MAX)}…` : words);
}

/** JSON may spell halves of characters, and cutting leaves some: in a frame they would be no UTF-8. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** A text field of an answer; '' when it is absent or something else. */
export function textOf(body: Record<string, unknown>, name: string): string {
  const text = body[name];
  return typeof text === 'string' ? wellFormed(text) : '';
}

/** Linux takes no longer path (PATH_MAX, less the NUL). */
const PATH_BYTES_MAX = 4095;

/** The mountpoint of an answer. What no path can be is told in words that are none either, for it is remembered. */
export function mountpointOf(body: Record<string, unknown>): string {
  const path = textOf(body, 'Mountpoint');
  const bytes = Buffer.byteLength(path);
  if (bytes > PATH_BYTES_MAX) return `(${bytes} bytes: ${cut(path.slice(0, 40))}…)`;
  if (path.includes('\0')) return '(a path with a NUL byte)';
  return path === body.Mountpoint || path === '' ? path : '(a path that is no text)';
}

/** An object field of an answer. */
export function objectOf(body: Record<string, unknown>, name: string): Record<string, unknown> {
  const data = body[name];
  return typeof data === 'object' && data !== null && !Array.isArray(data)
    ? (data as Record<string, unknown>)
    : {};
}
