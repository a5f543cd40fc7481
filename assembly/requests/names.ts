import { BAD_NAME, BAD_PATH, Refusal } from '../errors.ts';
import { NAME_MAX, PATH_MAX } from '../limits.ts';
import { characterAt, decimal, firstOf } from '../text.ts';
import { textSize } from '../wire/memory.ts';

function isAlphanumeric(code: i32): bool {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

/** Docker's rule for names of volumes and drivers: [A-Za-z0-9][A-Za-z0-9_.-]*, at most NAME_MAX bytes. */
export function checkName(name: string, what: string, origin: string): Refusal | null {
  if (name.length == 0)
    return new Refusal(BAD_NAME, origin + ': the ' + what + ' is empty', 'write a name such as vol-7bca078f');
  if (name.length > NAME_MAX) {
    return new Refusal(
      BAD_NAME,
      origin + ': the ' + what + ' is longer than ' + decimal(NAME_MAX) + ' bytes',
      'use a shorter name',
    );
  }
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (isAlphanumeric(code) || (i > 0 && (code == 95 || code == 46 || code == 45))) continue;
    const where =
      origin +
      ': the ' +
      what +
      ' "' +
      name +
      '" has "' +
      characterAt(name, i) +
      '" at position ' +
      decimal(i + 1);
    return new Refusal(BAD_NAME, where, 'names are letters, digits, and after the first also _ . -');
  }
  return null;
}

/** A normalised container path, or why there is none. */
export class PathResult {
  constructor(
    public path: string,
    public refusal: Refusal | null,
  ) {}
}

function badPath(origin: string, path: string, why: string): PathResult {
  const message = origin + ': the container path "' + path + '" ' + why;
  return new PathResult(
    '',
    new Refusal(BAD_PATH, message, 'write a path such as data (in the sandbox) or /data'),
  );
}

/** Collapses `//` and `.`; refuses `..`, NUL, the empty path and the root. */
export function normalisePath(path: string, origin: string): PathResult {
  if (textSize(path) > PATH_MAX) return badPath(origin, firstOf(path, 40) + '…', 'is too long');
  if (path.indexOf('\0') >= 0)
    return badPath(origin, path.substring(0, path.indexOf('\0')), 'has a NUL character in it');
  const parts = path.split('/');
  let clean = path.startsWith('/') ? '/' : '';
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (part.length == 0 || part == '.') continue;
    if (part == '..') return badPath(origin, path, 'has ".." in it');
    if (textSize(part) > NAME_MAX)
      return badPath(origin, firstOf(path, 40) + '…', 'has a part of over 255 bytes');
    if (clean.length > 0 && clean != '/') clean += '/';
    clean += part;
  }
  if (clean.length == 0) return badPath(origin, path, 'is empty');
  if (clean == '/') return badPath(origin, path, 'is the root directory');
  return new PathResult(clean, null);
}

/** True when `path` is `directory` or lies in it. Both are normalised. */
export function isWithin(path: string, directory: string): bool {
  if (directory == '/' || path == directory) return true;
  return path.startsWith(directory + '/');
}
