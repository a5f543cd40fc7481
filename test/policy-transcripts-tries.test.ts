/** Which try it is, what is told of it, and who is asked for what; in test/transcripts/, read and found right. */
import { suite } from 'uvu';
import { compareScenarios, createTranscript, type Transcript } from './policy_transcript.ts';
import { endAll, failures, start, watch } from './policy_transcript_steps.ts';
import { CONFIG, prepareEvent } from './world.ts';

const transcripts = suite('policy: transcripts of tries');

const [TIMEOUT = {}] = failures('timeout');
const [FAILED = {}, WORDLESS = {}] = failures('failed');
const [UNREACHABLE = {}] = failures('unreachable');
const relative = { ok: true, value: { mountpoint: 'd' } };

function prepared(
  config: Record<string, unknown>,
  label: string | Record<string, string>,
  more = {},
): Transcript {
  const t = createTranscript({ config });
  t.tell(prepareEvent('c1', typeof label === 'string' ? { volume: label } : label, more));
  return t;
}

/** The driver goes on showing its mount after an unmount. */
function keepsMount(t: Transcript, times: number): void {
  const id = t.world.machine.driverMounts.get('ebs/v1') as number;
  for (let i = 0; i < times; i++)
    t.endings('unmount', () => {
      t.world.machine.driverMounts.set('ebs/v1', id);
      return { ok: true, value: { stillMounted: true } };
    });
}

transcripts(
  'what went well ends the counting of tries, and takes the last failure out of the answers',
  () => {
    compareScenarios('tries', {
      'get, then mount': () => {
        const t = prepared({}, 'v1:d');
        t.endings('get', FAILED, WORDLESS);
        t.endings('mount', FAILED);
        t.settle(3000);
        return t;
      },
      'create, then mount': () => {
        const t = prepared({ drivers: { ebs: { create: true } } }, 'source=new,create');
        t.endings('create', FAILED, WORDLESS);
        t.endings('mount', FAILED);
        t.settle(3000);
        return t;
      },
      'detach, then unmount': () => {
        const t = start();
        t.endings('detach', FAILED, WORDLESS);
        t.endings('unmount', FAILED);
        t.tell({ type: 'cleanup', id: 'c1' });
        t.settle(3000);
        return t;
      },
      'unmount, then unmount': () => {
        const t = prepared({}, 'v1:d');
        t.endings('mount', relative, relative);
        t.settle(2000);
        t.endings('unmount', FAILED, WORDLESS);
        keepsMount(t, 1);
        t.endings('unmount', FAILED);
        t.tell({ type: 'cleanup', id: 'c1' });
        return watch(t, 8);
      },
      'unmount, then the next task mounts': () => {
        const t = start();
        t.endings('unmount', FAILED, WORDLESS, UNREACHABLE);
        t.tell({ type: 'cleanup', id: 'c1' });
        t.settle(900);
        t.state();
        t.endings('mount', FAILED, FAILED);
        t.endings('get', FAILED);
        t.world.machine.driverMounts.clear();
        t.tell(prepareEvent('c2', { volume: 'v1:d' }));
        t.state();
        return watch(t, 6);
      },
      'get without a driver that knows it': () => {
        const t = prepared({}, 'v1:d');
        t.endings('get', { ok: false, error: { kind: 'refused', code: 'unsupported', message: 'n' } });
        t.settle(0);
        t.state();
        t.tell(prepareEvent('c2', { volume: 'v1:d' }));
        return watch(t, 2);
      },
      'bind that never ends, after a mount that failed': () => {
        const t = prepared({ prepareMs: 900 }, 'v1:d');
        t.endings('mount', FAILED);
        t.upTo('mount');
        t.settleOne();
        t.wake();
        t.upTo('bind');
        t.world.now += 2000;
        t.tell({ type: 'tick' });
        return t;
      },
      'mount without a path until the end': () => {
        const t = prepared({ prepareMs: 600 }, 'v1:d');
        t.always('mount', relative);
        t.settle(3000);
        t.state();
        return t;
      },
      'mount that failed but names a path': () => {
        const t = prepared({ prepareMs: 600 }, 'v1:d');
        t.always('mount', { ...FAILED, value: { mountpoint: '/d/x' } });
        return watch(t, 3);
      },
      'mount that went well and has an error': () => {
        const t = prepared({ prepareMs: 600 }, 'v1:d');
        t.always('mount', { ...UNREACHABLE, ...relative });
        return watch(t, 3);
      },
      'mount made in spite of its failure, shown for long': () => {
        const t = prepared({}, 'v1:d');
        t.endings('mount', () => FAILED);
        t.settle(1000);
        keepsMount(t, 4);
        t.tell({ type: 'cleanup', id: 'c1' });
        return watch(t, 5);
      },
      'that mount, and an unmount without an answer': () => {
        const t = prepared({ settleMs: 5000 }, 'v1:d');
        t.endings('mount', () => FAILED);
        t.settle(1000);
        t.endings('unmount', TIMEOUT);
        keepsMount(t, 4);
        t.tell({ type: 'cleanup', id: 'c1' });
        return watch(t, 8);
      },
      'looks that fail until the end': () => {
        const t = prepared({ prepareMs: 500 }, 'v1:d');
        t.endings('bind', TIMEOUT);
        t.endings('observe', FAILED);
        t.settle(600);
        t.tell(prepareEvent('c2', { volume: 'v1:d' }));
        t.endings('bind', TIMEOUT);
        t.endings('observe', WORDLESS, WORDLESS);
        return watch(t, 4);
      },
      'a mount anew': () => {
        const t = start();
        t.world.machine.driverMounts.clear();
        t.tell({ type: 'lost', target: '/d/ebs/v1' });
        t.settle(100);
        t.tell({ type: 'cleanup', id: 'c1' });
        t.tell(prepareEvent('c2', { volume: 'v1:d' }));
        t.upTo('mount');
        t.state();
        t.settleOne();
        t.state();
        return t;
      },
    });
  },
);

