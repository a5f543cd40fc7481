import { readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

/**
 * Compiles assembly/ as plain TypeScript: what AssemblyScript has everywhere is imported from portable/prelude.ts, and the file that
 * knows raw memory is replaced by its twin.
 *
 * @param {string} root  of the checkout
 * @param {(path: string, text: string) => string} change
 * @returns {import('esbuild').Plugin}
 */
function asTypeScript(root, change) {
  const prelude = `import { Map, __collect, assert, f64, heap, i32, u32, unreachable, usize } from '${join(root, 'portable', 'prelude.ts')}'; `;
  return {
    name: 'portable',
    setup(build) {
      build.onResolve({ filter: /[/]memory\.ts$/ }, ({ importer }) =>
        importer.startsWith(join(root, 'assembly') + sep)
          ? { path: join(root, 'portable', 'memory.ts') }
          : undefined,
      );
      // On the first line, so that line numbers stay.
      build.onLoad({ filter: /[/]assembly[/].*\.ts$/ }, ({ path }) => ({
        contents: prelude + change(path, readFileSync(path, 'utf8')),
        loader: 'ts',
      }));
    },
  };
}

/**
 * The bundle of the portable policy: a module whose one function makes a policy with a state of its own.
 *
 * @param {string} root  of the checkout
 * @param {string} outfile
 * @param {(path: string, text: string) => string} [change]  to each source of assembly/ before it is compiled
 * @returns {import('esbuild').BuildOptions}
 */
export function portableBundle(root, outfile, change = (_, text) => text) {
  return {
    entryPoints: ['portable/instance.ts'],
    outfile,
    format: 'iife',
    globalName: 'instance',
    banner: { js: 'exports.instantiate = () => {' },
    footer: { js: 'return instance;\n};' },
    sourcemap: 'linked',
    sourcesContent: false,
    plugins: [asTypeScript(root, change)],
  };
}
