import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../esbuild.mjs';
import { portableBundle } from '../portable.mjs';
import { digest, stamped } from '../stamp.mjs';

/** An ES module has no `require`, which bundled CommonJS packages call. */
const banner = `#!/usr/bin/env node
import { createRequire as moorageCreateRequire } from 'node:module';
const require = moorageCreateRequire(import.meta.url);`;

const host = 'build/host.cjs';
const command = 'build/moorage.mjs';
const portable = 'build/portable.cjs';

/** The host, for libnode and plain Node, the command, and the policy as plain TypeScript. */
export const bundles = stamped({
  name: 'bundles',
  does: 'bundle host/, cli/ and portable/ to build/host.cjs, build/moorage.mjs and build/portable.cjs',
  levels: ['full', 'addon', 'policy'],

  key: ({ root }) =>
    digest(root, [
      'host',
      'cli',
      'driver',
      'assembly',
      'portable',
      'simulator',
      'examples',
      'package.json',
      'package-lock.json',
      'setup/steps/bundles.mjs',
      'setup/esbuild.mjs',
      'setup/config_check.mjs',
      'docs/config.schema.json',
      'setup/portable.mjs',
    ]),
  outputs: ({ root }) => [host, command, portable].map((file) => join(root, file)),

  run: async (context) => {
    await bundle(context, [
      { entryPoints: ['host/main.ts'], outfile: host, format: 'cjs' },
      { entryPoints: ['cli/moorage.ts'], outfile: command, format: 'esm', banner: { js: banner } },
      portableBundle(context.root, portable),
    ]);
    chmodSync(join(context.root, command), 0o755);
  },
});
