/** The faults that are made by rule: that each is one, that a run notices what it should, and a sample of them against the policy's tests. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EQUIVALENT } from './mutants/equivalent.ts';
import { rowsOf } from './mutants/operators/report.ts';
import { runOperators } from './mutants/operators/run.ts';
import { guardSource, type Mutant } from './mutants/operators/schemata.ts';
import { matchListed, problemsOf } from './mutants/operators/settle.ts';

/** One of so many. */
const EVERY = 83;
const SEED = 7;
/** Tests that take seconds each, for what is read rather than decided. */
const SLOW = /frames|hostile|doubled/;

const SOURCE = `class Box { full: boolean = false; }
function count(list: number[], most: number): number {
  let sum = 1;
  for (let i = 0; i < list.length; i++) {
    if (list[i] == 0 && most > 1) continue;
    sum += list[i];
  }
  return sum > most ? most : sum;
}
function tell(text: string, into: string[]): void {
  if (!text) return;
  return add(into, text + '!');
}
function add(into: string[], text: string): void { into.push(text); }
function third(list: number[]): boolean { return list.length > 2 && list[2] > 0; }
`;

function guarded() {
  const file = join(mkdtempSync(join(tmpdir(), 'mutants-')), 'sample.ts');
  writeFileSync(file, SOURCE);
  const program = ts.createProgram([file], { target: ts.ScriptTarget.ES2022 });
  const mutants: Mutant[] = [];
  const source = program.getSourceFile(file) as ts.SourceFile;
  const text = guardSource(source, 'sample.ts', program.getTypeChecker(), (id) => `$m === ${id}`, mutants);
  const code = ts.transpile(text, { target: ts.ScriptTarget.ES2022 });
  const head = `let $t = 0; const $most = 10000; const $stuck = () => { throw new Error('it does not end'); };
const $read = (list, at) => { if (at in list) return list[at]; throw new Error('past the end'); };`;
  const make = new Function(
    '$m',
    `${head}\n${code}\nreturn { count, tell, third, full: () => new Box().full };`,
  );
  return { mutants, choose: (id: number) => make(id) as Sample };
}

interface Sample {
  count(list: number[], most: number): number;
  tell(text: string, into: string[]): void;
  third(list: number[]): boolean;
  full(): boolean;
}

/** What the sample answers to everything. */
function answers(sample: Sample): string {
  const said: string[] = [];
  const tries = [
    () => sample.count([3, 0, 4], 5),
    () => sample.count([1, 0, 2], 40),
    () => sample.count([0, 1], 1),
    () => sample.full(),
    () => sample.tell('', said),
    () => sample.tell('a', said),
    () => sample.third([7, 7]),
    () => sample.third([0, 0, 0]),
    () => sample.third([0, 0, 1]),
    () => sample.third([0, 0, 1, 0]),
  ];
  const seen = tries.map((run) => {
    try {
      return run();
    } catch (error) {
      return (error as Error).message;
    }
  });
  return JSON.stringify([seen, said]);
}

const operators = suite('mutants: faults made by rule');

operators('each fault is described by its texts, and no text that is joined is taken for a sum', () => {
  const { mutants } = guarded();
  const changes = mutants.map(({ within, from, to }) => `${within}: ${from} => ${to}`);
  for (const expected of [
    'Box: full: boolean = false; => full: boolean = true;',
    'count: for (let i = 0; i < list.length; i++) => for (let i = 0; i <= list.length; i++)',
    'count: if (list[i] == 0 && most > 1) => if (most > 1)',
    'count: if (list[i] == 0 && most > 1) => if (list[i] == 0)',
    'count: if (list[i] == 0 && most > 1) => if (list[i] != 0 && most > 1)',
    'count: continue; => ',
    'count: sum += list[i]; => sum -= list[i];',
    'count: sum += list[i]; => ',
    'count: return sum > most ? most : sum; => return sum >= most ? most : sum;',
    'tell: if (!text) => if (text)',
    'tell: return; => ',
    "tell: return add(into, text + '!'); => return;",
    "tell: return add(into, text + '!'); => add(into, text + '!');",
    'add: into.push(text); => ',
  ])
    assert.ok(changes.includes(expected), `${expected} is not among\n${changes.join('\n')}`);
  assert.not.ok(changes.some((change) => change.includes("text - '!'")));
  assert.is(new Set(mutants.map(({ id }) => id)).size, mutants.length);
});

operators('without a fault the source does what it did, and each fault but a few makes a difference', () => {
  const { mutants, choose } = guarded();
  const sound = answers(choose(0));
  assert.is(sound, '[[5,4,1,false,null,null,false,false,true,true],["a!"]]');
  const same = mutants.filter(({ id }) => answers(choose(id)) === sound);
  assert.equal(
    same.map(({ to }) => to),
    // To pass over a 0 or to add it is the same.
    [
      'if (list[i] == 0)',
      'if (list[i] == 0 && most >= 1)',
      'if (list[i] == 0 && most > 2)',
      'if (list[i] == 0 && most > 0)',
      '',
      'return sum >= most ? most : sum;',
      "add(into, text + '!');",
    ],
  );
});

operators('a fault that nobody found is told, and so is an entry of the list that does not hold', () => {
  const { mutants } = guarded();
  const one = { ...(mutants[0] as Mutant), file: 'assembly/x.ts' };
  const entry = { file: 'x.ts', within: one.within, from: one.from, to: one.to, why: 'because' };
  const left = { id: one.id, detail: '', events: 0, ms: 0 };
  const killed = { ...left, killedBy: 'test' as const, detail: 'some test' };
  const told = (list: readonly (typeof entry)[], verdict: typeof left) => {
    const { listed, unmatched } = matchListed([one], list);
    return problemsOf([{ mutant: one, verdict, listed: listed.get(one.id) }], unmatched).map(
      (text) => text.split(/[:\n]/)[0],
    );
  };
  assert.equal(told([], killed), []);
  assert.equal(told([entry], left), []);
  assert.equal(told([], left), ['SURVIVED flag']);
  assert.equal(told([entry], killed), ['listed as equivalent, but test finds it (some test)']);
  assert.equal(told([{ ...entry, to: 'full: boolean = 1;' }], killed), [
    'listed as equivalent, but there is no such fault (or it is listed twice)',
  ]);
  const difference = { scenario: 0, event: 3, frame: '', what: 'another answer' };
  assert.equal(told([entry], { ...left, difference } as typeof left), [
    'listed as equivalent, but random events show another answer',
  ]);
});

operators(
  'of a sample of the faults in assembly/decide each is found by the tests, or listed with a reason',
  async () => {
    const { settled, problems } = await runOperators({
      root: resolve('.'),
      folder: 'operators-sample',
      list: EQUIVALENT,
      isChosen: ({ id, file }, isListed) =>
        file.includes('/decide/') && !file.includes('/step.') && !isListed && id % EVERY === SEED,
      leftOut: SLOW,
      runs: 1,
      scenarios: 0,
    });
    assert.equal(problems, []);
    assert.ok(settled.length > 12, `only ${settled.length} faults`);
    assert.ok(rowsOf(settled).length > 8, 'from all over the decisions');
  },
);

operators.run();
