import { BAD_LABEL, Refusal } from '../errors.ts';
import { LABEL_MAX } from '../limits.ts';
import { decimal, nearest } from '../text.ts';
import { parseLong } from './long_label.ts';
import { Request } from './request.ts';

const MODES: string[] = ['ro', 'rw'];

/** A long value starts with `key=`, or with a flag and a comma; a name can have neither. */
function isLong(text: string): bool {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code == 61 || code == 44) return true;
    if (code == 58) return false;
  }
  return false;
}

/** One `volume` label: `name[:path[:mode]]`, or the long syntax. Fills `request`, names and paths not yet checked. */
export function parseLabel(text: string, origin: string, request: Request): Refusal | null {
  if (text.length == 0)
    return new Refusal(BAD_LABEL, origin + ' is empty', 'write volume=<name>, as in volume=vol-7bca078f');
  if (text.length > LABEL_MAX) {
    const message = origin + ' has more than ' + decimal(LABEL_MAX) + ' characters';
    return new Refusal(BAD_LABEL, message, 'use volume.<key> for several volumes');
  }
  return isLong(text) ? parseLong(text, origin, request) : parseShort(text, origin, request);
}

function parseShort(text: string, origin: string, request: Request): Refusal | null {
  const parts = text.split(':');
  request.name = parts[0];
  if (parts.length > 1) {
    if (parts[1].length == 0) return missing(origin, parts[0].length + 2, 'the container path');
    request.path = parts[1];
  }
  if (parts.length > 2) {
    const position = parts[0].length + parts[1].length + 3;
    const mode = parts[2];
    if (mode != 'ro' && mode != 'rw') return badMode(mode, origin, position);
    request.readonly = mode == 'ro';
  }
  if (parts.length > 3) {
    const position = parts[0].length + parts[1].length + parts[2].length + 4;
    const message = origin + ', position ' + decimal(position) + ': nothing may follow the mode';
    return new Refusal(BAD_LABEL, message, 'write <name>:<container path>:<ro or rw>');
  }
  return null;
}

function missing(origin: string, position: i32, what: string): Refusal {
  return new Refusal(
    BAD_LABEL,
    origin + ', position ' + decimal(position) + ': ' + what + ' is empty',
    'leave the last ":" away, or write a path',
  );
}

function badMode(mode: string, origin: string, position: i32): Refusal {
  const near = nearest(mode, MODES);
  const message = origin + ', position ' + decimal(position) + ': unknown mode "' + mode + '"';
  return new Refusal(
    BAD_LABEL,
    message,
    near.length > 0 ? 'did you mean ' + near + '?' : 'the mode is ro or rw',
  );
}
