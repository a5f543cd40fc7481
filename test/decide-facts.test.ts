import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { collapse, never } from './facts/collapse.ts';
import { combinations, WANTED, type Want, whyNever } from './facts/facts.ts';
import { BEGIN, between, END, markdownOf } from './facts/markdown.ts';
import { volumesIn } from './facts/read.ts';
import { compose } from './facts/snapshot.ts';
import { factsTables } from './facts/table.ts';
import { eventSource } from './policy_events.ts';
import { random } from './random.ts';
import { createWorld, openPolicy } from './world.ts';

const tables = suite('decisions: the tables of facts');

/** Spaces and dashes only line a table up. */
function words(text: string): string {
  return text.replace(/ +/g, ' ').replace(/-{2,}/g, '--');
}

tables('ARCHITECTURE.md says of every state what the policy does in it, and leaves no cell empty', () => {
  const made = markdownOf(factsTables());
  const text = readFileSync('ARCHITECTURE.md', 'utf8');
  assert.is(words(text), words(between(text, made)), 'npm run facts writes the tables anew');
  for (const line of made.split('\n').filter((row) => row.startsWith('|')))
    for (const cell of line.slice(1, -1).split('|'))
      assert.ok(cell.trim().length > 0, `an empty cell: ${line}`);
});

tables('a state that the tables call impossible is never reached, whatever happens', () => {
  const policy = openPolicy();
  const fresh = policy.snapshot() as Uint8Array;
  let volumes = 0;
  for (let seed = 1; seed <= 200; seed++) {
    policy.restore(fresh);
    const source = eventSource(random(seed));
    for (let step = 0; step < 200; step++) {
      source.hear(policy.step(source.next()));
      const snapshot = policy.snapshot();
      for (const { key, facts, users } of snapshot ? volumesIn(snapshot) : []) {
        volumes += 1;
        const why = whyNever(facts, users);
        assert.is(why, undefined, `seed ${seed}, step ${step}, ${key}: ${JSON.stringify(facts)}`);
      }
    }
  }
  assert.ok(volumes > 50_000, `${volumes} volumes looked at`);
});

tables('a composed state is read back as what it was composed of', () => {
  const { policy } = createWorld();
  const all = combinations([
    'mounted',
    'rw',
    'exists',
    'unmount',
    'settling',
    'owed',
    'witnessed',
    'plain',
    'pause',
  ]);
  const old = combinations(['mounted'], { rw: 'yes', ro: 'unknown', binds: 'old' });
  const cells = [...all, ...old].map((facts, at) => ({ facts, want: WANTED[at % WANTED.length] as Want }));
  const read = volumesIn(compose(policy, cells));
  assert.equal(
    read.map(({ facts }) => facts),
    cells.map(({ facts }) => facts),
  );
  assert.equal(
    read.map(({ users }) => users),
    cells.map(({ want }) => want.users.length),
  );
});

tables('rows are put together only where all of their cells agree', () => {
  const axes = [
    { name: 'a', values: ['no', 'yes'] },
    { name: 'b', values: ['no', 'yes'] },
  ];
  const rows = collapse(axes, [['x'], ['x'], ['y'], [never('it is not')]]);
  assert.equal(rows, [
    { when: [{ name: 'a', values: ['no'] }], cells: ['x'] },
    { when: [{ name: 'a', values: ['yes'] }], cells: ['y'] },
  ]);
  const differing = collapse(axes, [['x'], ['y'], ['x'], ['x']]);
  assert.is(differing.length, 3);
});

tables('a file without the markers is not written to', () => {
  assert.throws(() => between('text', 'made'), /lacks the lines/);
  assert.is(between(`a\n${BEGIN}\nold\n${END}\nb`, 'new'), `a\n${BEGIN}\n\nnew\n\n${END}\nb`);
});

tables.run();
