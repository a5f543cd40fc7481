import { spawnSync } from 'node:child_process';

/** Root of a user namespace may mount what needs no device, and that is all that the tests of these files need; their drivers keep volumes with fuse2fs or in memory. */
const files = new Set([
  'audit',
  'audit-pruned',
  'demo',
  'driver',
  'driver-backends',
  'driver-mounts',
  'driver-quirks',
  'driver-restart',
  'embedded',
  'embedded-abi',
  'embedded-admin',
  'embedded-bad',
  'embedded-calls',
  'embedded-descriptors',
  'embedded-dies',
  'embedded-environment',
  'embedded-killed',
  'embedded-late',
  'embedded-limits',
  'embedded-policy',
  'native-executor',
  'native-mounts',
  'native-root',
  'native-witness',
  'plain',
  'plain-full',
  'race-mounts',
  'watch-agent',
  'watch-mounts',
]);

const command = ['unshare', '--user', '--map-root-user', '--mount', '--propagation', 'private'];

/** @type {boolean | undefined} */
let possible;

/**
 * The words before a test file's command. Empty where root runs it, where it needs no mounts or more than a namespace gives, and where users
 * may make none: then the file says itself what it skips.
 *
 * @param {string} name  of the file, e.g. `demo.test.mjs`
 * @returns {string[]}
 */
export function namespaceFor(name) {
  if (process.getuid?.() === 0 || !files.has(name.replace(/\.test\.mjs$/, ''))) return [];
  possible ??= spawnSync(command[0] ?? '', [...command.slice(1), 'true'], { stdio: 'ignore' }).status === 0;
  return possible ? command : [];
}
