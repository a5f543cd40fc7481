import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What host/config/check.d.ts declares. */
const name = 'moorage:config-check';

/**
 * Makes the check of the configuration from its schema while a bundle is made: what runs is plain code, without the library that made it.
 *
 * @param {string} root  of the checkout
 * @returns {import('esbuild').Plugin}
 */
export function configCheck(root) {
  const file = join(root, 'docs', 'config.schema.json');
  return {
    name: 'config-check',
    setup(build) {
      build.onResolve({ filter: /^moorage:config-check$/ }, () => ({ path: name, namespace: 'made' }));
      build.onLoad({ filter: /.*/, namespace: 'made' }, async () => {
        const [{ default: ajv }, { default: standalone }] = await Promise.all([
          import('ajv/dist/2020.js'),
          import('ajv/dist/standalone/index.js'),
        ]);
        const schema = JSON.parse(readFileSync(file, 'utf8'));
        const checker = new ajv.Ajv2020({ allErrors: true, code: { source: true } });
        const code = standalone.default(checker, checker.compile(schema));
        return {
          contents: `${code}\nconst check = module.exports;\nmodule.exports = { check, schema: ${JSON.stringify(schema)} };`,
          loader: 'js',
          resolveDir: root,
          watchFiles: [file],
        };
      });
    },
  };
}
