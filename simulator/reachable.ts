import { type Coverage, EVENTS, FACTS, FAULTS } from './coverage.ts';

/** Facts × events that cannot be, or only by chance upon chance; what is not given is any. The first that fits counts. */
interface Rule {
  readonly events: readonly string[];
  readonly facts: RegExp;
  readonly why: string;
}

const IMPOSSIBLE: readonly Rule[] = [
  { events: ['prepare'], facts: / free$/, why: 'who asks for a volume waits for it' },
  {
    events: ['isolate'],
    facts: / (free|waited)$/,
    why: 'the process of a container begins when it holds its volumes',
  },
  { events: ['recover', 'restart'], facts: / waited$/, why: 'with the host every open prepare has ended' },
  { events: ['unmount'], facts: / (rw|ro) /, why: 'nothing that is bound is being unmounted' },
];

const LATE = 'needs a bind or a mount that came late, or one of another client, while this was under way';
const TAKEN = 'needs a mount that somebody took away, and this before anybody looks';
const UNKNOWN = 'needs a holder that only a lost journal knew of, and another task on the same volume since';
const RARE: readonly Rule[] = [
  { events: ['unmount'], facts: / held$/, why: UNKNOWN },
  { events: ['create'], facts: /^driver\+|(rw|ro) | held$/, why: LATE },
  { events: ['get', 'mount'], facts: /(rw|ro) | held$/, why: LATE },
  {
    events: ['bind', 'detach', 'update', 'operator', 'configure'],
    facts: /^driver-.*(held| rw ro | ro )/,
    why: TAKEN,
  },
  { events: ['operator'], facts: /^driver- held$/, why: TAKEN },
  { events: ['lost'], facts: /rw ro /, why: 'needs both modes bound, one of them gone, and only then told' },
];

/** What has to be hit after every fault; all other pairs of facts and event after any. */
const WITH_EVERY_FAULT: Record<string, string> = {
  'driver- free':
    'update destroy cleanup get unmount detach observe place tick lost operator configure recover restart',
  'driver- waited': 'prepare update destroy cleanup get mount unmount place tick configure',
  'driver- rw free': 'cleanup',
  'driver- rw waited': 'prepare',
  'driver+ free':
    'update destroy cleanup get mount unmount detach observe place tick operator configure recover restart',
  'driver+ waited': 'prepare update destroy cleanup get mount unmount detach observe place tick configure',
  'driver+ rw free': 'destroy cleanup bind observe place tick configure',
  'driver+ rw waited': 'prepare update destroy cleanup bind observe place tick',
  'driver+ rw held': 'prepare isolate update destroy cleanup observe place tick',
  'driver+ ro free': 'cleanup bind detach observe place tick',
  'driver+ ro waited': 'prepare cleanup bind detach observe place tick',
  'driver+ ro held': 'prepare isolate destroy cleanup place tick',
  'driver+ rw ro free': 'cleanup bind observe tick',
  'driver+ rw ro waited': 'prepare cleanup bind place',
  'driver+ rw ro held': 'prepare isolate destroy cleanup bind place tick',
};

/**
 * Faults after which a pair is too rare to be asked for: before the first fault most of what is odd has not happened yet; after a
 * reboot nothing is mounted; and mounts stay dead only with one kind of driver.
 */
const NOT_AFTER: Record<string, Record<string, string>> = {
  none: {
    'driver- free': 'detach lost',
    'driver- rw free': 'cleanup',
    'driver- rw waited': 'prepare',
    'driver+ free': 'get unmount recover restart',
    'driver+ waited': 'get unmount',
    'driver+ rw free': 'observe',
    'driver+ rw waited': 'observe',
    'driver+ rw held': 'observe',
    'driver+ ro free': 'observe',
    'driver+ ro waited': 'observe',
    'driver+ rw ro free': 'observe',
  },
  reboot: {
    'driver- free': 'detach lost',
    'driver- rw free': 'cleanup',
    'driver- rw waited': 'prepare',
    'driver+ free': 'update get unmount operator recover restart',
    'driver+ waited': 'get unmount',
    'driver+ rw free': 'destroy observe configure',
    'driver+ rw waited': 'observe',
    'driver+ rw held': 'observe',
    'driver+ ro free': 'observe',
    'driver+ ro waited': 'detach observe',
    'driver+ rw ro free': 'bind observe',
  },
  'dead-mount': {
    'driver- free': 'update detach lost recover restart',
    'driver- waited': 'update mount place configure',
    'driver- rw free': 'cleanup',
    'driver- rw waited': 'prepare',
    'driver+ free': 'update destroy operator recover restart',
    'driver+ waited': 'update unmount configure',
    'driver+ rw free': 'destroy configure',
    'driver+ rw waited': 'update destroy observe',
    'driver+ rw held': 'update observe',
    'driver+ ro free': 'bind observe place',
    'driver+ ro waited': 'cleanup detach observe',
    'driver+ ro held': 'isolate destroy cleanup place tick',
    'driver+ rw ro free': 'bind observe tick',
    'driver+ rw ro waited': 'prepare cleanup bind',
    'driver+ rw ro held': 'prepare destroy bind',
  },
};

/** A cell of the table; without a fault any will do. */
export interface Cell {
  readonly facts: string;
  readonly event: string;
  readonly fault: string;
}

function fits(rules: readonly Rule[], facts: string, event: string): boolean {
  return rules.some((rule) => rule.events.includes(event) && rule.facts.test(facts));
}

function isAsked(facts: string, event: string, fault: string): boolean {
  if (!WITH_EVERY_FAULT[facts]?.split(' ').includes(event)) return false;
  return !NOT_AFTER[fault]?.[facts]?.split(' ').includes(event);
}

/** What a long run has to hit and did not, how many cells those are, and what was hit that cannot be. */
export function missingCells(coverage: Coverage): { missing: Cell[]; reachable: number; wrong: Cell[] } {
  const missing: Cell[] = [];
  const wrong: Cell[] = [];
  let reachable = 0;
  FACTS.forEach((facts, row) => {
    EVENTS.forEach((event, column) => {
      const from = (row * EVENTS.length + column) * FAULTS.length;
      const hits = coverage.cells.subarray(from, from + FAULTS.length);
      const isHit = hits.some((count) => count > 0);
      if (fits(IMPOSSIBLE, facts, event)) {
        if (isHit) wrong.push({ facts, event, fault: 'any' });
        return;
      }
      if (fits(RARE, facts, event)) return;
      reachable += 1;
      if (!isHit) missing.push({ facts, event, fault: 'any' });
      FAULTS.forEach((fault, index) => {
        if (!isAsked(facts, event, fault)) return;
        reachable += 1;
        if (hits[index] === 0) missing.push({ facts, event, fault });
      });
    });
  });
  return { missing, reachable, wrong };
}
