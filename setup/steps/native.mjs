import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedPackages } from '../apt.mjs';
import { run } from '../command.mjs';
import { SetupError } from '../failure.mjs';
import { libnodeFile, libnodePrefix } from '../libnode_place.mjs';
import { digest, mark, stamped } from '../stamp.mjs';

const addon = ['moorage.node'];
const embedded = ['libmoorage.so', 'moorage-agent'];

/** Only with a Mesos, which nobody has to have; the variable names its prefix, else CMake asks pkg-config. */
const module = 'libmoorage_mesos.so';
const mesosPrefix = process.env.MESOS_PREFIX ?? '';

/** Packages whose headers are compiled in. */
const headers = [
  'libcurl4-openssl-dev',
  'libcurl4-gnutls-dev',
  'libcurl4-nss-dev',
  'nlohmann-json3-dev',
  'libnode-dev',
  'g++',
];

/** The native parts, by CMake and Ninja. */
export const native = stamped({
  name: 'native',
  does: 'build native/ to build/moorage.node, build/libmoorage.so and build/moorage-agent',
  levels: ['full', 'addon'],

  key: (context) =>
    digest(context.root, ['native', 'package-lock.json', 'setup/steps/native.mjs'], configuration(context)),
  outputs: ({ build, level }) => products(level).map((name) => join(build, name)),

  run: async (context) => {
    if (context.level === 'full') await make(context);
    else await tryToMake(context);
  },
});

/** @param {import('../platform.mjs').Level} level */
function products(level) {
  if (level !== 'full') return addon;
  return mesosPrefix ? [...addon, ...embedded, module] : [...addon, ...embedded];
}

/** @param {import('../main.mjs').Context} context */
async function make(context) {
  const folder = join(context.build, 'cmake');
  if (renewWhenConfiguredOtherwise(folder, configuration(context).join('\n'))) {
    context.note(`native: the first time takes two to three minutes; ${context.log} shows how far it is`);
  }
  const failure = 'the native parts were not built';
  await run(context, 'cmake', ['-S', 'native', '-B', folder, '-G', 'Ninja', ...choices(context)], {
    cwd: context.root,
    failure,
  });
  await run(context, 'cmake', ['--build', folder], { cwd: context.root, failure });
}

/**
 * On other systems than Debian's the addon is worth a try, and a failure is told but ends nothing.
 *
 * @param {import('../main.mjs').Context} context
 */
async function tryToMake(context) {
  try {
    await make(context);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    context.note(
      `${error.message}\nGoing on without build/moorage.node. When what is missing is there: node setup/setup.mjs --only native --force`,
    );
  }
}

/** @param {import('../main.mjs').Context} context */
function choices({ level, build }) {
  if (level !== 'full') return ['-DMOORAGE_EMBED=OFF'];
  const prefix = libnodePrefix(build);
  if (!prefix) throw new SetupError('libnode is not there; run: node setup/setup.mjs --only debian,libnode');
  return [`-DMOORAGE_LIBNODE=${prefix}`, `-DMESOS_PREFIX=${mesosPrefix}`];
}

/**
 * What CMake keeps in its cache and does not ask again: with another compiler, path or libnode it begins anew.
 *
 * @param {import('../main.mjs').Context} context
 */
function configuration({ root, build, level }) {
  const { env } = process;
  const prefix = level === 'full' ? libnodePrefix(build) : undefined;
  const installed = installedPackages();
  return [
    `root ${root}`,
    `level ${level}`,
    `libnode ${prefix} ${prefix ? mark(libnodeFile(prefix)) : ''}`,
    `mesos ${mesosPrefix} ${mesosPrefix ? mark(join(mesosPrefix, 'include/mesos/version.hpp')) : ''}`,
    ...['CC', 'CXX', 'CFLAGS', 'CXXFLAGS', 'LDFLAGS'].map((name) => `${name} ${env[name] ?? ''}`),
    ...headers.map((name) => `${name} ${installed.get(name) ?? ''}`),
  ];
}

/**
 * @param {string} folder
 * @param {string} wanted
 * @returns {boolean} true when everything will be compiled
 */
function renewWhenConfiguredOtherwise(folder, wanted) {
  const path = join(folder, 'configured-as');
  if (readText(path) === wanted) return false;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, wanted);
  return true;
}

/** @param {string} path */
function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
