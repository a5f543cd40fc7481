import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MUTANTS } from './mutants/list.ts';

const list = suite('policy: the list of faults');

list('every fault of npm run mutants still fits the source, so that it cannot be passed over', () => {
  for (const { name, file, from, to } of MUTANTS) {
    const count = readFileSync(file, 'utf8').split(from).length - 1;
    assert.is(count, 1, `${name}: its text stands ${count} times in ${file}; mend test/mutants/list.ts`);
    assert.not.equal(from, to);
  }
  assert.is(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length, 'two faults of one name');
});

list.run();
