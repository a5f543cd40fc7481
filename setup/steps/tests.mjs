import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../esbuild.mjs';
import { SetupError } from '../failure.mjs';
import { digest, stamped } from '../stamp.mjs';

const suffix = '.test.ts';

/** Each test file as a module that Node runs by itself; packages stay outside, so that uvu is one and the same. */
export const tests = stamped({
  name: 'tests',
  does: 'bundle test/*.test.ts to build/test',
  levels: ['full', 'addon', 'policy'],

  key: ({ root }) =>
    digest(root, [
      'test',
      'host',
      'cli',
      'driver',
      'assembly',
      'portable',
      'simulator',
      'examples',
      'package-lock.json',
      'setup',
      'packaging',
      'docs/config.schema.json',
    ]),
  outputs: (context) =>
    testNames(context.root).map((name) => join(context.build, 'test', `${name}.test.mjs`)),

  run: async (context) => {
    const names = testNames(context.root);
    if (names.length === 0)
      throw new SetupError(`there are no tests: test/ has no file that ends in ${suffix}`);
    rmSync(join(context.build, 'test'), { recursive: true, force: true });
    await bundle(context, [
      {
        entryPoints: names.map((name) => `test/${name}${suffix}`),
        outdir: 'build/test',
        outbase: 'test',
        outExtension: { '.js': '.mjs' },
        format: 'esm',
        packages: 'external',
        sourcemap: 'linked',
        sourcesContent: false,
      },
    ]);
  },
});

/** @param {string} root */
function testNames(root) {
  const folder = join(root, 'test');
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files.filter((file) => file.endsWith(suffix)).map((file) => file.slice(0, -suffix.length));
}