transcripts('unmounts without an end are counted, and waited for, as written down', () => {
  const vanishing =
    (endings: Record<string, unknown>[], unmounts: number, at = 0) =>
    () => {
      const t = prepared({ settleMs: 2000 }, 'v1:d');
      t.endings('mount', relative);
      t.settle(1000);
      t.endings('unmount', ...endings.map((ending, i) => (i < unmounts ? ending : () => ending)));
      t.tell({ type: 'cleanup', id: 'c1' });
      watch(t, 2);
      if (at > 0) t.world.now = at;
      t.tell(prepareEvent('c2', { volume: 'v1:d' }));
      watch(t, 8, 400);
      endAll(t);
      return t;
    };
  const stays = { ok: true, value: { stillMounted: true } };
  compareScenarios('vanishing', {
    'none, then one that failed': vanishing([TIMEOUT, FAILED], 2),
    'none, then one that nobody heard': vanishing([TIMEOUT, UNREACHABLE], 2),
    'none, then none': vanishing([TIMEOUT, TIMEOUT], 2),
    'none, then none, done': vanishing([TIMEOUT, TIMEOUT], 1),
    'none, then well': vanishing([TIMEOUT, stays], 2),
    'none, done': vanishing([TIMEOUT], 0),
    'none, twice done': vanishing([TIMEOUT, TIMEOUT], 0),
    'failed, done': vanishing([FAILED], 0),
  });
});

