import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { libnodeOf } from './libnodes.mjs';
import { readOsRelease } from './os_release.mjs';

/** The package with the headers; brings libnode itself. */
export const libnodeDevelopment = 'libnode-dev';

/**
 * The libnode of this machine's Debian.
 *
 * @returns {import('./libnodes.mjs').Libnode} throws where there is none, which judgePlatform tells before
 */
export function libnodeHere() {
  const found = libnodeOf(readOsRelease());
  if (!found) throw new Error('there is no libnode for what /etc/os-release names');
  return found;
}

/** What is unpacked when apt cannot install it. */
export function libnodeArchives() {
  return [libnodeHere().archive, libnodeDevelopment, 'libuv1-dev'];
}

/** include/nodejs is Debian's alone: other vendors' headers, of another version, lie in include/node as well. */
const headers = ['include/nodejs/src/node.h', 'include/node/node.h', 'include/node/v8.h', 'include/uv.h'];

/**
 * @param {string} prefix  the folder that has include/ and lib/
 * @returns {string} path of the library below it
 */
export function libnodeFile(prefix) {
  return join(prefix, 'lib/x86_64-linux-gnu', libnodeHere().library);
}

/**
 * Where libnode lies: installed, else unpacked.
 *
 * @param {string} build  absolute path of build/
 * @returns {string | undefined} the folder that has include/ and lib/
 */
export function libnodePrefix(build) {
  return ['/usr', join(build, 'libnode', 'usr')].find((prefix) => missingParts(prefix).length === 0);
}

/**
 * @param {string} prefix
 * @returns {string[]} absolute paths of what is not there
 */
export function missingParts(prefix) {
  const parts = [...headers.map((header) => join(prefix, header)), libnodeFile(prefix)];
  return parts.filter((path) => !existsSync(path));
}

/** @returns {string[]} absolute paths of the scripts that libnode reads, always there, and that are missing; without them it aborts its process as it starts */
export function missingScripts() {
  return libnodeHere()
    .scripts.map((script) => join('/usr/share/nodejs', script))
    .filter((path) => !existsSync(path));
}
