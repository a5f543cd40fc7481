import { spawnSync } from 'node:child_process';
import { run } from './command.mjs';
import { SetupError } from './failure.mjs';

/**
 * What `apt-get --simulate install` says it would do.
 *
 * @typedef {object} Plan
 * @property {boolean} possible
 * @property {boolean} unknown   apt does not know a package: its lists are missing or old
 * @property {{ name: string, from: string }[]} installs  `from`: the version that is replaced, empty when there is none
 * @property {string[]} removes
 * @property {string} output
 */

/** @type {Map<string, string> | undefined} */
let installedCache;

/**
 * Versions of all packages that are installed, by name.
 *
 * @returns {Map<string, string>} empty where there is no dpkg
 */
export function installedPackages() {
  installedCache ??= readInstalled();
  return installedCache;
}

function readInstalled() {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these are variables of dpkg-query
  const format = '${Package} ${Version} ${db:Status-Status}\\n';
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', format], { encoding: 'utf8', maxBuffer: 1 << 26 });
  /** @type {Map<string, string>} */
  const versions = new Map();
  for (const line of (stdout ?? '').split('\n')) {
    const [name, version, status] = line.split(' ');
    if (name && version && status === 'installed') versions.set(name, version);
  }
  return versions;
}

/**
 * Asks apt what installing would mean. Needs no rights and changes nothing.
 *
 * @param {string[]} names
 * @returns {Plan}
 */
export function simulate(names) {
  const { stdout, stderr, status } = spawnSync(
    'apt-get',
    ['--simulate', 'install', '--no-install-recommends', ...names],
    { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
  );
  return parseSimulation(`${stdout ?? ''}\n${stderr ?? ''}`, status === 0);
}

/**
 * Reads the `Inst` and `Remv` lines of a simulation (apt-get(8)): `Inst name [old version] (new version …)`.
 *
 * @param {string} output
 * @param {boolean} possible
 * @returns {Plan}
 */
export function parseSimulation(output, possible) {
  const installs = [];
  for (const [, name = '', from = ''] of output.matchAll(/^Inst (\S+)(?: \[([^\]]*)\])?/gm)) {
    installs.push({ name, from });
  }
  const removes = Array.from(output.matchAll(/^Remv (\S+)/gm), (match) => match[1] ?? '');
  const unknown = /Unable to locate package|has no installation candidate|Couldn't find any package/.test(
    output,
  );
  return { possible, unknown, installs, removes, output };
}

/**
 * What in a plan would take something from the user: packages that go away, or a Node that is replaced.
 *
 * @param {Plan} plan
 * @returns {string} empty when nothing, else the end of a sentence
 */
export function harm(plan) {
  if (plan.removes.length > 0) return `it would remove ${plan.removes.join(', ')}`;
  const node = plan.installs.find(({ name, from }) => name === 'nodejs' && from !== '');
  return node ? `it would replace nodejs ${node.from}` : '';
}

/**
 * How apt-get can be called with the rights it needs.
 *
 * @returns {string[] | undefined} the words before `apt-get`; undefined when there is no way
 */
export function rights() {
  if (process.getuid?.() === 0) return [];
  const { status } = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' });
  return status === 0 ? ['sudo', '-n'] : undefined;
}

/**
 * Brings apt's lists up to date.
 *
 * @param {{ log: string }} context
 * @param {string[]} prefix  from {@link rights}
 */
export async function updateLists(context, prefix) {
  await aptGet(context, prefix, ['update'], 'the lists of Debian packages could not be fetched');
}

/**
 * Installs packages, unless that would take something from the user.
 *
 * @param {{ log: string }} context
 * @param {string[]} prefix  from {@link rights}
 * @param {string[]} names
 */
export async function install(context, prefix, names) {
  const plan = simulate(names);
  const damage = harm(plan);
  const what = `Debian packages ${names.join(' ')} were not installed`;
  if (damage) throw new SetupError(`${what}: ${damage}. Install them by hand if that is what you want.`);
  const args = ['install', '--yes', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...names];
  try {
    await aptGet(context, prefix, args, what);
  } catch (error) {
    if (!isStale(error)) throw error;
    await updateLists(context, prefix);
    await aptGet(context, prefix, args, what);
  }
  installedCache = undefined;
}

/**
 * Downloads .deb files into a folder without installing them.
 *
 * @param {{ log: string }} context
 * @param {string} folder
 * @param {string[]} names
 */
export async function download(context, folder, names) {
  const asRoot = process.getuid?.() === 0 ? ['-o', 'APT::Sandbox::User=root'] : [];
  await run(context, 'apt-get', [...asRoot, 'download', ...names], {
    cwd: folder,
    failure: `Debian packages ${names.join(' ')} were not downloaded`,
  });
}

/**
 * @param {{ log: string }} context
 * @param {string[]} prefix
 * @param {string[]} args
 * @param {string} failure
 */
async function aptGet(context, prefix, args, failure) {
  const words = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C', 'apt-get', ...args];
  await run(context, words[0] ?? 'env', words.slice(1), { failure, called: 'apt-get' });
}

/**
 * The lists name a version that the archive no longer has.
 *
 * @param {unknown} error
 */
function isStale(error) {
  return error instanceof SetupError && /404 +Not Found|Failed to fetch|--fix-missing/.test(error.message);
}
