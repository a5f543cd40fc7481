import type { Fact, Facts } from './facts.ts';

/** A part of a table: the states that no section before it has taken, told apart by these facts, in this order. */
export interface Section {
  title: string;
  takes(facts: Facts): boolean;
  order: readonly Fact[];
}

const REST: Fact[] = [
  'pause',
  'unmount',
  'settling',
  'owed',
  'witnessed',
  'plain',
  'binds',
  'exists',
  'mounted',
  'rw',
  'ro',
];

/** The named facts first, then all others: what makes no difference does not show. */
function first(...names: Fact[]): Fact[] {
  return [...names, ...REST.filter((name) => !names.includes(name))];
}

function hasBind({ rw, ro }: Facts): boolean {
  return rw === 'yes' || ro === 'yes';
}

/** The driver counts one of ours. */
function isForUs({ mounted, owed }: Facts): boolean {
  return mounted !== 'no' && (owed === 'maybe' || owed === 'surely');
}

function isUncertain({ mounted, rw, ro }: Facts): boolean {
  return mounted === 'unknown' || rw === 'unknown' || ro === 'unknown';
}

const UNHEARD: Section = {
  title: '`unmount` open',
  takes: ({ unmount }) => unmount === 'open',
  order: first('pause'),
};

export const NOT_WANTED_SECTIONS: readonly Section[] = [
  UNHEARD,
  { title: 'a pause runs', takes: ({ pause }) => pause === 'yes', order: first() },
  { title: 'a bind is there', takes: hasBind, order: first('rw', 'ro') },
  { title: '`mounted`, `rw` or `ro` unknown', takes: isUncertain, order: first() },
  {
    title: 'nothing bound',
    takes: () => true,
    order: first('mounted', 'owed', 'witnessed', 'settling'),
  },
];

export const WANTED_SECTIONS: readonly Section[] = [
  UNHEARD,
  { title: '`mounted`, `rw` or `ro` unknown', takes: isUncertain, order: first() },
  {
    title: 'a pause runs; not mounted for us',
    takes: (facts) => facts.pause === 'yes' && !isForUs(facts),
    order: first(),
  },
  { title: 'a pause runs', takes: ({ pause }) => pause === 'yes', order: first('binds', 'rw', 'ro') },
  {
    title: 'not mounted for us; a bind is there',
    takes: (facts) => !isForUs(facts) && hasBind(facts),
    order: first('rw'),
  },
  { title: 'not mounted for us', takes: (facts) => !isForUs(facts), order: first('exists') },
  { title: 'mounted for us', takes: () => true, order: first('binds', 'rw', 'ro') },
];
