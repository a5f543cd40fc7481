/**
 * `npm run package`: a .deb of what was built. Lays a tree as it will be on an agent, and has CPack make a package of it.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../setup/command.mjs';
import { SetupError } from '../setup/failure.mjs';
import { readArguments, usage } from './arguments.mjs';
import { cpackConfig, cpackFields } from './cpack.mjs';
import { dependencies } from './depends.mjs';
import { describe } from './identity.mjs';
import { installNative } from './native.mjs';
import { layTree } from './tree.mjs';
import { tryPackage } from './try.mjs';

/**
 * What the parts of a packaging get to know.
 *
 * @typedef {object} Context
 * @property {string} root   absolute path of the checkout
 * @property {string} build  absolute path of build/
 * @property {string} out    absolute path of the folder for the package and what it is made of
 * @property {string} log    absolute path of the log that commands write to
 */

/** What must be there besides the native parts; all of it is made by `npm run build`. */
const bundles = ['host.cjs', 'moorage.mjs', 'policy.wasm'];

/**
 * Makes the package.
 *
 * @param {Context} context
 * @param {import('./arguments.mjs').Options} options
 * @returns {Promise<{ file: string, upstream: string }>} its path, and moorage's version
 */
async function makePackage(context, options) {
  requireBuilt(context);
  const native = await installNative(context, options.withoutMesos);
  const identity = describe(context, { revision: options.revision, mesos: native.mesos });
  const tree = join(context.out, 'tree');
  const conffiles = layTree(context, { tree, native, identity });

  const depends = await dependencies(context, tree);
  const control = join(context.out, 'control');
  const config = join(context.out, 'cpack.cmake');
  const fields = cpackFields(context, { identity, depends, tree, control, conffiles });
  writeFileSync(config, cpackConfig(fields));
  // CPack's archives take their times from it.
  process.env.SOURCE_DATE_EPOCH = String(identity.epoch);
  await run(context, 'cpack', ['-G', 'DEB', '--config', config], {
    cwd: context.out,
    failure: 'the package was not made',
  });
  const [made] = readdirSync(context.out).filter((name) => name.endsWith('.deb'));
  if (!made) throw new SetupError(`cpack made no .deb in ${context.out}; see ${context.log}`);
  return { file: join(context.out, made), upstream: identity.upstream };
}

/** @param {Context} context */
function requireBuilt({ build }) {
  const missing = bundles.filter((name) => !existsSync(join(build, name)));
  if (missing.length === 0) return;
  throw new SetupError(`${missing.join(', ')} not built: there is nothing to package; run: npm run build`);
}

/** @param {string} out */
function makeOut(out) {
  const mark = join(out, 'package.log');
  // Begun anew, but never somebody else's folder.
  if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(mark)) {
    throw new SetupError(`--out ${out}: has other files in it; name a folder that is empty or not there`);
  }
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  writeFileSync(mark, '');
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`package: ${text}\n`);
}

async function main() {
  const options = readArguments(process.argv.slice(2));
  if (options.problem) {
    say(options.problem);
    process.exitCode = 2;
    return;
  }
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const build = join(root, 'build');
  const out = resolve(options.out ?? join(build, 'package'));
  // Modes in a package are nobody's habit.
  process.umask(0o022);
  try {
    makeOut(out);
    const context = { root, build, out, log: join(out, 'package.log') };
    const made = await makePackage(context, options);
    if (options.tryIt) await tryPackage(context, made, say);
    process.stdout.write(`${made.file}\n`);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}

await main();
