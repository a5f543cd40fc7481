import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { nativeSuite, runAsRoot } from './native_bench.ts';
import { type Seen, watchInside } from './watch/inside.ts';

/** Of an inner run: the folder, and the program that mounts. */
const INSIDE = process.env.MOORAGE_WATCH_INSIDE;
const limitMs = 120_000;

/** What the kernel lacks, and the way that is left then. */
const WAYS: [without: string, way: string][] = [
  ['none', 'fanotify'],
  ['fanotify', 'statmount'],
  ['fanotify,ids', 'mountinfo'],
];

/** Since Linux 6.14, fanotify_mark(2). */
function hasMountEvents(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 14);
}

if (INSIDE !== undefined) {
  const [folder = '', program = ''] = INSIDE.split('\n');
  process.stdout.write(JSON.stringify(await watchInside(folder, program)));
} else await outside();

async function outside(): Promise<void> {
  const { test, bench } = nativeSuite('watch-mounts');
  const programs = bench.directory('programs');
  const compiled = (source: string, name: string) => {
    const program = join(programs, name);
    execFileSync('cc', ['-Wall', '-o', program, source]);
    return program;
  };

  for (const [without, way] of WAYS) {
    test(`somebody else's unmount is told where the kernel has ${way}, with 10,000 mounts`, () => {
      const wrapper = compiled('test/older_kernel.c', 'older_kernel');
      const program = compiled('test/watch/mounts.c', 'mounts');
      const folder = bench.directory(`where the kernel has ${way}`);
      const words = [
        'unshare',
        '-m',
        '--propagation',
        'private',
        process.execPath,
        fileURLToPath(import.meta.url),
      ];
      const env = { ...process.env, MOORAGE_WATCH_INSIDE: `${folder}\n${program}` };
      mkdirSync(folder, { recursive: true });
      const seen = JSON.parse(
        execFileSync(wrapper, [without, ...words], { env, encoding: 'utf8', timeout: limitMs }),
      ) as Seen;
      const sorted = [...seen.tookMs].sort((a, b) => a - b);
      const [median = 0, worst = 0] = [sorted[sorted.length >> 1], sorted.at(-1)];
      process.stdout.write(
        `\n  ${seen.way}, ${seen.mounts} mounts: told after ${median.toFixed(2)} ms (median), ${worst.toFixed(2)} ms (worst of ${sorted.length})`,
      );
      if (way === 'fanotify' && !hasMountEvents()) process.stdout.write('; this kernel has no mount events');
      else assert.is(seen.way, way);
      assert.equal([seen.missed, seen.wrong, seen.idleWakeUps], [[], [], 0]);
    });
  }
  await runAsRoot(test, bench, 'watch-mounts');
}
