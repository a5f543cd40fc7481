import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A stamp says what a step was made from and what it made. It is written last, so an interrupted or failed step has none.
 *
 * @typedef {object} Stamp
 * @property {string} key                       digest over the inputs
 * @property {[path: string, mark: string][]} outputs  size and time of change of each file made
 */

/**
 * A step that is fresh as long as its inputs and its outputs are what they were when it last ended well.
 *
 * @param {Omit<import('./main.mjs').Step, 'fresh'> & {
 *   key: (context: import('./main.mjs').Context) => string,
 *   outputs: (context: import('./main.mjs').Context) => string[],
 * }} step  `key` is taken before the step runs, so that a change during it makes the next run do it again
 * @returns {import('./main.mjs').Step}
 */
export function stamped({ key, outputs, ...step }) {
  return {
    ...step,
    fresh: (context) => {
      const stamp = readStamp(stampPath(context, step.name));
      return stamp !== undefined && stamp.key === key(context) && stamp.outputs.every(isUnchanged);
    },
    run: async (context) => {
      const path = stampPath(context, step.name);
      rmSync(path, { force: true });
      const keyBefore = key(context);
      await step.run(context);
      writeStamp(path, { key: keyBefore, outputs: outputs(context).map((file) => [file, mark(file)]) });
    },
  };
}

/**
 * Digest over names and contents of files; folders are read with all below them, hidden files left out. What does not
 * exist counts as such.
 *
 * @param {string} root
 * @param {string[]} paths  relative to root
 * @param {string[]} [also] further words that make a difference
 */
export function digest(root, paths, also = []) {
  const hash = createHash('sha256');
  for (const word of also) hash.update(`word ${word}\0`);
  for (const path of paths) addPath(hash, root, path);
  return hash.digest('hex');
}

/**
 * @param {import('node:crypto').Hash} hash
 * @param {string} root
 * @param {string} path
 */
function addPath(hash, root, path) {
  const absolute = join(root, path);
  const stat = statSync(absolute, { throwIfNoEntry: false });
  if (stat?.isDirectory()) {
    const names = readdirSync(absolute).filter((name) => !name.startsWith('.'));
    for (const name of names.sort()) addPath(hash, root, `${path}/${name}`);
  } else if (stat?.isFile()) {
    hash.update(`file ${path}\0${stat.size}\0`).update(readFileSync(absolute));
  } else {
    hash.update(`none ${path}\0`);
  }
}

/**
 * @param {{ build: string }} context
 * @param {string} name
 */
function stampPath({ build }, name) {
  return join(build, 'stamps', `${name}.json`);
}

/**
 * @param {string} path
 * @returns {Stamp | undefined}
 */
function readStamp(path) {
  try {
    const stamp = JSON.parse(readFileSync(path, 'utf8'));
    return typeof stamp?.key === 'string' && Array.isArray(stamp.outputs) ? stamp : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} path
 * @param {Stamp} stamp
 */
function writeStamp(path, stamp) {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify(stamp));
  renameSync(`${path}.new`, path);
}

/** @param {[path: string, mark: string]} output */
function isUnchanged([path, recorded]) {
  return mark(path) === recorded;
}

/**
 * Size and time of change of a file, `none` where there is none.
 *
 * @param {string} path
 */
export function mark(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.size} ${stat.mtimeMs}` : 'none';
}
