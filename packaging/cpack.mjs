import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const scripts = ['postinst', 'prerm', 'postrm'];

const text = `\
moorage mounts external storage volumes (anything with a Docker volume plugin)
for the tasks of a cluster agent, shares them by reference count, unmounts them
when the last task is gone, and cleans up after crashes and reboots. Every
decision is made by a policy in WebAssembly, and every run can be replayed from
its journal.

It has the isolator library, its host and policy, the command moorage, and a
volume driver of its own, which is neither enabled nor started.`;

/**
 * What CPack's generator of .deb files is told (cpack-deb generator's manual). Also puts the maintainer scripts and the list of conffiles where it
 * takes them from.
 *
 * @param {import('./main.mjs').Context} context
 * @param {{ identity: import('./identity.mjs').Identity, depends: string, tree: string, control: string, conffiles: string[] }} parts
 *   `control`: a folder for the files beside the tree
 * @returns {Record<string, string>}
 */
export function cpackFields({ root, out }, { identity, depends, tree, control, conffiles }) {
  mkdirSync(control, { recursive: true });
  for (const name of scripts) cpSync(join(root, 'packaging/debian', name), join(control, name));
  writeFileSync(join(control, 'conffiles'), conffiles.map((path) => `${path}\n`).join(''));
  const module = identity.mesos
    ? `Its module, libmoorage_mesos.so, is for agents of Mesos ${identity.mesos}\nand no other.`
    : 'It was made without the module for Mesos.';
  return {
    CPACK_PACKAGE_NAME: 'moorage',
    CPACK_PACKAGE_VERSION: identity.upstream,
    CPACK_PACKAGE_DESCRIPTION_SUMMARY: 'external volumes for the tasks of a cluster agent',
    CPACK_PACKAGE_DESCRIPTION: `${text}\n\n${module}`,
    CPACK_PACKAGE_CONTACT: identity.maintainer,
    CPACK_PACKAGE_FILE_NAME: 'moorage',
    CPACK_PACKAGE_DIRECTORY: out,
    CPACK_INSTALLED_DIRECTORIES: `${tree};/`,
    CPACK_PACKAGING_INSTALL_PREFIX: '/',
    CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS:
      'OWNER_READ;OWNER_WRITE;OWNER_EXECUTE;GROUP_READ;GROUP_EXECUTE;WORLD_READ;WORLD_EXECUTE',
    CPACK_DEBIAN_FILE_NAME: 'DEB-DEFAULT',
    CPACK_DEBIAN_PACKAGE_RELEASE: identity.release,
    CPACK_DEBIAN_PACKAGE_ARCHITECTURE: identity.architecture,
    CPACK_DEBIAN_PACKAGE_MAINTAINER: identity.maintainer,
    CPACK_DEBIAN_PACKAGE_SECTION: 'admin',
    CPACK_DEBIAN_PACKAGE_PRIORITY: 'optional',
    CPACK_DEBIAN_PACKAGE_DEPENDS: depends,
    CPACK_DEBIAN_PACKAGE_ENHANCES: 'mesos',
    CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA: [...scripts, 'conffiles']
      .map((name) => join(control, name))
      .join(';'),
    CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION: 'ON',
    CPACK_DEBIAN_COMPRESSION_TYPE: 'xz',
  };
}

/**
 * A configuration of CPack. Values stand between brackets, in which CMake replaces nothing.
 *
 * @param {Record<string, string>} fields
 */
export function cpackConfig(fields) {
  return Object.entries(fields)
    .map(([name, value]) => `set(${name} [==[${value}]==])\n`)
    .join('');
}
