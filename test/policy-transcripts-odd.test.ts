/** Counts, pins, lost mounts, an operator's verbs and times, with all words; in test/transcripts/, read and found right. */
import { suite } from 'uvu';
import { failed } from './machine.ts';
import { compareScenarios, createTranscript, type Scenarios, type Transcript } from './policy_transcript.ts';
import { endAll, failures, start } from './policy_transcript_steps.ts';
import { prepareEvent, RECOVER } from './world.ts';

const transcripts = suite('policy: transcripts of odd days');

const [TIMEOUT = {}] = failures('timeout');
const [FAILED = {}] = failures('failed');
const relative = { ok: true, value: { mountpoint: 'd' } };
const stillThere = { ok: true, value: { stillMounted: true } };

/** The driver shows its mount although it was told to unmount it. */
function keepsMount(t: Transcript, times: number): void {
  const { machine } = t.world;
  const id = machine.driverMounts.get('ebs/v1') as number;
  for (let i = 0; i < times; i++)
    t.endings('unmount', () => {
      machine.driverMounts.set('ebs/v1', id);
      return stillThere;
    });
}

function down(t: Transcript, ms = 20_000): Transcript {
  t.tell({ type: 'cleanup', id: 'c1' });
  t.settle(ms);
  t.state();
  return t;
}

/** Mounts end like this before one ends well; the transcript begins after that. */
function mountedAfter(...endings: Parameters<Transcript['endings']>[1][]): Transcript {
  const t = createTranscript({ config: { settleMs: 1000 } });
  t.endings('mount', ...endings);
  t.tell(prepareEvent('c1', { volume: 'v1:d' }));
  t.settle(10_000);
  t.state();
  return t;
}

/** A driver of plain directories: no look ever shows a mount. */
function plain(config: Record<string, unknown> = {}): Transcript {
  const t = createTranscript({
    config: { settleMs: 1000, drivers: { ebs: { plainDirs: true } }, ...config },
  });
  t.always('observe', (answer) => {
    const value = answer.value as { driver: Record<string, unknown> };
    return { ...answer, value: { ...value, driver: { answered: true, exists: true } } };
  });
  t.tell(prepareEvent('c1', { volume: 'v1:d' }));
  t.settle(0);
  return t;
}

transcripts('what a driver may count is given back as often as written down, no oftener', () => {
  compareScenarios('counts', {
    'mounts without a path': () => down(mountedAfter(relative, relative)),
    'mounts without an answer': () => down(mountedAfter(TIMEOUT, TIMEOUT)),
    'mounts that failed, shown for long': () => {
      const t = mountedAfter(FAILED, FAILED, FAILED);
      keepsMount(t, 9);
      return down(t);
    },
    'mounts without a path, shown for long': () => {
      const t = mountedAfter(relative, relative);
      keepsMount(t, 9);
      return down(t, 30_000);
    },
    'an unmount without an answer, then one that is': () => {
      const t = mountedAfter(relative);
      t.endings('unmount', TIMEOUT, FAILED, TIMEOUT);
      return down(t);
    },
    'unmounts without an answer, of a mount that is not shown': () => {
      const t = mountedAfter(relative, relative);
      t.world.machine.driverMounts.clear();
      t.endings('unmount', TIMEOUT, TIMEOUT, FAILED, TIMEOUT);
      return down(t);
    },
    'an unmount that nobody heard, while the kernel shows none': () => {
      const t = mountedAfter();
      t.world.machine.driverMounts.clear();
      t.tell({ type: 'lost', target: '/d/ebs/v1' });
      t.settle(500);
      t.endings('unmount', ...failures('unreachable'));
      return down(t);
    },
  });
});

transcripts('plain directories, which no look shows, go up and down as written down', () => {
  compareScenarios('plain', {
    'up and down': () => down(plain()),
    'an unmount without an answer': () => {
      const t = plain();
      t.endings('unmount', TIMEOUT);
      return down(t);
    },
    'an unmount that failed': () => {
      const t = plain();
      t.endings('unmount', FAILED, FAILED);
      return down(t);
    },
    'the next task after an unmount without an answer': () => {
      const t = plain();
      t.endings('unmount', TIMEOUT);
      t.tell({ type: 'cleanup', id: 'c1' });
      t.upTo('unmount');
      t.tell(prepareEvent('c2', { volume: 'v1:d' }));
      t.settle(3000);
      endAll(t);
      return t;
    },
    'the host went down': () => {
      const t = plain();
      t.tell({ type: 'restart', bootId: 'boot-1', mounts: [] });
      t.settle(2000);
      return down(t);
    },
    'found at a recovery': () => {
      const t = plain();
      const [target, mountId] = [...t.world.machine.managed][0] as [string, number];
      t.tell({ type: 'operator', verb: 'hold', driver: 'ebs', name: 'v1' });
      t.tell({
        ...RECOVER,
        journal: 'whole',
        mounts: [
          { target: '/m/ebs/p9', mountId: 7 },
          { target, mountId },
        ],
      });
      t.state();
      t.settle(3000);
      t.tell({ type: 'operator', verb: 'release', driver: 'ebs', name: 'v1' });
      return down(t);
    },
  });
});

