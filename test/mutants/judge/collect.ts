/**
 * Takes the place of uvu where the tests of the policy are gathered to be run one by one: `suite` keeps each test instead of running it.
 * `uvu/assert` stays as it is.
 */
export interface Collected {
  /** Suite and title. */
  name: string;
  run(): unknown;
}

/** All tests of the files that have been imported so far. */
export const collected: Collected[] = [];

type Body = () => unknown;

/** A suite that knows titles and bodies, which is all that the policy's tests use. */
export function suite(suiteName: string) {
  const tests: Collected[] = [];
  const add = (title: string, run: Body) => {
    tests.push({ name: `${suiteName}: ${title}`, run });
  };
  const refuse = (what: string) => () => {
    throw new Error(`${suiteName}: the fault runs know no ${what}; see test/mutants/judge/collect.ts`);
  };
  return Object.assign(add, {
    run: () => {
      collected.push(...tests.splice(0));
    },
    skip: () => {},
    only: refuse('only'),
    before: Object.assign(refuse('before'), { each: refuse('before.each') }),
    after: Object.assign(refuse('after'), { each: refuse('after.each') }),
  });
}
