/**
 * `npm run coverage`: which lines and branches of assembly/ the policy tests reach. Compiles the portable build once more with counters, runs the
 * tests on it, and prints a table. The differential test does not count: it compares, but knows no right answer.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../setup/esbuild.mjs';
import { portableBundle } from '../../setup/portable.mjs';
import { instrument } from './instrument.mjs';
import { report, totals } from './report.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folder = join(root, 'build', 'coverage');
const policy = join(folder, 'portable.cjs');
const words = process.argv.slice(2);
/** Of lines and of branches; what is missing stands in docs/coverage.md. */
const LEAST = 0.98;

rmSync(folder, { recursive: true, force: true });
mkdirSync(join(folder, 'hits'), { recursive: true });

/** @type {import('./instrument.mjs').Point[]} */
const points = [];
const options = portableBundle(root, policy, (path, text) => instrument(relative(root, path), text, points));
await bundle({ root, note: (text) => process.stderr.write(`${text}\n`) }, [
  { ...options, banner: { js: `${counters()}\n${options.banner?.js}` } },
]);

writeFileSync(join(folder, 'points.json'), JSON.stringify(points));

const tests = spawnSync(process.execPath, ['test/run.mjs', ...(words.length > 0 ? words : ['policy-'])], {
  cwd: root,
  env: { ...process.env, MOORAGE_POLICY: policy },
  stdio: ['ignore', 'inherit', 'inherit'],
});
const hits = sum();
process.stdout.write(`\n${report(points, hits)}\n`);
process.exitCode = tests.status ?? 1;
const { lines, branches } = totals(points, hits, '');
const isEnough = [lines, branches].every(({ of, reached }) => reached >= of * LEAST);
if (words.length === 0 && !isEnough) {
  process.stdout.write(
    `Fewer than ${LEAST * 100} % of lines or branches are reached: add tests to test/policy-*.test.ts.\n`,
  );
  process.exitCode = 1;
}

/** Code of the instrumented policy: counts, and leaves the counts behind when the process ends. */
function counters() {
  return `const hits = [];
const hit = (i) => { hits[i] = (hits[i] ?? 0) + 1; };
process.on('exit', () => require('node:fs').writeFileSync(
  require('node:path').join(${JSON.stringify(join(folder, 'hits'))}, process.pid + '.json'), JSON.stringify(hits)));`;
}

function sum() {
  const all = points.map(() => 0);
  for (const name of readdirSync(join(folder, 'hits'))) {
    const hits = /** @type {(number | null)[]} */ (
      JSON.parse(readFileSync(join(folder, 'hits', name), 'utf8'))
    );
    hits.forEach((count, i) => {
      all[i] = (all[i] ?? 0) + (count ?? 0);
    });
  }
  return all;
}
