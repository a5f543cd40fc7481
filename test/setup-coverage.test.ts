import ts from 'typescript';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, type Point } from './coverage/instrument.mjs';
import { report, totals } from './coverage/report.mjs';

const SOURCE = `function sign(value: number): string {
  if (value > 10) return 'big';
  if (value < 0 || value == 7)
    for (let i = 0; i < 2; i++) value += 1;
  return value > 5 ? 'plus' : 'minus';
}
`;

/** Runs the instrumented function and returns its answers and what was not reached, as `line what`. */
function reach(...values: number[]) {
  const points: Point[] = [];
  const hits: number[] = [];
  const code = ts.transpile(`${instrument('sign.ts', SOURCE, points)}\nreturn sign;`, {
    target: ts.ScriptTarget.ES2022,
  });
  const sign = new Function('hit', code)((i: number) => {
    hits[i] = 1;
  }) as (value: number) => string;
  const answers = values.map(sign);
  const missed = points.filter((_, i) => !hits[i]).map(({ line, what }) => `${line} ${what}`);
  return { answers, missed, points, hits };
}

const coverage = suite('setup: coverage');

coverage('counters change no answer, and each branch that is not taken is named with its line', () => {
  const { answers, missed } = reach(1);
  assert.equal(answers, ['minus']);
  assert.equal(
    missed.sort(),
    [
      "2 return 'big';",
      "2 return 'big';",
      '3 for (let i = 0; i < 2; i++) value += 1;',
      '3 for (let i = 0; i < 2; i++) value += 1;',
      '3 value += 1;',
      '3 value += 1;',
      "5 'plus'",
    ].map((text) => text.replace(/^3 (for|value)/, '4 $1')),
  );
  assert.equal(reach(1, 11, -3, 7).missed, []);
  assert.equal(reach(-3).missed.includes('3 never false: value < 0 || value == 7'), true);
});

coverage('the totals count lines and branches, and the report lists what is missing', () => {
  const { points, hits } = reach(1);
  const { lines, branches } = totals(points, hits, 'sign.ts');
  assert.equal(lines, { of: 4, reached: 2 });
  assert.equal(branches, { of: 8, reached: 4 });
  assert.match(report(points, hits), /not reached:\n {2}sign\.ts:2 branch return 'big';/);
});

coverage.run();
