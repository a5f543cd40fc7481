import { existsSync, statSync } from 'node:fs';
import { harm, install, installedPackages, rights, simulate, updateLists } from '../apt.mjs';
import { SetupError } from '../failure.mjs';
import { libnodeDevelopment, libnodeHere, libnodePrefix, missingScripts } from '../libnode_place.mjs';

/**
 * What the native parts and the tests need, each with the packages that serve as well.
 *
 * @type {string[][]}
 */
const tools = [
  ['cmake'],
  ['ninja-build'],
  ['libcurl4-openssl-dev', 'libcurl4-gnutls-dev', 'libcurl4-nss-dev'],
  ['nlohmann-json3-dev'],
  ['e2fsprogs'],
  // It serves the volumes of the demonstration, and of tests, that a plain user runs.
  ['fuse2fs'],
  ['sqlite3'],
  ['util-linux'],
  // A parser of metrics that is not ours, for a test.
  ['python3-prometheus-client'],
];

/** Debian packages, libnode's among them. @type {import('../main.mjs').Step} */
export const debian = {
  name: 'debian',
  does: 'install Debian packages that are missing',
  levels: ['full'],

  fresh: (context) => {
    const installed = installedPackages();
    return missingTools(installed).length === 0 && libnodeIsServed(context, installed);
  },

  run: async (context) => {
    const prefix = rights();
    const tools = missingTools(installedPackages());
    if (prefix && simulate([...tools, libnodeDevelopment]).unknown) await updateLists(context, prefix);
    const names = [...tools, ...missingForLibnode(context, prefix !== undefined)];
    if (names.length === 0) return;
    if (!prefix) throw new SetupError(askForHelp(names));
    context.note(`Debian packages: ${names.join(' ')}`);
    await install(context, prefix, names);
  },
};

/**
 * Packages that are missing of those that {@link tools} and the environment ask for.
 *
 * @param {Map<string, string>} installed
 */
export function missingTools(installed, env = process.env) {
  const compiler = env.CXX ? [] : [['g++', 'clang']];
  return [...compiler, ...tools]
    .filter((choices) => !choices.some((name) => installed.has(name)))
    .map(([first = '']) => first);
}

/**
 * @param {{ build: string }} context
 * @param {Map<string, string>} installed
 */
function libnodeIsServed({ build }, installed) {
  if (installed.has(libnodeDevelopment)) return true;
  return libnodePrefix(build) !== undefined && !lacksRunTime(installed);
}

/**
 * Which packages bring libnode: Debian's own, when that leaves the user's Node as it is; else only those that an unpacked
 * copy needs to run (the step after this one unpacks it).
 *
 * @param {{ build: string, note: (text: string) => void }} context
 * @param {boolean} mayInstall
 */
function missingForLibnode(context, mayInstall) {
  const installed = installedPackages();
  if (libnodeIsServed(context, installed)) return [];
  const objection = !mayInstall && !lacksRunTime(installed) ? 'this user may not' : objectionTo(installed);
  if (objection === '') return [libnodeDevelopment];
  context.note(`${libnodeDevelopment} is unpacked into build/libnode instead of installed: ${objection}`);
  return [...missingLibraries(installed), ...missingScriptPackages(installed)];
}

/**
 * Why Debian's libnode should not be installed here.
 *
 * @param {Map<string, string>} installed
 * @returns {string} empty when nothing speaks against it
 */
function objectionTo(installed) {
  const plan = simulate([libnodeDevelopment]);
  if (plan.possible) return objectionToPlan(plan);
  const node = installed.get('nodejs');
  // Without lists apt cannot tell; Debian's own nodejs is of libnode's version.
  if (plan.unknown && (node === undefined || node.startsWith(libnodeHere().node))) return '';
  return `apt refuses it beside ${node ? `nodejs ${node}` : 'what is installed'}`;
}

/** @param {Map<string, string>} installed */
function lacksRunTime(installed) {
  return missingLibraries(installed).length > 0 || missingScripts().length > 0;
}

/** @param {Map<string, string>} installed */
function missingLibraries(installed) {
  return libnodeHere().libraries.filter((name) => !installed.has(name));
}

/**
 * Packages of the scripts that libnode reads. They want a nodejs that says `Multi-Arch: allowed`; where apt
 * refuses them or would harm the user's Node, the next step puts the scripts alone where libnode looks for them.
 *
 * @param {Map<string, string>} installed
 */
function missingScriptPackages(installed) {
  if (missingScripts().length === 0) return [];
  const names = libnodeHere().packages.filter((name) => !installed.has(name));
  const plan = simulate(names);
  return plan.possible && objectionToPlan(plan) === '' ? names : [];
}

/**
 * What a plan would take from the user, a node in /usr/bin that no package owns included: it would be overwritten.
 *
 * @param {import('../apt.mjs').Plan} plan
 */
function objectionToPlan(plan) {
  const path = '/usr/bin/node';
  const threatened =
    plan.installs.some(({ name }) => name === 'nodejs') && existsSync(path) && statSync(path).isFile();
  return harm(plan) || (threatened ? `it would overwrite ${path}, which no package owns` : '');
}

/** @param {string[]} names */
function askForHelp(names) {
  return `Debian packages are missing, and this user may not install them (not root, no sudo without a password). Run this once, then the same command again:

  sudo apt-get update && sudo apt-get install --no-install-recommends ${names.join(' ')}
`;
}
