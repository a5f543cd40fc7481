import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { download, rights } from '../apt.mjs';
import { run } from '../command.mjs';
import { SetupError } from '../failure.mjs';
import {
  libnodeArchives,
  libnodeFile,
  libnodeHere,
  libnodePrefix,
  missingParts,
  missingScripts,
} from '../libnode_place.mjs';

/**
 * libnode: where the packages could not be installed (they may not stand beside another vendor's nodejs) they are unpacked
 * into build/libnode. @type {import('../main.mjs').Step}
 */
export const libnode = {
  name: 'libnode',
  does: 'get libnode, which embeds Node in the isolator',
  levels: ['full'],

  fresh: ({ build }) => libnodePrefix(build) !== undefined && missingScripts().length === 0,

  run: async (context) => {
    if (libnodePrefix(context.build) === undefined) await unpack(context);
    if (missingScripts().length > 0) await placeScripts(context);
  },
};

/** @param {import('../main.mjs').Context} context */
async function unpack(context) {
  const target = join(context.build, 'libnode');
  const partial = `${target}.partial`;
  await unpackInto(context, partial, libnodeArchives());
  requireComplete(join(partial, 'usr'));
  rmSync(target, { recursive: true, force: true });
  renameSync(partial, target);
}

/**
 * Unpacks Debian packages into a folder of their own, which begins empty.
 *
 * @param {import('../main.mjs').Context} context
 * @param {string} folder
 * @param {string[]} names
 */
async function unpackInto(context, folder, names) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await download(context, folder, names);
  for (const archive of readdirSync(folder).filter((file) => file.endsWith('.deb'))) {
    await run(context, 'dpkg', ['-x', archive, '.'], { cwd: folder, failure: `${archive} was not unpacked` });
    rmSync(join(folder, archive));
  }
}

/** @param {string} prefix */
function requireComplete(prefix) {
  const missing = missingParts(prefix);
  if (missing.length > 0) {
    throw new SetupError(
      `libnode is not complete: ${missing.join(', ')} is missing after unpacking ${libnodeArchives().join(', ')}`,
    );
  }
  const library = libnodeFile(prefix);
  const { stdout } = spawnSync('ldd', [library], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  const unresolved = Array.from((stdout ?? '').matchAll(/^\s*(\S+) => not found/gm), (match) => match[1]);
  if (unresolved.length > 0) {
    throw new SetupError(
      `libnode cannot be loaded: ${library} needs ${unresolved.join(', ')}; run: apt-get install --reinstall ${libnodeHere().libraries.join(' ')}`,
    );
  }
}

/**
 * libnode looks for its scripts at fixed places, so where their packages cannot be installed the missing files alone are put
 * there. A package that comes later takes them over.
 *
 * @param {import('../main.mjs').Context} context
 */
async function placeScripts(context) {
  const folder = join(context.build, 'libnode-scripts');
  const { packages } = libnodeHere();
  await unpackInto(context, folder, packages);
  const missing = missingScripts();
  const prefix = rights();
  if (!prefix) throw new SetupError(askToPlace(folder, missing));
  for (const path of missing) {
    const [command = 'install', ...args] = [
      ...prefix,
      'install',
      '-D',
      '-m',
      '644',
      join(folder, path),
      path,
    ];
    await run(context, command, args, {
      failure: `${path}, without which libnode aborts, was not put there`,
    });
  }
  context.note(`${missing.join(' ')}: put there for libnode, since apt refuses ${packages.join(', ')} here`);
  rmSync(folder, { recursive: true });
}

/**
 * @param {string} folder
 * @param {string[]} missing
 */
function askToPlace(folder, missing) {
  return `libnode would abort at its start without ${missing.join(', ')}, and this user may not put them there (not root, no sudo without a password). Run this once, then the same command again:

  sudo cp -rn '${join(folder, 'usr/share/nodejs')}' /usr/share/
`;
}
