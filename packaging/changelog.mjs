import { libnodeHere } from '../setup/libnode_place.mjs';
import { fullVersion } from './identity.mjs';

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * The changelog of the package itself, which is not kept apart from moorage's (deb-changelog(5)).
 *
 * @param {import('./identity.mjs').Identity} identity
 */
export function debianChangelog(identity) {
  const { upstream, maintainer, epoch, mesos } = identity;
  const module = mesos ? `with the module for Mesos ${mesos}` : 'without a module for Mesos';
  return `moorage (${fullVersion(identity)}) ${libnodeHere().codename}; urgency=medium

  * moorage ${upstream}, ${module}.
    What is new stands in changelog.gz.

 -- ${maintainer}  ${dateOf(epoch)}
`;
}

/** As in mail (RFC 5322), in UTC. @param {number} epoch */
function dateOf(epoch) {
  const at = new Date(epoch * 1000);
  const two = (/** @type {number} */ number) => String(number).padStart(2, '0');
  const time = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(':');
  const day = `${days[at.getUTCDay()]}, ${two(at.getUTCDate())} ${months[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
  return `${day} ${time} +0000`;
}
