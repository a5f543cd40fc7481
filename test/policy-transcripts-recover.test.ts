/** What becomes of each effect that was under way when agent, host or machine went down; in test/transcripts/, read and found right. */
import { suite } from 'uvu';
import { compareTranscript, createTranscript, type Transcript } from './policy_transcript.ts';
import { CREATING, endAll, KINDS, start } from './policy_transcript_steps.ts';
import { prepareEvent, RECOVER } from './world.ts';

const FOLDER = 'test/transcripts';
const transcripts = suite('policy: transcripts of recoveries');
const relative = { ok: true, value: { mountpoint: 'd' } };
const RO = { volume: 'v1:d:ro' };

/** Worlds in which the effect of that name is under way. */
const UNDER_WAY: Record<string, () => Transcript> = {
  get: () => upwards('get'),
  create: () => upwards('create', 'source=new,target=d,create'),
  mount: () => upwards('mount'),
  'bind rw': () => upwards('bind'),
  'bind ro': () => upwards('bind', 'v1:d:ro'),
  'bind ro beside rw': () => {
    const t = start();
    t.tell(prepareEvent('c2', RO));
    return t;
  },
  place: () => upwards('place'),
  'detach rw': () => downwards('detach'),
  'detach ro': () => downwards('detach', 'v1:d:ro'),
  witness: () => downwards('observe'),
  unmount: () => downwards('unmount'),
  observe: () => {
    const t = start();
    t.tell({ type: 'lost', target: '/m/ebs/v1' });
    return t;
  },
  nothing: () => start({ lingerMs: 700 }),
  'bind rw beside ro': () => {
    const t = start({}, 'v1:d:ro');
    t.tell(prepareEvent('c2', { volume: 'v1:d' }));
    return t;
  },
  'bind, and a mount vanished': () => {
    const t = upwards('bind');
    t.tell({ type: 'lost', target: '/m/ebs/v1' });
    return t;
  },
  'nothing, lingering': () => {
    const t = start({ lingerMs: 9000 });
    t.tell({ type: 'cleanup', id: 'c1' });
    return t;
  },
  'nothing, counted three times': () => {
    const t = createTranscript({ config: { settleMs: 1000 } });
    t.endings('mount', relative, relative);
    t.tell(prepareEvent('c1', { volume: 'v1:d' }));
    t.settle(2000);
    t.lines.length = 0;
    return t;
  },
};

function upwards(kind: string, label = 'v1:d'): Transcript {
  const t = createTranscript({ config: { drivers: CREATING, settleMs: 1000 } });
  t.tell(prepareEvent('c1', { volume: label }));
  t.upTo(kind);
  t.lines.length = 0;
  return t;
}

function downwards(kind: string, label = 'v1:d'): Transcript {
  const t = start({ settleMs: 1000 }, label);
  t.tell({ type: 'cleanup', id: 'c1' });
  t.upTo(kind);
  t.lines.length = 0;
  return t;
}

/** What the kernel still shows, and what the agent still knows. */
function mounts(t: Transcript) {
  return [...t.world.machine.managed].map(([target, mountId]) => ({ target, mountId, dev: '7:1' }));
}

const CONTAINER = { id: 'c1', labels: [['volume', 'v1:d']], env: [], volumes: [], sandbox: '/s/c1', pid: 5 };

const DOWN: Record<string, (t: Transcript) => Record<string, unknown>> = {
  'the host': (t) => ({ type: 'restart', bootId: 'boot-1', mounts: mounts(t) }),
  'the agent, the task lives': (t) => ({
    ...RECOVER,
    journal: 'whole',
    containers: [{ ...CONTAINER, mounts: [{ target: '/s/c1/d', mountId: 9, dev: '7:1' }] }],
    mounts: mounts(t),
  }),
  'the agent, the task is gone': (t) => ({ ...RECOVER, journal: 'whole', mounts: mounts(t) }),
  'the agent, the task is an orphan': (t) => ({
    ...RECOVER,
    journal: 'whole',
    orphans: ['c1', 'c2'],
    mounts: mounts(t),
  }),
  'the machine': (t) => {
    t.world.machine.managed.clear();
    t.world.machine.driverMounts.clear();
    return { ...RECOVER, journal: 'whole', bootId: 'boot-2' };
  },
  'the journal is lost, the task lives': (t) => ({
    ...RECOVER,
    journal: 'damaged',
    containers: [{ ...CONTAINER, mounts: [{ target: '/s/c1/d', mountId: 9, dev: '7:1' }] }],
    orphans: ['x'],
    mounts: mounts(t),
  }),
};

for (const [what, event] of Object.entries(DOWN))
  transcripts(`whatever was under way when it went down (${what}) is taken up as written down`, () => {
    const scenarios = Object.entries(UNDER_WAY).map(([effect, make]): [string, string[]] => {
      const t = make();
      t.tell(event(t));
      t.state();
      t.settle(2500);
      t.tell(prepareEvent('c3', RO));
      t.settle(2500);
      t.state();
      endAll(t);
      t.tell({ type: 'cleanup', id: 'x' });
      t.settle(5000);
      return [`${effect}, then ${what}`, t.lines];
    });
    compareTranscript(`${FOLDER}/${what.replace(/\W+/g, '-')}.txt`, scenarios);
  });

transcripts('a driver that does not answer after it is looked at as written down', () => {
  const scenarios = KINDS.map((kind): [string, string[]] => {
    const t = start({ settleMs: 1000 });
    t.world.machine.silent.add('ebs');
    t.tell(DOWN['the host']?.(t) as Record<string, unknown>);
    t.endings('observe', { ok: false, error: { kind, code: 'E', message: kind === 'failed' ? '' : 'n' } });
    t.settle(3000);
    t.world.machine.driverMounts.clear();
    t.tell({ type: 'lost', target: '/d/ebs/v1' });
    t.settle(3000);
    t.world.machine.silent.clear();
    t.settle(10_000);
    endAll(t);
    return [`observe: ${kind}`, t.lines];
  });
  compareTranscript(`${FOLDER}/silent.txt`, scenarios);
});

transcripts.run();
