/** Recoveries that follow one another; in test/transcripts/, read and found right. */
import { suite } from 'uvu';
import { compareScenarios, createTranscript } from './policy_transcript.ts';
import { failures, start } from './policy_transcript_steps.ts';
import { prepareEvent, RECOVER } from './world.ts';

const transcripts = suite('policy: transcripts of second recoveries');

const [FAILED = {}] = failures('failed');

transcripts('a second recovery keeps back what the first one kept, and no more', () => {
  const container = (id: string) => ({ id, labels: [], env: [], volumes: [], sandbox: '/s', mounts: [] });
  const recover = (journal: string, ids: string[], orphans: string[], bootId = 'boot-1') => ({
    ...RECOVER,
    journal,
    bootId,
    containers: ids.map(container),
    orphans,
  });
  const twice = (...events: Record<string, unknown>[]) => {
    const t = createTranscript({ recover: false });
    for (const event of events) {
      t.tell(event);
      t.settle(100);
      t.state();
    }
    return t;
  };
  const holder = prepareEvent('c1', { volume: 'v1:d' });
  const keep = {
    ...recover('whole', ['c1'], []),
    containers: [{ ...container('c1'), labels: [['volume', 'v1:d']] }],
  };
  const parts = (part: number, last: boolean) => ({
    ...recover('damaged', [`c${part}`, `d${part}`], [`o${part}`, `p${part}`]),
    mounts: ['e', 'f'].map((name) => ({
      target: `/m/ebs/${name}${part}`,
      mountId: 5 + part,
      dev: `7:${part}`,
    })),
    part,
    last,
  });
  compareScenarios('second', {
    'lost, then whole': () =>
      twice(recover('damaged', ['c1', 'c2'], ['x', 'z']), recover('whole', ['c2', 'c5'], ['x', 'y'])),
    'lost with orphans alone, then whole': () =>
      twice(recover('damaged', [], ['x', 'y']), recover('whole', [], ['x'])),
    'lost, then lost': () => twice(recover('damaged', ['c1'], ['x']), recover('damaged', ['c2'], ['y'])),
    'whole, then whole': () => twice(recover('new', [], []), recover('whole', ['c2'], ['y'])),
    'another boot of one letter': () => twice(recover('new', [], [], 'b'), holder, { ...keep, bootId: 'c' }),
    'a boot that had no name': () => twice(recover('new', [], [], ''), holder, { ...keep, bootId: 'c' }),
    'four parts': () => twice(parts(0, false), parts(1, false), parts(2, false), parts(3, true)),
    'a part that comes twice': () => twice(parts(0, false), parts(1, false), parts(1, true), parts(2, true)),
    'a first part, and another one': () => twice(parts(0, false), parts(0, true)),
    'destroyed before it had anything': () => {
      const t = createTranscript();
      t.tell(holder);
      t.tell({ type: 'destroy', id: 'c1' });
      t.settle(1000);
      t.tell(keep);
      t.settle(100);
      t.state();
      t.tell(holder);
      return t;
    },
    'the driver has lost what a living task has': () => {
      const t = start({ prepareMs: 4000 });
      t.world.machine.driverMounts.clear();
      const own = [{ target: '/s/d', mountId: 9, dev: '7:1' }];
      t.tell({ ...keep, containers: [{ ...keep.containers[0], mounts: own }] });
      t.endings('get', FAILED);
      t.settle(20);
      t.tell(holder);
      t.settle(3000);
      t.state();
      return t;
    },
  });
});

transcripts.run();
