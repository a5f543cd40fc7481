import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * @typedef {object} MountEntry
 * @property {string} id      the mount's id in this table
 * @property {string} target
 * @property {string} source
 */

/**
 * What the kernel has mounted and attached.
 *
 * @typedef {object} Inventory
 * @property {MountEntry[]} mounts
 * @property {Map<string, string>} loops  file behind each attached loop device, by the device's name
 */

/**
 * Empty where there is no Linux, and without root: a user mounts in a namespace only, which ends with the test's processes, so whatever else comes
 * and goes is somebody else's.
 *
 * @returns {Inventory}
 */
export function takeInventory() {
  if (process.getuid?.() !== 0) return { mounts: [], loops: new Map() };
  return { mounts: readMounts(), loops: readLoops() };
}

/**
 * Mounts and loop devices that were not there before and are ours: below one of our folders, on one of our images, or with
 * our name in their path. Others may mount what they like in the meantime, other tests too: each has a folder of its own among the temporary files.
 *
 * @param {Inventory} before
 * @param {Inventory} after
 * @param {string[]} folders
 * @returns {string[]} a sentence for each
 */
export function findLeaks(before, after, folders) {
  /** @param {string} path */
  const isOurs = (path) =>
    folders.some((folder) => path.startsWith(`${folder}/`)) ||
    (path.includes('moorage') && !path.startsWith(`${tmpdir()}/`));
  const known = new Set(before.mounts.map(mountKey));
  const newLoops = [...after.loops].filter(([name, file]) => before.loops.get(name) !== file && isOurs(file));
  const devices = new Set(newLoops.map(([name]) => `/dev/${name}`));
  const newMounts = after.mounts.filter(
    (mount) => !known.has(mountKey(mount)) && (isOurs(mount.target) || devices.has(mount.source)),
  );
  return [
    ...newMounts.map(({ target, source }) => `it left ${source} mounted on ${target}`),
    ...newLoops.map(([name, file]) => `it left /dev/${name} attached to ${file}`),
  ];
}

/** @param {string} folder */
export function mountedBelow(folder) {
  return readMounts().filter(({ target }) => target.startsWith(`${folder}/`));
}

/** @param {MountEntry} mount */
function mountKey({ id, target }) {
  return `${id} ${target}`;
}

function readMounts() {
  return parseMountInfo(readText('/proc/self/mountinfo'));
}

/**
 * The lines of mountinfo: id, parent, device, root, target, options, optional fields up to `-`, type, source (proc(5)).
 *
 * @param {string} text
 * @returns {MountEntry[]}
 */
export function parseMountInfo(text) {
  const entries = [];
  for (const line of text.split('\n')) {
    const words = line.split(' ');
    const separator = words.indexOf('-', 6);
    if (separator < 0) continue;
    const [id = '', , , , target = ''] = words;
    entries.push({ id, target: decodeBlanks(target), source: decodeBlanks(words[separator + 2] ?? '') });
  }
  return entries;
}

/**
 * Blanks and the like stand as `\040` in the table.
 *
 * @param {string} text
 */
function decodeBlanks(text) {
  return text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** @returns {Map<string, string>} */
function readLoops() {
  const loops = new Map();
  for (const name of readNames('/sys/block').filter((entry) => entry.startsWith('loop'))) {
    const file = readText(join('/sys/block', name, 'loop', 'backing_file')).trimEnd();
    if (file) loops.set(name, file.replace(/ \(deleted\)$/, ''));
  }
  return loops;
}

/** @param {string} path */
function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** @param {string} path */
function readNames(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
