import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SetupError } from '../setup/failure.mjs';
import { libnodeFile, libnodeHere, libnodePrefix } from '../setup/libnode_place.mjs';

/** The first with all that host and command use; the one that is security's on Debian 12. */
const nodeMin = '18.20';

/** What no library tells: who runs the command, and makes the driver's file systems. */
const programs = [`nodejs (>= ${nodeMin})`, 'e2fsprogs'];

/**
 * Debian's libnode, also where the build has an unpacked copy that no package owns. Its package brings the scripts that it reads.
 */
function libnodeShlibs() {
  const { archive } = libnodeHere();
  return `libnode ${archive.slice('libnode'.length)} ${archive} (>= ${nodeMin})\n`;
}

/**
 * The packages that this one needs: those of the libraries that its native parts are linked with (dpkg-shlibdeps(1)), and programs.
 *
 * @param {import('./main.mjs').Context} context
 * @param {string} tree
 * @returns {Promise<string>} a Depends field
 */
export async function dependencies({ build, out }, tree) {
  // It asks for the folder of a source package, whatever stands in it.
  const folder = join(out, 'shlibdeps');
  mkdirSync(join(folder, 'debian'), { recursive: true });
  writeFileSync(join(folder, 'debian', 'control'), '');
  writeFileSync(join(folder, 'libnode.shlibs'), libnodeShlibs());

  const own = join(tree, 'usr/lib/moorage');
  const natives = readdirSync(own).filter((name) => /\.(so|node)$/.test(name));
  const libnode = dirname(libnodeFile(libnodePrefix(build) ?? '/usr'));
  const args = ['-O', '-Llibnode.shlibs', `-l${libnode}`, ...natives.map((name) => `-e${join(own, name)}`)];
  const { status, stdout, stderr, error } = spawnSync('dpkg-shlibdeps', args, {
    cwd: folder,
    encoding: 'utf8',
  });
  const found = /^shlibs:Depends=(.*)$/m.exec(stdout ?? '')?.[1];
  if (status !== 0 || !found) {
    const why = error ? `${error.message}; apt-get install dpkg-dev` : stderr.trim();
    throw new SetupError(`the packages that libraries come from are not known: dpkg-shlibdeps: ${why}`);
  }
  return [found, ...programs].join(', ');
}
