import { BAD_LABEL, Refusal } from '../errors.ts';
import { LABEL_MAX, REQUESTS_MAX } from '../limits.ts';
import { decimal } from '../text.ts';
import { addOption } from './long_label.ts';
import { Request } from './request.ts';

const PREFIX: string = 'DVDI_VOLUME_';

/** The text after `field` when the variable is `DVDI_VOLUME_<field><digits>`, else null. */
function suffixOf(key: string, field: string): string | null {
  const start = PREFIX + field;
  if (!key.startsWith(start)) return null;
  for (let i = start.length; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (code < 48 || code > 57) return null;
  }
  return key.substring(start.length);
}

/** The value of a variable in flat pairs, or null. */
function lookup(env: string[], key: string): string | null {
  for (let i = 0; i < env.length; i += 2) if (env[i] == key) return env[i + 1];
  return null;
}

/** The variables of mesos-module-dvdi, one request for each `DVDI_VOLUME_NAME<digits>`. Appends to `list`. */
export function readEnvironment(env: string[], list: Request[]): Refusal | null {
  for (let i = 0; i < env.length; i += 2) {
    const suffix = suffixOf(env[i], 'NAME');
    if (suffix === null) continue;
    const origin = 'environment ' + env[i];
    for (let j = 0; j < i; j += 2) {
      if (env[j] == env[i]) return new Refusal(BAD_LABEL, origin + ' is given twice', 'keep one of the two');
    }
    const request = new Request();
    request.origin = origin;
    request.name = env[i + 1];
    const refusal = readRest(env, suffix, request);
    if (refusal) return refusal;
    list.push(request);
    if (list.length > REQUESTS_MAX) return null;
  }
  return null;
}

function readRest(env: string[], suffix: string, request: Request): Refusal | null {
  const driver = lookup(env, PREFIX + 'DRIVER' + suffix);
  if (driver !== null) request.driver = driver;
  const path = lookup(env, PREFIX + 'CONTAINERPATH' + suffix);
  if (path !== null) request.path = path;
  request.create = lookup(env, PREFIX + 'EXPLICITCREATE' + suffix) !== null;
  const options = lookup(env, PREFIX + 'OPTS' + suffix);
  if (options === null || options.length == 0) return null;
  return readOptions(options, 'environment ' + PREFIX + 'OPTS' + suffix, request);
}

function readOptions(text: string, origin: string, request: Request): Refusal | null {
  if (text.length > LABEL_MAX)
    return new Refusal(
      BAD_LABEL,
      origin + ' has more than ' + decimal(LABEL_MAX) + ' characters',
      'give fewer options',
    );
  const fields = text.split(',');
  for (let i = 0; i < fields.length; i++) {
    const equals = fields[i].indexOf('=');
    if (equals <= 0)
      return new Refusal(
        BAD_LABEL,
        origin + ': "' + fields[i] + '" is no key=value',
        'write size=5,iops=150',
      );
    const refusal = addOption(
      fields[i].substring(0, equals).trim(),
      fields[i].substring(equals + 1),
      origin,
      request,
    );
    if (refusal) return refusal;
  }
  return null;
}
