import { parseOsRelease } from './os_release.mjs';

/**
 * The libnode that a release of Debian has.
 *
 * @typedef {object} Libnode
 * @property {string} codename     of the release
 * @property {string} library      name of the library's file, with the number of Node's ABI
 * @property {string} archive      its package
 * @property {string} node         what versions of the release's own nodejs begin with
 * @property {string[]} libraries  packages of what it is linked with, beside what every Debian has
 * @property {string[]} scripts    what it reads at its start, below /usr/share/nodejs
 * @property {string[]} packages   whose scripts these are
 */

const scripts = [
  'cjs-module-lexer/lexer.js',
  'cjs-module-lexer/dist/lexer.js',
  'undici/undici-fetch.js',
  'acorn/dist/acorn.js',
  'acorn-walk/dist/walk.js',
];
const packages = ['node-acorn', 'node-cjs-module-lexer', 'node-undici'];
const libraries = ['libbrotli1', 'libnghttp2-14', 'zlib1g'];

/** @type {Libnode} */
const bookworm = {
  codename: 'bookworm',
  library: 'libnode.so.108',
  archive: 'libnode108',
  node: '18.',
  libraries: [...libraries, 'libc-ares2', 'libicu72', 'libssl3', 'libuv1'],
  scripts,
  packages,
};

/** @type {Libnode} */
const trixie = {
  codename: 'trixie',
  library: 'libnode.so.115',
  archive: 'libnode115',
  node: '20.',
  libraries: [...libraries, 'libcares2', 'libicu76', 'libssl3t64', 'libuv1t64'],
  scripts: [...scripts, 'minimatch/dist/cjs/index.bundle.js'],
  packages: [...packages, 'node-minimatch'],
};

/** By VERSION_ID of Debian's os-release(5): the releases that the embedded host was built and tested on. */
const releases = new Map([
  ['12', bookworm],
  ['13', trixie],
]);

/** @param {string} osRelease  its text; empty when there is none */
export function libnodeOf(osRelease) {
  const fields = parseOsRelease(osRelease);
  return fields.get('ID') === 'debian' ? releases.get(fields.get('VERSION_ID') ?? '') : undefined;
}
