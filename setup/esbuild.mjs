import { configCheck } from './config_check.mjs';
import { SetupError } from './failure.mjs';

/** What all bundles have in common. @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  platform: 'node',
  target: 'node18',
  logLevel: 'silent',
  legalComments: 'inline',
};

/**
 * msgpackr takes a native addon for long strings when there is one. The bundles do without: frames are short, and a process
 * that embeds Node loads no further addon.
 *
 * @type {import('esbuild').Plugin}
 */
const withoutExtractor = {
  name: 'without-extractor',
  setup(build) {
    build.onResolve({ filter: /^msgpackr-extract$/ }, ({ path }) => ({ path, namespace: 'absent' }));
    build.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: 'module.exports = undefined;' }));
  },
};

/**
 * Makes bundles with esbuild.
 *
 * @param {{ root: string, note: (text: string) => void }} context
 * @param {import('esbuild').BuildOptions[]} all  paths in them are relative to the checkout
 */
export async function bundle({ root, note }, all) {
  const esbuild = await import('esbuild');
  try {
    for (const options of all) {
      const { warnings } = await esbuild.build({
        ...common,
        absWorkingDir: root,
        plugins: [withoutExtractor, configCheck(root)],
        ...options,
      });
      for (const text of await esbuild.formatMessages(warnings, { kind: 'warning' })) note(text.trimEnd());
    }
  } catch (error) {
    const { errors } = /** @type {import('esbuild').BuildFailure} */ (error);
    if (!errors) throw error;
    const texts = await esbuild.formatMessages(errors, { kind: 'error' });
    throw new SetupError(`esbuild could not make the bundle:\n${texts.join('').trimEnd()}`);
  } finally {
    await esbuild.stop();
  }
}
