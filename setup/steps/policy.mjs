import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../command.mjs';
import { SetupError } from '../failure.mjs';
import { digest, stamped } from '../stamp.mjs';
import { buildVariant, variantFile, variantNames } from '../variant.mjs';

const wasm = 'policy.wasm';

/** The policy, by asconfig.json, and its variants. The working directory is fixed: its bytes depend on relative paths only. */
export const policy = stamped({
  name: 'policy',
  does: 'compile assembly/ to build/policy.wasm, and with examples/policies/ to build/policies/',
  levels: ['full', 'addon', 'policy'],

  key: ({ root }) =>
    digest(root, [
      'assembly',
      'asconfig.json',
      'examples/policies',
      'package-lock.json',
      'setup/steps/policy.mjs',
      'setup/variant.mjs',
    ]),
  outputs: ({ root, build }) => [
    join(build, wasm),
    ...variantNames(root).map((name) => variantFile(build, name)),
  ],

  run: async (context) => {
    await compile(context, context.root);
    // Whatever the umask was: a policy that others can write is refused.
    chmodSync(join(context.build, wasm), 0o644);
    await requirePure(join(context.build, wasm));
    for (const name of variantNames(context.root)) {
      await buildVariant(context, name, (directory) => compile(context, directory));
      await requirePure(variantFile(context.build, name));
    }
  },
});

/**
 * @param {import('../main.mjs').Context} context
 * @param {string} directory  with assembly/ and asconfig.json
 */
async function compile(context, directory) {
  const asc = join(context.root, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
  // Without the flag asc starts itself a second time only to set it.
  await run(context, process.execPath, ['--enable-source-maps', asc, '--config', 'asconfig.json'], {
    cwd: directory,
    failure: 'the policy was not compiled',
  });
}

/**
 * A policy that imports anything could see more than its events, and the host refuses it.
 *
 * @param {string} path
 */
async function requirePure(path) {
  const imports = WebAssembly.Module.imports(await WebAssembly.compile(readFileSync(path)));
  if (imports.length === 0) return;
  const names = imports.map((entry) => `${entry.module}.${entry.name}`).join(', ');
  throw new SetupError(
    `${path} imports ${names}: a policy has no imports; see "use" in asconfig.json for where they come from`,
  );
}