transcripts('a driver is asked for what its configuration says, and is told whose it becomes', () => {
  const user = { user: 'u' };
  const driver = (more: Record<string, unknown>) => ({ drivers: { ...CONFIG.drivers, ebs: more } });
  const upDown =
    (config: Record<string, unknown>, label: string, more = {}) =>
    () => {
      const t = prepared(config, label, more);
      t.settle(100);
      t.tell(prepareEvent('c2', { volume: 'v1:d:ro' }, { user: 'w' }));
      t.settle(100);
      endAll(t);
      return t;
    };
  compareScenarios('asked', {
    'mount never creates': upDown(driver({ mountNeverCreates: true }), 'v1:d'),
    'mount never creates, and the task may': upDown(
      driver({ mountNeverCreates: true, create: true }),
      'source=v1,target=d,create',
    ),
    'chown for the first holder': upDown(driver({ chown: 'firstHolder' }), 'v1:d', user),
    'chown for the first holder, without a user': upDown(driver({ chown: 'firstHolder' }), 'v1:d'),
    'chown never': upDown(driver({ chown: 'never' }), 'v1:d', user),
    'times of its own': upDown(driver({ mountMs: 7, unmountMs: 8, lingerMs: 9 }), 'v1:d'),
    'a linger of 0 and of 1': () => {
      const t = prepared(
        {
          lingerMs: 50,
          drivers: { ebs: { lingerMs: 0 }, nfs: { lingerMs: 1 } },
          volumes: { 'ebs/v2': { lingerMs: 0 } },
        },
        { 'volume.a': 'v1:a', 'volume.b': 'source=n1,target=b,volume-driver=nfs', 'volume.c': 'v2:c' },
      );
      t.settle(0);
      t.tell({ type: 'cleanup', id: 'c1' });
      t.settle(1000);
      return t;
    },
    'a volume without linger, a driver with one': () => {
      const t = prepared(
        { drivers: { ebs: { lingerMs: 40 } }, volumes: { 'ebs/v2': { lingerMs: 0 } } },
        'v2:d',
      );
      t.settle(0);
      t.tell({ type: 'cleanup', id: 'c1' });
      t.settle(1000);
      return t;
    },
    'a linger, and what fails': () => {
      const t = prepared({ lingerMs: 400 }, { 'volume.a': 'v1:a', 'volume.b': 'v2:b' });
      t.endings('place', FAILED);
      t.settle(1000);
      return t;
    },
    'a linger, the next task, a restart': () => {
      const t = start({ lingerMs: 700 });
      t.tell({ type: 'cleanup', id: 'c1' });
      t.settle(50);
      t.tell(prepareEvent('c2', { volume: 'v1:d:ro' }));
      t.state();
      t.tell({ type: 'restart', bootId: 'boot-7', mounts: [] });
      t.state();
      t.settle(2000);
      return t;
    },
    'a linger of a volume that is not up': () => {
      const t = prepared({ lingerMs: 700 }, 'v1:d');
      t.upTo('bind');
      t.tell({ type: 'cleanup', id: 'c1' });
      t.state();
      t.settle(2000);
      return t;
    },
    'a driver that is exclusive': () => {
      const t = prepared(driver({ sharing: 'exclusive' }), 'v1:d');
      t.settle(0);
      t.tell(prepareEvent('c2', { volume: 'v1:d' }));
      t.settle(0);
      return t;
    },
    'other options': () => {
      const t = prepared({}, 'source=v1,target=d,volume-opt=a=5');
      t.settle(0);
      for (const options of [
        'volume-opt=b=5',
        'volume-opt=a=6',
        'volume-opt=a=5',
        'volume-opt=a=5,volume-opt=b=1',
      ])
        t.tell(prepareEvent('c2', { volume: `source=v1,target=d,${options}` }));
      return t;
    },
    'names of one letter': () => {
      const t = createTranscript({ config: { drivers: { e: {}, longer: {} }, defaultDriver: 'e' } });
      t.tell({
        type: 'configure',
        config: { ...CONFIG, drivers: { e: {}, longer: {} }, defaultDriver: 'f' },
      });
      t.tell(prepareEvent('c1', { volume: 'source=v1,volume-driver=f' }));
      return t;
    },
    'a path in a root of its own, and on the machine': () => {
      const t = prepared({}, 'v1:/mnt/d', { rootfs: '/r', user: 'u' });
      t.settle(0);
      t.tell(prepareEvent('c2', { volume: 'v1:/mnt/d' }));
      t.settle(0);
      return t;
    },
    'pauses up to their longest': () => {
      const t = prepared({ retryMaxMs: 1600, prepareMs: 30_000 }, 'v1:d');
      for (let i = 0; i < 6; i++) t.endings('get', WORDLESS);
      t.settle(20_000);
      return t;
    },
    'pauses of one, of two': () => {
      const t = prepared({ retryMaxMs: 2, prepareMs: 30_000 }, 'v1:d');
      t.endings('get', WORDLESS, WORDLESS);
      t.settle(100);
      t.tell({ type: 'configure', config: { ...CONFIG, retryMaxMs: 1 } });
      t.tell(prepareEvent('c2', { volume: 'v2:d' }));
      t.endings('get', WORDLESS, WORDLESS);
      t.settle(100);
      t.tell({ type: 'configure', config: { ...CONFIG, retryMaxMs: 0 } });
      t.tell(prepareEvent('c3', { volume: 'v2:d:ro' }));
      t.endings('bind', UNREACHABLE, UNREACHABLE);
      t.settle(100);
      return t;
    },
    'pauses of many volumes': () => {
      const t = createTranscript({ volumes: [...'abcdefghijkl'].map((name) => `ebs/${name}`) });
      t.tell(
        prepareEvent('c1', Object.fromEntries([...'abcdefghijkl'].map((name) => [`volume.${name}`, name]))),
      );
      for (let i = 0; i < 30; i++) t.endings('get', WORDLESS);
      t.settle(20_000);
      return t;
    },
  });
});

transcripts.run();
