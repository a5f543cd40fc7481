import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../esbuild.mjs';
import { digest, stamped } from '../stamp.mjs';

/** An ES module has no `require`, which bundled CommonJS packages call. */
const banner = `#!/usr/bin/env node
import { createRequire as moorageCreateRequire } from 'node:module';
const require = moorageCreateRequire(import.meta.url);`;

const host = 'build/host.cjs';
const command = 'build/moorage.mjs';

/** The host, for libnode and plain Node, and the command. */
export const bundles = stamped({
  name: 'bundles',
  does: 'bundle host/ and cli/ to build/host.cjs and build/moorage.mjs',
  levels: ['full', 'addon', 'policy'],

  key: ({ root }) =>
    digest(root, [
      'host',
      'cli',
      'driver',
      'assembly',
      'examples',
      'package.json',
      'package-lock.json',
      'setup/steps/bundles.mjs',
      'setup/esbuild.mjs',
    ]),
  outputs: ({ root }) => [join(root, host), join(root, command)],

  run: async (context) => {
    await bundle(context, [
      { entryPoints: ['host/main.ts'], outfile: host, format: 'cjs' },
      { entryPoints: ['cli/moorage.ts'], outfile: command, format: 'esm', banner: { js: banner } },
    ]);
    chmodSync(join(context.root, command), 0o755);
  },
});
