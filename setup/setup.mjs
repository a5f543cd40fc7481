/**
 * Brings a fresh clone to the point where `npm start` and `npm test` can run: packages, policy, bundles, native parts.
 * Run by `prestart` and `pretest`. Everything it says goes to stderr, so that a command behind it owns stdout.
 *
 * This file only refuses a Node that is too old to read the others; it must stay readable for such a Node.
 */
const wanted = { major: 18, minor: 20 };
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < wanted.major || (major === wanted.major && minor < wanted.minor)) {
  process.stderr.write(
    `setup: this is Node ${process.versions.node}; moorage needs Node ${wanted.major}.${wanted.minor} or later. ` +
      'Put a newer node first on PATH and run the same command again.\n',
  );
  process.exitCode = 1;
} else {
  import('./main.mjs').then(({ main }) => main(process.argv.slice(2)));
}
