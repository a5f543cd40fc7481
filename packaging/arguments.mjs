import { parseArgs } from 'node:util';

export const usage = `npm run package                        build/package/moorage_VERSION_amd64.deb
npm run package -- --revision 2        the same moorage, packaged anew
npm run package -- --without-mesos     without the module: the isolator library, the command, the driver
npm run package -- --try               and installs it in a new tree of this Debian, as root

Options
  --revision N      Debian's revision, what stands behind the version (1)
  --without-mesos   make it although the build has no libmoorage_mesos.so; one that is there is left out
  --try              try it: needs root, debootstrap and the network, and takes some minutes
  --out DIR         where the package and what it is made of go (build/package); begun anew by each run
  --help            this text

The path of the package goes to stdout, words to stderr, what the commands print to DIR/package.log.
SOURCE_DATE_EPOCH is the time of all files, by default that of the last commit; DEBFULLNAME and DEBEMAIL name the maintainer.
Exit codes: 0 done, 1 it could not be made, 2 wrong usage.
`;

/**
 * @typedef {object} Options
 * @property {string} revision
 * @property {boolean} withoutMesos
 * @property {string} [out]
 * @property {boolean} tryIt
 * @property {boolean} help
 * @property {string} [problem] what is wrong with the arguments
 */

/**
 * Reads the command line.
 *
 * @param {string[]} args
 * @returns {Options}
 */
export function readArguments(args) {
  const none = { revision: '1', withoutMesos: false, tryIt: false, help: false };
  try {
    const { values } = parseArgs({
      args,
      options: {
        revision: { type: 'string', default: '1' },
        'without-mesos': { type: 'boolean', default: false },
        try: { type: 'boolean', default: false },
        out: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const { revision = '1', out, help = false } = values;
    if (!/^[0-9][A-Za-z0-9.~]*$/.test(revision)) {
      const problem = `--revision ${revision}: a digit, then letters, digits, "." and "~"`;
      return { ...none, problem };
    }
    const withoutMesos = values['without-mesos'] === true;
    const tryIt = values.try === true;
    return { revision, withoutMesos, tryIt, help, ...(out === undefined ? {} : { out }) };
  } catch (error) {
    return { ...none, problem: `${error instanceof Error ? error.message : error}; see --help` };
  }
}
