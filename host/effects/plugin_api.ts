import type { Binding, HttpResponse } from '../binding.ts';
import type { DriverPlace } from '../directory.ts';
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
  place: DriverPlace | undefined,
  method: string,
  body: object,
  deadlineMs: number,
): Promise<Answer> {
  if (!place?.address) {
    const message = `driver ${driver} has no address; add drivers.${driver}.address to the configuration, such as unix:///run/docker/plugins/${driver}.sock`;
    return failure('unreachable', 'no-address', message) as Answer;
  }
  try {
    const response = await binding.post({
      lane: driver,
      maxInFlight: place.maxInFlight,
      address: place.address,
      path: `/VolumeDriver.${method}`,
      body: JSON.stringify(body),
      deadlineMs,
      maxResponseBytes: RESPONSE_MAX,
    });
    return readAnswer(response, `${method} at driver ${driver}`);
  } catch (error) {
    return failureOf(error) as Answer;
  }
}

/** What a response means; `what` was asked, for messages. */
export function readAnswer(response: HttpResponse, what: string): Answer {
  const body = parseObject(response.body);
  const words = body ? wordsOf(body) : response.body.trim();
  if (response.status === 200 && body && words === '') return { ok: true, body };
  if (response.status === 200 && !body) {
    if (response.body.trim() === '') return { ok: true, body: {} };
    return failure(
      'timeout',
      'bad-response',
      `${what}: the answer is no JSON object: ${cut(response.body)}`,
    ) as Answer;
  }
  if (response.status === 404) {
    return failure(
      'refused',
      'unsupported',
      `${what}: the driver does not know this call (status 404)`,
    ) as Answer;
  }
  return failure(
    'refused',
    'driver-refused',
    cut(words) || `${what}: status ${response.status} without a word`,
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
  return typeof words === 'string' ? words : JSON.stringify(words);
}

function cut(words: string): string {
  return words.length > WORDS_MAX ? `${words.slice(0, WORDS_MAX)}…` : words;
}

/** A text field of an answer; '' when it is absent or something else. */
export function textOf(body: Record<string, unknown>, name: string): string {
  const text = body[name];
  return typeof text === 'string' ? text : '';
}

/** An object field of an answer. */
export function objectOf(body: Record<string, unknown>, name: string): Record<string, unknown> {
  const data = body[name];
  return typeof data === 'object' && data !== null && !Array.isArray(data)
    ? (data as Record<string, unknown>)
    : {};
}