transcripts('mounts that vanish are told, looked at and made anew as written down', () => {
  const targets = [
    '/m/ebs/v1',
    '/m/.ro/ebs/v1',
    '/d/ebs/v1',
    '/d',
    '/d/ebs/v',
    '/m/ebs',
    '/m/.ro/ebs',
    '/m/a/b/c',
  ];
  const scenarios: Scenarios = {};
  for (const target of [
    ...targets,
    '/m/.ro/ebs/v1/x',
    '/m/.ro/.ro',
    '/m/ebs/.ro',
    '/m/.ro/v1',
    '/m/x/ebs/v1',
    '/',
  ])
    scenarios[`${target}, held`] = () => {
      const t = start({}, 'v1:d');
      t.tell(prepareEvent('c2', { volume: 'v1:d:ro' }));
      t.tell(prepareEvent('c4', { volume: 'v2:d' }));
      t.settle(0);
      if (target.startsWith('/d'))
        for (const [key] of t.world.machine.driverMounts) t.world.machine.driverMounts.delete(key);
      t.world.machine.managed.delete(target);
      t.tell({ type: 'lost', target });
      t.state();
      t.settle(2000);
      t.state();
      return t;
    };
  for (const target of ['/m/ebs/v1', '/d/ebs/v1', '/d'])
    for (const kind of ['mount', 'bind', 'place', 'detach', 'observe', 'unmount'])
      scenarios[`${target}, during ${kind}`] = () => {
        const t = createTranscript();
        t.tell(prepareEvent('c1', { volume: 'v1:d' }));
        if (kind === 'detach' || kind === 'observe' || kind === 'unmount') {
          t.settle(0);
          t.tell({ type: 'cleanup', id: 'c1' });
        }
        t.upTo(kind);
        t.tell({ type: 'lost', target });
        t.settle(3000);
        return down(t);
      };
  compareScenarios('lost', scenarios);
});

transcripts('who still has a volume is told, and keeps it or not, as written down', () => {
  const pins = {
    container: { pid: 7, container: 'x' },
    process: { pid: 8, container: null },
    none: { pid: 9 },
  };
  const scenarios: Scenarios = {};
  for (const [who, pin] of Object.entries(pins))
    for (const orphans of [[], ['x']])
      scenarios[`${who}, ${orphans.length > 0 ? 'after a lost journal' : 'on a good day'}`] = () => {
        const t = createTranscript({ recover: { journal: 'damaged', orphans } });
        t.tell(prepareEvent('c1', { volume: 'v1:d' }));
        t.settle(0);
        const pinned = (answer: Record<string, unknown>) => ({
          ...answer,
          value: { ...(answer.value as object), pinnedBy: [pin] },
        });
        t.endings('observe', pinned, pinned);
        t.tell({ type: 'cleanup', id: 'c1' });
        t.settle(3000);
        t.state();
        return t;
      };
  compareScenarios('pins', scenarios);
});

transcripts('an operator is answered and obeyed as written down', () => {
  const say = (t: Transcript, verb: string, name = 'v1') =>
    t.tell({ type: 'operator', verb, driver: 'ebs', name });
  const scenarios: Scenarios = {};
  for (const verb of ['retry', 'hold', 'release', 'forget', 'drain', 'resume', 'holt', 'reply', 'x'])
    scenarios[verb] = () => {
      const t = start({ lingerMs: 600 });
      say(t, verb);
      t.settle(100);
      t.state();
      t.tell(prepareEvent('c2', { volume: 'v2:d' }));
      t.settle(0);
      t.tell({ type: 'cleanup', id: 'c1' });
      say(t, verb);
      t.settle(3000);
      say(t, verb, 'v7');
      say(t, 'release');
      t.settle(3000);
      t.state();
      return t;
    };
  for (const verb of ['retry', 'release', 'hold', 'forget'])
    scenarios[`${verb} in a pause`] = () => {
      const t = start();
      t.endings('unmount', FAILED, FAILED, FAILED);
      t.tell({ type: 'cleanup', id: 'c1' });
      t.settle(300);
      say(t, verb);
      t.settle(3000);
      t.state();
      return t;
    };
  compareScenarios('operator', scenarios);
});

transcripts('how long a Get may take follows those who wait, as written down', () => {
  const scenarios: Scenarios = {};
  for (const prepareMs of [1, 2, 59_999, 60_000, 60_001, 200_000])
    scenarios[`prepareMs ${prepareMs}`] = () => {
      const t = createTranscript({ config: { prepareMs } });
      t.endings('get', failed('failed', 'E', 'n') as never);
      t.tell(prepareEvent('c1', { volume: 'v1:d' }));
      t.world.now += 150;
      t.tell(prepareEvent('c2', { volume: 'v1:e' }));
      t.settle(400);
      endAll(t);
      return t;
    };
  scenarios['a holder whose volume is gone, and a task that waits'] = () => {
    const t = start({ prepareMs: 4000 });
    t.world.machine.driverMounts.clear();
    t.tell({ type: 'lost', target: '/d/ebs/v1' });
    t.world.now += 10;
    t.tell(prepareEvent('c2', { volume: 'v1:e' }));
    t.settle(5000);
    endAll(t);
    return t;
  };
  compareScenarios('get', scenarios);
});

transcripts.run();
