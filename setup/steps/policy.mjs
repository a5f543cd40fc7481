import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../command.mjs';
import { SetupError } from '../failure.mjs';
import { digest, stamped } from '../stamp.mjs';

const wasm = 'policy.wasm';

/** The policy, by asconfig.json. The working directory is fixed: its bytes depend on relative paths only. */
export const policy = stamped({
  name: 'policy',
  does: 'compile assembly/ to build/policy.wasm',
  levels: ['full', 'addon', 'policy'],

  key: ({ root }) =>
    digest(root, ['assembly', 'asconfig.json', 'package-lock.json', 'setup/steps/policy.mjs']),
  outputs: ({ build }) => [join(build, wasm)],

  run: async (context) => {
    const asc = join('node_modules', 'assemblyscript', 'bin', 'asc.js');
    // Without the flag asc starts itself a second time only to set it.
    await run(context, process.execPath, ['--enable-source-maps', asc, '--config', 'asconfig.json'], {
      cwd: context.root,
      failure: 'the policy was not compiled',
    });
    await requirePure(join(context.build, wasm));
  },
});

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
