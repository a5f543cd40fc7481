import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { debianChangelog } from './changelog.mjs';
import { copyright } from './copyright.mjs';

const own = 'usr/lib/moorage';
const doc = 'usr/share/doc/moorage';

const manuals = ['README.md', 'docs/config.schema.json', 'examples/marathon'].concat(
  ['configuration', 'install', 'mesos', 'migration', 'operations'].map((name) => `docs/${name}.md`),
);

/** Of the module alone, and wrong without it. */
const modulesFile = 'etc/moorage/modules.json';

/**
 * Lays everything as it will be on an agent: `packaging/tree/` as it is, and what was built.
 *
 * @param {import('./main.mjs').Context} context
 * @param {{ tree: string, native: import('./native.mjs').Native, identity: import('./identity.mjs').Identity }} parts
 * @returns {string[]} conffiles: the paths of all that an operator may change
 */
export function layTree({ root, build }, { tree, native, identity }) {
  cpSync(join(root, 'packaging/tree'), tree, { recursive: true });
  if (!identity.mesos) rmSync(dirname(join(tree, modulesFile)), { recursive: true });

  const library = join(tree, own);
  mkdirSync(library, { recursive: true });
  for (const name of native.files) cpSync(join(native.folder, name), join(library, name));
  for (const name of ['host.cjs', 'policy.wasm']) cpSync(join(build, name), join(library, name));
  writeFileSync(
    join(library, 'moorage.mjs'),
    withDebiansNode(readFileSync(join(build, 'moorage.mjs'), 'utf8')),
  );
  mkdirSync(join(tree, 'usr/bin'), { recursive: true });
  symlinkSync('../lib/moorage/moorage.mjs', join(tree, 'usr/bin/moorage'));

  for (const path of manuals) cpSync(join(root, path), join(tree, doc, path), { recursive: true });
  writeFileSync(join(tree, doc, 'copyright'), copyright(root, build));
  writeZipped(join(tree, doc, 'changelog.gz'), readFileSync(join(root, 'CHANGELOG.md')));
  writeZipped(join(tree, doc, 'changelog.Debian.gz'), debianChangelog(identity));
  writeZipped(
    join(tree, 'usr/share/man/man1/moorage.1.gz'),
    readFileSync(join(root, 'packaging/man/moorage.1')),
  );

  setModes(tree);
  chmodSync(join(library, 'moorage.mjs'), 0o755);
  return filesBelow(join(tree, 'etc')).map((path) => `/etc/${path}`);
}

/**
 * The package depends on Debian's node; another one that comes first on somebody's PATH is not what was tested.
 *
 * @param {string} script
 */
function withDebiansNode(script) {
  return script.replace(/^#!.*\n/, '#!/usr/bin/node\n');
}

/**
 * @param {string} path
 * @param {string | Buffer} content
 */
function writeZipped(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, gzipSync(content, { level: 9 }));
}

/** Whatever they are in the checkout. @param {string} folder */
function setModes(folder) {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) setModes(path);
    else if (entry.isFile()) chmodSync(path, 0o644);
  }
}

/**
 * @param {string} folder
 * @returns {string[]} relative paths, sorted
 */
function filesBelow(folder) {
  const found = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? filesBelow(join(folder, entry.name)).map((path) => `${entry.name}/${path}`)
      : entry.name,
  );
  return found.sort();
}
