import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { nativeSuite, runAsRoot } from './native_bench.ts';
import { CASES, type RaceCase } from './race/cases.ts';
import { attack, compile, type Field, makeField, type Programs } from './race/field.ts';

const { test: race, testOfMachine, bench } = nativeSuite('race-mounts');

/** The long form plays each case that often; else as often as its time allows. */
const ROUNDS = Number(process.env.MOORAGE_RACE_ROUNDS ?? 0);
const CASE_MS = 500;
/** Where the machine is busy the attacker may not have been met by then. */
const PATIENCE_MS = 10_000;

let programs: Programs;
race.before(() => {
  if (process.geteuid?.() === 0) programs = compile(bench.directory('programs'));
});

interface Figures {
  rounds: number;
  done: number;
  refused: number;
  harm: string[];
}

/** Rounds until there were enough of them, at least as many as it takes for both ends to have come, if they come. */
async function play(one: RaceCase, field: Field): Promise<Figures> {
  const figures: Figures = { rounds: 0, done: 0, refused: 0, harm: [] };
  const end = performance.now() + CASE_MS;
  const isOneSided = () => figures.done === 0 || figures.refused === 0;
  const goesOn = () =>
    ROUNDS > 0
      ? figures.rounds < ROUNDS
      : performance.now() < end || (isOneSided() && performance.now() < end + PATIENCE_MS);
  while (goesOn()) {
    figures.rounds += 1;
    const said = await one.round(field).then(
      (words) => {
        figures.done += 1;
        return words;
      },
      () => {
        figures.refused += 1;
        return undefined;
      },
    );
    if (said !== undefined) figures.harm.push(said);
    figures.harm.push(...field.harm());
  }
  return figures;
}

async function playAttached(path: string, field: Field): Promise<Figures> {
  const limits = ROUNDS > 0 ? [ROUNDS, 0] : [0, CASE_MS];
  const args = [
    join(field.driver, 'volume'),
    field.sandbox,
    path,
    join(field.outside, 'vol'),
    ...limits.map(String),
  ];
  const said = execFileSync(await programs.attach, args, { encoding: 'utf8' });
  const [rounds = 0, done = 0, refused = 0, escapes = 0] = said.split(' ').map(Number);
  const harm = [...field.harm(), ...(escapes > 0 ? [`mounted outside ${escapes} times`] : [])];
  return { rounds, done, refused, harm };
}

for (const [index, one] of CASES.entries()) {
  // A user namespace with one user has nobody to give a directory to: the control of `place` could not go wrong there.
  const test = one.title.startsWith('place') ? testOfMachine : race;
  test(`${one.title}: nothing outside is touched`, async () => {
    const field = makeField(bench.directory(`case ${index}`));
    try {
      const attacker = attack(programs.attacker, await one.arrange(field));
      let figures: Figures;
      let lost = '';
      try {
        figures = await (one.attach === undefined ? play(one, field) : playAttached(one.attach, field));
      } finally {
        lost = await attacker.stop();
      }
      const { rounds, done, refused, harm } = figures;
      process.stdout.write(
        `\n  ${one.title}: ${rounds} rounds, ${done} done, ${refused} refused, ${harm.length} harmful`,
      );
      assert.equal([...new Set(harm)], []);
      assert.ok(lost === '' || lost === '0', `the attacker lost ${lost} mounts of his own`);
      assert.ok(done > 0, 'it never came about');
      assert.ok(refused > 0, 'the attacker was never met');
    } finally {
      field.clear();
    }
  });
}

/** The same attacker and the same work by path: it must go wrong, or he proves nothing. */
function control(title: string, what: string, args: (field: Field) => string[], target: string): void {
  const test = what === 'make' ? testOfMachine : race;
  test(`control: ${title} goes wrong under the same attacker`, async () => {
    const field = makeField(bench.directory(`control ${what}`));
    try {
      mkdirSync(join(field.sandbox, 'a', 'vol'), { recursive: true });
      symlinkSync(field.outside, join(field.sandbox, 'decoy'));
      const attacker = attack(programs.attacker, [
        'exchange',
        join(field.sandbox, 'a'),
        join(field.sandbox, 'decoy'),
      ]);
      try {
        const words = [what, ...args(field), join(field.outside, target), String(CASE_MS)];
        const said = execFileSync(programs.byPath, words, { encoding: 'utf8' });
        const [rounds = 0, harmful = 0] = said.split(' ').map(Number);
        process.stdout.write(`\n  control, ${title}: ${rounds} rounds, ${harmful} harmful`);
        assert.ok(harmful > 0, 'the attacker is too slow: the other tests show nothing');
      } finally {
        await attacker.stop();
      }
    } finally {
      field.clear();
    }
  });
}

const path = ({ sandbox }: Field) => join(sandbox, 'a', 'vol');
control('mount(2)', 'mount', (field) => [join(field.driver, 'volume'), path(field)], 'vol');
control('umount(2)', 'unmount', (field) => [path(field)], 'vol');
control('mkdir and chown', 'make', (field) => [path(field)], 'vol');

await runAsRoot(race, bench, 'race-mounts');
