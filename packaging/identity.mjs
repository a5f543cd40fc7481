import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../setup/failure.mjs';

/**
 * What names a package.
 *
 * @typedef {object} Identity
 * @property {string} upstream      moorage's version
 * @property {string} release       what stands behind it in the package's version
 * @property {string} architecture  Debian's word for it
 * @property {string} maintainer    name and address
 * @property {number} epoch         seconds; the time of all that is in it
 * @property {string} [mesos]       the version of Mesos that its module is of
 */

/**
 * The package's version says for which Mesos it is, since a module fits no other.
 *
 * @param {import('./main.mjs').Context} context
 * @param {{ revision: string, mesos?: string | undefined }} choices
 * @returns {Identity}
 */
export function describe({ root }, { revision, mesos }) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return {
    upstream: version,
    release: mesos ? `${revision}+mesos${mesos}` : revision,
    architecture: say('dpkg', ['--print-architecture'], 'the architecture is not known'),
    maintainer: maintainer(process.env),
    epoch: epoch(root, process.env.SOURCE_DATE_EPOCH),
    ...(mesos ? { mesos } : {}),
  };
}

/** @param {Identity} identity */
export function fullVersion({ upstream, release }) {
  return `${upstream}-${release}`;
}

/** As Debian's own tools take it. @param {NodeJS.ProcessEnv} env */
function maintainer({ DEBFULLNAME, DEBEMAIL }) {
  return `${DEBFULLNAME ?? 'moorage'} <${DEBEMAIL ?? 'moorage@localhost'}>`;
}

/**
 * @param {string} root
 * @param {string | undefined} given
 */
function epoch(root, given) {
  if (given !== undefined && !/^[0-9]{1,11}$/.test(given)) {
    throw new SetupError(`SOURCE_DATE_EPOCH is "${given}"; it must be a number of seconds since 1970`);
  }
  return Number(given ?? say('git', ['-C', root, 'log', '-1', '--format=%ct'], unknownTime));
}

const unknownTime = 'the time of the last commit is not known; in a folder without git set SOURCE_DATE_EPOCH';

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} failure
 */
function say(command, args, failure) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  throw new SetupError(`${failure}: ${command}: ${error?.message ?? stderr.trim()}`);
}
