import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from '../command.mjs';

/**
 * @typedef {Record<string, { version?: string, integrity?: string, optional?: boolean, link?: boolean }>} Packages
 *   of a package-lock.json, by folder
 */

/** npm packages, exactly as package-lock.json has them. @type {import('../main.mjs').Step} */
export const npm = {
  name: 'npm',
  does: 'install npm packages from package-lock.json',
  levels: ['full', 'addon', 'policy'],

  fresh: ({ root }) => {
    const wanted = readPackages(join(root, 'package-lock.json'));
    const present = readPackages(join(root, 'node_modules', '.package-lock.json'));
    return wanted !== undefined && present !== undefined && isInstalled(root, wanted, present);
  },

  /** No package needs its install script: esbuild and msgpackr carry what they need in packages of their own. */
  run: async (context) => {
    const [command, ...first] = npmCommand();
    await run(context, command, [...first, 'ci', '--ignore-scripts', '--include=dev', '--loglevel=warn'], {
      cwd: context.root,
      failure: 'the npm packages were not installed',
    });
  },
};

/**
 * Whether every package of the lock file is there in that version; optional ones of other platforms may be absent.
 *
 * @param {string} root
 * @param {Packages} wanted
 * @param {Packages} present  what npm wrote down after it installed
 */
function isInstalled(root, wanted, present) {
  return Object.entries(wanted).every(([folder, entry]) => {
    if (folder === '') return true;
    const found = present[folder];
    if (!found) return entry.optional === true;
    return found.version === entry.version && existsSync(join(root, folder, 'package.json'));
  });
}

/**
 * @param {string} path
 * @returns {Packages | undefined}
 */
function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * The npm that runs this set-up, else the one on PATH.
 *
 * @returns {[string, ...string[]]}
 */
function npmCommand() {
  const script = process.env.npm_execpath;
  return script && basename(script) === 'npm-cli.js' ? [process.execPath, script] : ['npm'];
}
