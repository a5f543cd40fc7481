import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The package with the headers; brings libnode itself. */
export const libnodeDevelopment = 'libnode-dev';

/** What is unpacked when apt cannot install it. */
export const libnodeArchives = ['libnode108', libnodeDevelopment, 'libuv1-dev'];

/** What libnode108 links to, beside what every Debian has. */
export const libnodeLibraries = [
  'libbrotli1',
  'libc-ares2',
  'libicu72',
  'libnghttp2-14',
  'libssl3',
  'libuv1',
  'zlib1g',
];

/** They bring the scripts that libnode reads when it starts. */
export const scriptPackages = ['node-acorn', 'node-cjs-module-lexer', 'node-undici'];

/** include/nodejs is Debian's alone: other vendors' headers, of another version, lie in include/node as well. */
const parts = [
  'include/nodejs/src/node.h',
  'include/node/node.h',
  'include/node/v8.h',
  'include/uv.h',
  'lib/x86_64-linux-gnu/libnode.so.108',
];

/** Without these libnode aborts its process as it starts. */
const scripts = [
  'cjs-module-lexer/lexer.js',
  'cjs-module-lexer/dist/lexer.js',
  'undici/undici-fetch.js',
  'acorn/dist/acorn.js',
  'acorn-walk/dist/walk.js',
];

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
  return parts.map((part) => join(prefix, part)).filter((path) => !existsSync(path));
}

/** @returns {string[]} absolute paths of the scripts that libnode reads, always there, and that are missing */
export function missingScripts() {
  return scripts.map((script) => join('/usr/share/nodejs', script)).filter((path) => !existsSync(path));
}
