/** Corners that no other test of the policy comes to; in test/transcripts/, read and found right. */
import { suite } from 'uvu';
import { compareTranscript, createTranscript, type Transcript } from './policy_transcript.ts';
import { failures, start, vanish, watch } from './policy_transcript_steps.ts';
import { CONFIG, prepareEvent, RECOVER } from './world.ts';

const transcripts = suite('policy: transcripts of corners');

type Answer = Record<string, unknown>;

const [TIMEOUT = {}] = failures('timeout');
const [FAILED = {}] = failures('failed');
const W = { volume: 'v1:d' };
const R = { volume: 'v1:d:ro' };

/** The kernel shows other things than the machine has. */
function seen(
  change: Record<string, unknown>,
  driver: Record<string, unknown> = {},
): (answer: Answer) => Answer {
  return (answer) => {
    const value = answer.value as { driver: object };
    return { ...answer, value: { ...value, ...change, driver: { ...value.driver, ...driver } } };
  };
}

const SCENARIOS: Record<string, () => Transcript> = {
  'a detach of the reading mount fails': () => {
    const t = start({}, 'v1:d:ro');
    t.endings('detach', FAILED);
    t.tell({ type: 'cleanup', id: 'c1' });
    t.upTo('detach');
    t.settleOne();
    t.state();
    return watch(t, 1, 1000);
  },
  'a mount made in spite of its failure, and an unmount without an answer': () => {
    const t = createTranscript({ config: { settleMs: 5000 } });
    t.endings('mount', () => FAILED);
    t.tell(prepareEvent('c1', W));
    t.settle(1000);
    t.endings('unmount', TIMEOUT);
    t.tell({ type: 'cleanup', id: 'c1' });
    t.upTo('unmount');
    t.settleOne();
    t.state();
    return watch(t, 4, 100);
  },
  'a mount found at a recovery, the other mode, then another mount of the driver': () => {
    const t = createTranscript({ recover: false });
    t.world.machine.driverMounts.set('ebs/v1', 50);
    t.world.machine.managed.set('/m/ebs/v1', 51);
    const holder = {
      id: 'c1',
      labels: [['volume', 'v1:d']],
      env: [],
      volumes: [],
      sandbox: '/s',
      mounts: [],
    };
    const mounts = [{ target: '/m/ebs/v1', mountId: 51, dev: '7:1' }];
    t.tell({ ...RECOVER, journal: 'damaged', containers: [holder], mounts });
    t.settle(100);
    t.tell(prepareEvent('c2', R));
    t.settle(100);
    t.state();
    t.world.machine.driverMounts.set('ebs/v1', 60);
    t.tell({ type: 'lost', target: '/d/ebs/v1' });
    return watch(t, 1, 1000);
  },
  'a holder asks again for what has vanished, and is destroyed': () => {
    const t = start();
    t.tell({ type: 'lost', target: '/m/ebs/v1' });
    t.tell(prepareEvent('c1', W));
    t.state();
    t.tell({ type: 'destroy', id: 'c1' });
    t.state();
    t.tell({ type: 'destroy', id: 'c1' });
    return watch(t, 1, 100);
  },
  'a holder asks again, and its volume is lost': () => {
    const t = start();
    t.tell({ type: 'lost', target: '/m/ebs/v1' });
    t.tell(prepareEvent('c1', W));
    t.world.machine.driverMounts.clear();
    watch(t, 1, 100);
    t.tell({ type: 'cleanup', id: 'c1' });
    return watch(t, 1, 100);
  },
  'mounts of the driver with the first numbers': () => {
    const t = createTranscript();
    const bound = { ok: true, value: { mountId: 9, sourceMountId: 1, fstype: 'ext4', dev: 'x' } };
    t.endings('bind', bound);
    t.tell(prepareEvent('c1', W));
    t.settle(10);
    t.state();
    t.endings('observe', seen({ managed: [{ mode: 'rw', mountId: 9 }] }, { pathMountId: 2 }));
    t.endings('detach', { ok: true });
    t.endings('bind', { ...bound, value: { ...bound.value, sourceMountId: 2 } });
    t.tell({ type: 'lost', target: '/d/ebs/v1' });
    watch(t, 1, 100);
    t.endings('observe', seen({ managed: [{ mode: 'rw', mountId: 9 }] }, { pathMountId: 1 }));
    t.endings('detach', { ok: true });
    t.endings('bind', bound);
    t.tell({ type: 'lost', target: '/d/ebs/v1' });
    return watch(t, 1, 100);
  },
  'what has been witnessed, then wanted, then mounted anew': () => {
    const t = createTranscript({ config: { settleMs: 9000 } });
    t.endings('mount', () => TIMEOUT);
    t.tell(prepareEvent('c1', W));
    t.upTo('mount');
    t.settleOne();
    t.tell({ type: 'cleanup', id: 'c1' });
    t.settle(1000);
    t.state();
    vanish(t);
    t.tell(prepareEvent('c2', W));
    t.settle(7000);
    t.wake();
    t.upTo('observe');
    t.settleOne();
    t.state();
    t.upTo('mount');
    t.state();
    return t;
  },
  'a volume that a holder has created is gone, and another task wants it': () => {
    const drivers = { ...CONFIG.drivers, ebs: { create: true } };
    const t = createTranscript({ config: { drivers } });
    t.tell(prepareEvent('c1', { volume: 'source=new,target=d,create' }));
    t.settle(10);
    t.world.machine.volumes.delete('ebs/new');
    t.world.machine.driverMounts.clear();
    t.tell({ type: 'lost', target: '/d/ebs/new' });
    t.settle(10);
    t.tell(prepareEvent('c2', { volume: 'new:d' }));
    return watch(t, 1, 100);
  },
  'the driver has lost what a living task has, and does not say whether there is one': () => {
    const t = start({ prepareMs: 4000 });
    t.world.machine.driverMounts.clear();
    t.always('observe', seen({}, { exists: null }));
    t.endings('get', FAILED, FAILED, FAILED);
    const holder = { id: 'c1', labels: [['volume', 'v1:d']], env: [], volumes: [], sandbox: '/s' };
    const mounts = [{ target: '/s/d', mountId: 9, dev: '7:1' }];
    t.tell({ ...RECOVER, journal: 'whole', containers: [{ ...holder, mounts }] });
    t.settle(10);
    t.tell(prepareEvent('c1', W));
    t.settle(700);
    t.tell({ type: 'configure', config: { ...CONFIG, prepareMs: 1000 } });
    t.tell(prepareEvent('c2', W));
    return watch(t, 2, 1000);
  },
  'two wait, the first one longer': () => {
    const t = createTranscript({ config: { prepareMs: 9000 } });
    t.endings('get', FAILED, FAILED);
    t.tell(prepareEvent('c1', W));
    t.tell({ type: 'configure', config: { ...CONFIG, prepareMs: 1000 } });
    t.tell(prepareEvent('c2', W));
    return watch(t, 1, 1000);
  },
  'a file system whose number is one letter, in the table of a task too': () => ownMount('x', 'x'),
  'a file system without a number': () => ownMount('', ''),
  'an owner is made of the first one only, although it is alone when it is tried again': () => {
    const t = createTranscript({ config: { drivers: { ebs: { chown: 'firstHolder' } } } });
    t.tell(prepareEvent('c1', R, { user: 'u' }));
    t.settle(10);
    t.endings('bind', FAILED);
    t.tell(prepareEvent('c2', W, { user: 'w' }));
    t.upTo('bind');
    t.settleOne();
    t.tell({ type: 'cleanup', id: 'c1' });
    return watch(t, 1, 1000);
  },
  'a driver that does not answer, while a task still has the volume': () => {
    const t = start();
    t.endings(
      'observe',
      seen({ pinnedBy: [{ pid: 7, container: 'x' }] }, { answered: false, path: null, pathMountId: null }),
    );
    t.endings('unmount', FAILED);
    t.endings('detach', TIMEOUT);
    t.tell({ type: 'cleanup', id: 'c1' });
    return watch(t, 1, 2000);
  },
  'a mount that may still come true is shown, and is gone again': () => {
    const t = createTranscript({ config: { settleMs: 9000 } });
    t.endings('mount', () => TIMEOUT);
    t.tell(prepareEvent('c1', W));
    t.settle(400);
    t.tell({ type: 'cleanup', id: 'c1' });
    t.upTo('observe');
    t.world.machine.driverMounts.clear();
    t.settleOne();
    t.state();
    return watch(t, 1, 10_000);
  },
  'an unmount without an answer that was done, and the next task': () => {
    const t = start();
    t.endings('unmount', () => TIMEOUT);
    t.tell({ type: 'cleanup', id: 'c1' });
    t.upTo('unmount');
    t.tell(prepareEvent('c2', W));
    t.settleOne();
    t.wake();
    t.upTo('observe');
    t.settleOne();
    t.state();
    return watch(t, 1, 100);
  },
  'a task before the recovery, and before the configuration': () => {
    const t = createTranscript({ recover: false });
    t.tell(prepareEvent('c1', W));
    t.tell(prepareEvent('c2', {}));
    return t;
  },
  'an exclusive volume that lingers is there for the next task': () => {
    const t = start({ lingerMs: 500, drivers: { ebs: { sharing: 'exclusive' } } });
    t.tell({ type: 'cleanup', id: 'c1' });
    t.settle(10);
    t.tell(prepareEvent('c2', W));
    return watch(t, 1, 10);
  },
  'a limited holder asks again for what another one has brought back': () => {
    const t = start();
    vanish(t);
    t.settle(10);
    t.tell(prepareEvent('c2', W));
    t.settle(10);
    t.tell(prepareEvent('c1', W));
    return watch(t, 1, 10);
  },
  'the next reader comes while the reading mount is being taken away': () => {
    const t = start({}, 'v1:d:ro');
    t.tell({ type: 'cleanup', id: 'c1' });
    t.tell(prepareEvent('c2', { 'volume.a': 'v1:d:ro', 'volume.b': 'v2:e' }));
    for (let i = 0; i < 3; i++) t.settleLast();
    t.state();
    return watch(t, 1, 1000);
  },
  'two wait, the second one less long': () => {
    const t = createTranscript({ config: { prepareMs: 1000 } });
    t.endings('get', FAILED, FAILED);
    t.tell(prepareEvent('c1', W));
    t.tell({ type: 'configure', config: { ...CONFIG, prepareMs: 600 } });
    t.tell(prepareEvent('c2', W));
    return watch(t, 1, 1000);
  },
  'an unmount that may be owed none is under way when the host goes down': () => {
    const t = createTranscript();
    t.endings('mount', () => FAILED);
    t.tell(prepareEvent('c1', W));
    t.settle(1000);
    t.tell({ type: 'cleanup', id: 'c1' });
    t.upTo('unmount');
    t.tell({ type: 'restart', bootId: 'boot-1', mounts: [] });
    t.state();
    return watch(t, 1, 1000);
  },
  'the host goes down while one waits and another one has what both want': () => {
    const t = createTranscript();
    t.endings('get', (answer) => answer, TIMEOUT);
    t.tell(prepareEvent('c1', { 'volume.a': 'v1:d', 'volume.b': 'v2:e' }));
    t.tell(prepareEvent('c2', W));
    t.settle(200);
    t.state();
    t.tell({ type: 'restart', bootId: 'boot-1', mounts: [] });
    t.state();
    return watch(t, 1, 1000);
  },
  'mounts below the root with names that none of ours has': () => {
    const t = createTranscript({ recover: false });
    const targets = [
      '/m/-x/v1',
      '/m/ebs/-x',
      '/m/ebs',
      '/m/x/ebs/v1',
      '/m/.ro/ebs/v2',
      '/mm/ebs/v3',
      '/m/.ro/-x/v1',
    ];
    t.tell({
      ...RECOVER,
      journal: 'damaged',
      mounts: targets.map((target) => ({ target, mountId: 5, dev: '7:1' })),
    });
    t.state();
    return watch(t, 1, 100);
  },
  'a task that only the kernel knows': () => {
    const t = createTranscript({ recover: false });
    const mount = (target: string, dev: string) => ({ target, mountId: 5, dev });
    const own = [mount('/s/a', '7:1'), mount('/s/b', '7:1'), mount('/s/c', '7:9'), mount('/s/d', '7:9')];
    const holder = {
      id: 'c1',
      labels: [['volume', 'v5:d']],
      env: [],
      volumes: [],
      sandbox: '/s',
      rootfs: '/r',
      pid: 9,
    };
    t.tell({
      ...RECOVER,
      journal: 'damaged',
      containers: [
        { ...holder, mounts: own },
        { ...holder, id: 'c2', labels: [['volume', ':']], mounts: own },
      ],
      mounts: [
        mount('/m/ebs/v1', '7:1'),
        mount('/m/ebs/v2', '7:1'),
        mount('/m/nfs/n1', '7:3'),
        mount('/m/nfs/n2', ''),
      ],
    });
    t.state();
    return watch(t, 1, 100);
  },
  'tasks with options that the lost journal knew': () => {
    const t = createTranscript({ recover: false });
    const holder = (id: string, label: string) => ({
      id,
      labels: [['volume', label]],
      env: [],
      volumes: [],
      sandbox: '/s',
      mounts: [],
    });
    const mounts = ['v1', 'v2'].map((name) => ({ target: `/m/ebs/${name}`, mountId: 5, dev: '7:1' }));
    const containers = [
      holder('c1', 'source=v1,target=d,volume-opt=a=5'),
      holder('c2', 'source=v1,target=d,volume-opt=b=6'),
      holder('c3', 'source=v2,target=d'),
      holder('c4', 'source=v2,target=d,volume-opt=b=6'),
    ];
    t.tell({ ...RECOVER, journal: 'damaged', containers, mounts });
    t.state();
    return watch(t, 1, 100);
  },
  'a task with other options than what lingers': () => {
    const t = start({ lingerMs: 5000 }, 'source=v1,target=d,volume-opt=a=5');
    t.tell({ type: 'cleanup', id: 'c1' });
    const labels = [['volume', 'source=v1,target=d,volume-opt=b=6']];
    const containers = [{ id: 'c7', labels, env: [], volumes: [], sandbox: '/s', mounts: [] }];
    t.tell({ ...RECOVER, journal: 'whole', containers });
    t.state();
    return watch(t, 1, 100);
  },
  'a look that finds no mount and says so': () => {
    const t = start();
    t.endings('observe', seen({}, { path: null, pathMountId: null }));
    t.tell({ type: 'cleanup', id: 'c1' });
    return watch(t, 1, 100);
  },
  'the process of a task, and what does not change it': () => {
    const t = start();
    t.tell({ type: 'isolate', id: 'c1', pid: 7 });
    t.state();
    t.tell({ type: 'update', id: 'c1', resources: { cpus: 1 } });
    t.tell({ type: 'isolate', id: 'c2', pid: 8 });
    t.state();
    return t;
  },
  'the last one leaves what is no longer up, and nothing lingers': () => {
    const t = start({ lingerMs: 5000 });
    t.world.machine.managed.clear();
    vanish(t);
    t.tell({ type: 'lost', target: '/m/ebs/v1' });
    watch(t, 1, 100);
    t.tell({ type: 'cleanup', id: 'c1' });
    return watch(t, 1, 100);
  },
};

/** A task whose own table shows a file system; the driver's mount of it is gone after a restart of the agent. */
function ownMount(bound: string, own: string): Transcript {
  const t = createTranscript();
  t.endings('bind', (answer) => ({ ...answer, value: { ...(answer.value as object), dev: bound } }));
  t.tell(prepareEvent('c1', W));
  t.settle(10);
  const holder = { id: 'c1', labels: [['volume', 'v1:d']], env: [], volumes: [], sandbox: '/s' };
  const mounts = [{ target: '/s/d', mountId: 9, dev: own }];
  t.world.machine.driverMounts.clear();
  t.tell({ ...RECOVER, journal: 'whole', containers: [{ ...holder, mounts }] });
  return watch(t, 1, 100);
}

transcripts('in corners, too, every answer, word and time is as written down', () => {
  compareTranscript(
    'test/transcripts/corners.txt',
    Object.entries(SCENARIOS).map(([title, run]): [string, string[]] => [title, run().lines]),
  );
});

transcripts.run();
