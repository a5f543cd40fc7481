import { BAD_LABEL, Refusal } from '../errors.ts';
import { OPTIONS_MAX } from '../limits.ts';
import { decimal, nearest } from '../text.ts';
import { Request } from './request.ts';

const KEYS: string[] = [
  'source',
  'src',
  'target',
  'dst',
  'destination',
  'readonly',
  'ro',
  'volume-driver',
  'volume-opt',
  'create',
];

function refuse(origin: string, position: i32, what: string, hint: string): Refusal {
  return new Refusal(BAD_LABEL, origin + ', position ' + decimal(position + 1) + ': ' + what, hint);
}

/** What has been set so far, to find a key that comes twice. */
class Given {
  source: bool = false;
  target: bool = false;
  readonly: bool = false;
  driver: bool = false;
  create: bool = false;
}

/** `true`, `1` or nothing; `false` or `0`; anything else is -1. */
function flagValue(value: string, given: bool): i32 {
  if (!given || value == 'true' || value == '1') return 1;
  return value == 'false' || value == '0' ? 0 : -1;
}

/** The syntax of `docker run --mount`: comma-separated keys, most with a value. Fills `request`. */
export function parseLong(text: string, origin: string, request: Request): Refusal | null {
  const given = new Given();
  const fields = text.split(',');
  let position = 0;
  for (let i = 0; i < fields.length; i++) {
    const refusal = parseField(fields[i], position, origin, request, given);
    if (refusal) return refusal;
    position += fields[i].length + 1;
  }
  if (!given.source)
    return refuse(origin, 0, 'no source=<volume> is given', 'write source=<volume>,target=<path>');
  return null;
}

function parseField(
  field: string,
  position: i32,
  origin: string,
  request: Request,
  given: Given,
): Refusal | null {
  const equals = field.indexOf('=');
  const key = equals < 0 ? field : field.substring(0, equals);
  const value = equals < 0 ? '' : field.substring(equals + 1);
  if (key == 'source' || key == 'src') {
    if (given.source) return twice(origin, position, 'source');
    given.source = true;
    request.name = value;
    return null;
  }
  if (key == 'target' || key == 'dst' || key == 'destination') {
    if (given.target) return twice(origin, position, 'target');
    given.target = true;
    if (value.length == 0)
      return refuse(origin, position, key + ' has no value', 'write ' + key + '=<container path>');
    request.path = value;
    return null;
  }
  if (key == 'volume-driver') {
    if (given.driver) return twice(origin, position, key);
    given.driver = true;
    if (value.length == 0)
      return refuse(origin, position, key + ' has no value', 'write volume-driver=<driver>');
    request.driver = value;
    return null;
  }
  if (key == 'volume-opt') return parseOption(value, position, origin, request);
  return parseFlag(key, value, equals >= 0, position, origin, request, given);
}

function parseFlag(
  key: string,
  value: string,
  valued: bool,
  position: i32,
  origin: string,
  request: Request,
  given: Given,
): Refusal | null {
  const readonly = key == 'readonly' || key == 'ro';
  if (!readonly && key != 'create') return unknownKey(key, position, origin);
  if (readonly ? given.readonly : given.create) return twice(origin, position, key);
  const flag = flagValue(value, valued);
  if (flag < 0)
    return refuse(
      origin,
      position,
      key + '=' + value + ' is no flag',
      'write ' + key + ', or ' + key + '=true or false',
    );
  if (readonly) {
    given.readonly = true;
    request.readonly = flag == 1;
  } else {
    given.create = true;
    request.create = flag == 1;
  }
  return null;
}

function parseOption(value: string, position: i32, origin: string, request: Request): Refusal | null {
  const equals = value.indexOf('=');
  if (equals <= 0)
    return refuse(origin, position, 'volume-opt needs a key and a value', 'write volume-opt=size=5');
  const where = origin + ', position ' + decimal(position + 1);
  return addOption(value.substring(0, equals), value.substring(equals + 1), where, request);
}

/** Adds a driver option at its place in the order of keys; a key that comes twice is refused. */
export function addOption(key: string, value: string, origin: string, request: Request): Refusal | null {
  const options = request.options;
  if (options.length >= OPTIONS_MAX * 2) {
    const message = origin + ': more than ' + decimal(OPTIONS_MAX) + ' options for one volume';
    return new Refusal(BAD_LABEL, message, 'give only options that the driver knows');
  }
  let at = 0;
  while (at < options.length && options[at] < key) at += 2;
  if (at < options.length && options[at] == key) {
    return new Refusal(BAD_LABEL, origin + ': the option ' + key + ' is given twice', 'keep one of the two');
  }
  const sorted: string[] = [];
  for (let i = 0; i < at; i++) sorted.push(options[i]);
  sorted.push(key);
  sorted.push(value);
  for (let i = at; i < options.length; i++) sorted.push(options[i]);
  request.options = sorted;
  return null;
}

function twice(origin: string, position: i32, key: string): Refusal {
  return refuse(origin, position, key + ' is given twice', 'keep one of the two');
}

function unknownKey(key: string, position: i32, origin: string): Refusal {
  const near = nearest(key, KEYS);
  const hint =
    near.length > 0
      ? 'did you mean ' + near + '?'
      : 'known are source, target, readonly, volume-driver, volume-opt, create';
  return refuse(origin, position, key.length == 0 ? 'an empty field' : 'unknown key "' + key + '"', hint);
}
