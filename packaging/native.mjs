import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../setup/command.mjs';
import { SetupError } from '../setup/failure.mjs';

const module = 'libmoorage_mesos.so';

/**
 * @typedef {object} Native
 * @property {string} folder    absolute path of where they are
 * @property {string[]} files   names in it
 * @property {string} [mesos]   the version of Mesos that the module is of; undefined without a module
 */

/**
 * Puts the native parts that the build has, as they are for a package, into a folder: without the path of a private libnode, and without
 * what only a debugger needs.
 *
 * @param {import('./main.mjs').Context} context
 * @param {boolean} withoutMesos  leave the module out
 * @returns {Promise<Native>}
 */
export async function installNative(context, withoutMesos) {
  const cmake = join(context.build, 'cmake');
  if (!existsSync(join(cmake, 'cmake_install.cmake'))) {
    throw new SetupError('the native parts are not built: there is nothing to package; run: npm run build');
  }
  const folder = join(context.out, 'native');
  await run(context, 'cmake', ['--install', cmake, '--prefix', folder], {
    failure: 'the native parts were not put together',
  });
  if (!existsSync(join(folder, 'libmoorage.so'))) {
    throw new SetupError(
      'libmoorage.so is not built: the package is one for Debian 12 or 13 on x64, where `npm run build` makes it',
    );
  }
  if (withoutMesos) rmSync(join(folder, module), { force: true });
  else if (!existsSync(join(folder, module))) throw new SetupError(moduleIsMissing);

  const files = readdirSync(folder).filter((name) => /\.(so|node)$/.test(name));
  const sections = ['.comment', '.note'].map((name) => `--remove-section=${name}`);
  await run(context, 'strip', ['--strip-unneeded', ...sections, ...files], {
    cwd: folder,
    failure: 'debug information was not taken away',
  });
  return { folder, files, ...(withoutMesos ? {} : { mesos: mesosVersion(folder) }) };
}

const moduleIsMissing = `${module} is not built, and without it no Mesos agent can use the package. Name the Mesos that your agents run and \
run it again:

  MESOS_PREFIX=/usr/local npm run package

or leave the module out (the library, the command and the driver are packaged):

  npm run package -- --without-mesos
`;

/** @param {string} folder */
function mesosVersion(folder) {
  const version = readFileSync(join(folder, 'mesos-version'), 'utf8').trim();
  if (/^[0-9][A-Za-z0-9.~]*$/.test(version)) return version;
  throw new SetupError(`the version of Mesos is "${version}", which cannot be part of a package's version`);
}
