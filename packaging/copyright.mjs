import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../setup/failure.mjs';

/** What is compiled into native parts and the policy; of bundles it is read. */
const compiledIn = ['node-addon-api', 'assemblyscript'];

/** A header of Debian's, compiled in as well. */
const json = {
  name: 'nlohmann-json',
  licence: 'MIT',
  file: '/usr/share/doc/nlohmann-json3-dev/copyright',
};

/**
 * The file copyright of the package (machine-readable, version 1.0): moorage's licence, and those of all packages of which there is code in what
 * was built, with their own texts.
 *
 * @param {string} root   of the checkout
 * @param {string} build
 * @returns {string}
 */
export function copyright(root, build) {
  const bundled = ['host.cjs', 'moorage.mjs'].flatMap((name) => packagesIn(join(build, name)));
  const others = [...new Set([...bundled, ...compiledIn])].sort().map((name) => stanza(root, name));
  return `${[head, ...others, jsonStanza()].join('\n\n')}\n`;
}

const head = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: moorage

Files: *
Copyright: the authors of moorage
License: Apache-2.0

License: Apache-2.0
 On Debian systems the whole text of the Apache License, version 2.0, is in /usr/share/common-licenses/Apache-2.0.`;

/**
 * The packages that esbuild put into a bundle: it names the file of each part in a comment.
 *
 * @param {string} bundle
 * @returns {string[]}
 */
function packagesIn(bundle) {
  const names = readFileSync(bundle, 'utf8').matchAll(
    /^\s*\/\/ (?:\S+:)?node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\//gm,
  );
  return Array.from(names, (match) => match[1] ?? '');
}

/**
 * @param {string} root
 * @param {string} name
 */
function stanza(root, name) {
  const folder = join(root, 'node_modules', name);
  const { license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(folder, file), 'utf8') : '';
  const holder = /^\W*copyright (?:\(c\) )?(.*[0-9]{4}.*)$/im.exec(text)?.[1] ?? `the authors of ${name}`;
  const written = typeof author === 'string' ? author : (author?.name ?? '');
  const begin = `Files: ${ofOurs(name)}\nCopyright: ${license === 'MIT' ? holder : written || holder}`;
  if (license === 'Apache-2.0') return `${begin}\nLicense: Apache-2.0`;
  if (!text)
    throw new SetupError(`node_modules/${name} has no licence file, and a package must carry its text`);
  return `${begin}\nLicense: ${license}-${shortName(name)}\n${indented(text)}`;
}

/** Where code of another package lies in ours, which has no files of its own for it. @param {string} name */
function ofOurs(name) {
  if (name === 'assemblyscript') return `usr/lib/moorage/policy.wasm\nComment: parts of ${name}`;
  if (name === 'node-addon-api')
    return `usr/lib/moorage/*.so usr/lib/moorage/*.node\nComment: parts of ${name}`;
  return `usr/lib/moorage/*js\nComment: parts of ${name}`;
}

/** The header is Debian's package, and so is the text of its licence. */
function jsonStanza() {
  const text = existsSync(json.file) ? readFileSync(json.file, 'utf8') : '';
  const [, licence = ''] = /^License: (?:MIT|Expat)\n((?: .*\n)+)/m.exec(text) ?? [];
  if (!licence) throw new SetupError(`${json.file} has no text of its licence; install nlohmann-json3-dev`);
  const holder = /^Copyright: (.*)$/m.exec(text)?.[1] ?? `the authors of ${json.name}`;
  return `Files: usr/lib/moorage/*.so
Comment: parts of ${json.name}
Copyright: ${holder}
License: MIT-${json.name}
${licence.trimEnd()}`;
}

/** @param {string} name */
function shortName(name) {
  return name.replace(/^@/, '').replace('/', '-');
}

/** As a field's further lines: a blank before each, and a full stop on those that are empty. @param {string} text */
function indented(text) {
  return text
    .trim()
    .split('\n')
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`))
    .join('\n');
}
