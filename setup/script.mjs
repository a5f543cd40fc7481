/**
 * Runs a TypeScript program of the checkout: bundles it to build/script/ and starts it with the arguments that follow.
 *
 *   node setup/script.mjs bench/main.ts decide
 */
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundle } from './esbuild.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [program] = process.argv.splice(2, 1);
if (program === undefined) throw new Error('name a program: node setup/script.mjs bench/main.ts');

const outfile = join(root, 'build', 'script', basename(program).replace(/\.ts$/, '.mjs'));
const note = (/** @type {string} */ text) => process.stderr.write(`${text}\n`);
await bundle({ root, note }, [
  {
    entryPoints: [program],
    outfile,
    format: 'esm',
    packages: 'external',
    sourcemap: 'linked',
    sourcesContent: false,
  },
]);
process.chdir(root);
await import(pathToFileURL(outfile).href);
