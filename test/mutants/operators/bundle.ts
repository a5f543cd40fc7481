import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../../../setup/esbuild.mjs';
import { portableBundle } from '../../../setup/portable.mjs';
import type { Mutant } from './schemata.ts';
import { guardSources } from './sources.ts';

/** Tests that hold two builds or the lists of faults together say nothing about decisions. */
const NOT_ASKED = /^policy-(portable|mutants|collector)\./;

export interface Bundles {
  mutants: Mutant[];
  /** The policy with all faults, to be switched. */
  policy: string;
  /** The same, noting which places are reached. */
  reaching: string;
  /** The judge with all tests of the policy. */
  judge: string;
}

const note = (text: string) => process.stderr.write(`${text}\n`);

/** Makes the programs of a run in `folder`. */
export async function makeBundles(
  root: string,
  folder: string,
  folders: readonly string[],
  leftOut?: RegExp,
): Promise<Bundles> {
  const policy = join(folder, 'policy.cjs');
  const reaching = join(folder, 'reaching.cjs');
  const { mutants, texts } = guardSources(root, folders, (id) => `$m === ${id}`);
  const noting = guardSources(root, folders, (id) => `$at(${id})`).texts;
  const at = `const $reached = new Uint8Array(${mutants.length + 1});
const $at = (id) => { $reached[id] = 1; return false; };
exports.takeReached = () => { const all = $reached.slice(); $reached.fill(0); return all; };`;
  await bundle({ root, note }, [switched(root, policy, texts, ''), switched(root, reaching, noting, at)]);
  return { mutants, policy, reaching, judge: await makeJudge(root, folder, 'worker', leftOut) };
}

/** One of the threads in judge/ with all tests of the policy. */
export async function makeJudge(
  root: string,
  folder: string,
  worker: 'worker' | 'wasm_worker',
  leftOut: RegExp = /^$/,
): Promise<string> {
  const outfile = join(folder, 'judge.mjs');
  const names = readdirSync(join(root, 'test')).filter(
    (name) => /^policy-.*\.test\.ts$/.test(name) && !NOT_ASKED.test(name) && !leftOut.test(name),
  );
  const imports = [...names.map((name) => `./${name}`), `./mutants/judge/${worker}.ts`];
  const collect = join(root, 'test/mutants/judge/collect.ts');
  await bundle({ root, note }, [
    {
      stdin: {
        contents: imports.map((file) => `import '${file}';`).join('\n'),
        resolveDir: join(root, 'test'),
      },
      outfile,
      format: 'esm',
      packages: 'external',
      sourcemap: 'inline',
      sourcesContent: false,
      plugins: [
        {
          name: 'collect',
          setup: (build) => void build.onResolve({ filter: /^uvu$/ }, () => ({ path: collect })),
        },
      ],
    },
  ]);
  return outfile;
}

function switched(root: string, outfile: string, texts: Map<string, string>, more: string) {
  const options = portableBundle(root, outfile, (path, text) => texts.get(path) ?? text);
  const head = `let $m = 0, $t = 0, $most = Infinity;
const $stuck = () => { throw new Error('it does not end'); };
const $read = (list, at) => {
  if (at >= 0 && at < list.length) return list[at];
  throw new Error('past the end of a list');
};
exports.choose = (id) => { $m = id; };
exports.allow = (turns) => { $t = 0; $most = turns; };
exports.turns = () => $t;
${more}`;
  return { ...options, sourcemap: false as const, banner: { js: `${head}\n${options.banner?.js ?? ''}` } };
}
