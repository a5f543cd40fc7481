import { libnodeOf } from './libnodes.mjs';
import { parseOsRelease, readOsRelease } from './os_release.mjs';

/**
 * How much can be built: `full` is everything, `addon` all but what embeds libnode (library and agent), `policy` only
 * what needs no native code.
 *
 * @typedef {'full' | 'addon' | 'policy'} Level
 */

/**
 * @typedef {object} Machine
 * @property {string} platform   as process.platform
 * @property {string} arch       as process.arch
 * @property {string} osRelease  text of /etc/os-release, empty when there is none
 */

/** @returns {Machine} */
export function readMachine() {
  return { platform: process.platform, arch: process.arch, osRelease: readOsRelease() };
}

/**
 * Decides from facts about a machine what can be built on it.
 *
 * @param {Machine} machine
 * @returns {{ level: Level, sentence: string }} `sentence` is empty on the platforms that moorage is made for
 */
export function judgePlatform({ platform, arch, osRelease }) {
  const name = parseOsRelease(osRelease).get('PRETTY_NAME') ?? platform;
  const here = `this is ${name} on ${arch}; moorage is made for Debian 12 and 13 on x64.`;
  if (platform !== 'linux') {
    return {
      level: 'policy',
      sentence: `${here} Without Linux there are no mounts to make: the policy and the commands that only need the policy (decide, replay) are built.`,
    };
  }
  if (arch === 'x64' && libnodeOf(osRelease)) {
    return { level: 'full', sentence: '' };
  }
  return {
    level: 'addon',
    sentence: `${here} The isolator library and the agent need its libnode and are left out; the policy, the commands and, where cmake, ninja, a C++ compiler, libcurl and nlohmann-json are installed, build/moorage.node for plain Node are built.`,
  };
}
