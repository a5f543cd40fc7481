import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { whyMounted } from '../cli/audit/explain.ts';
import type { KernelMount, KernelView } from '../cli/audit/kernel.ts';
import { createLearner } from '../cli/audit/learn.ts';
import { fillFromOwnTables } from '../cli/audit/own_tables.ts';
import { findPins } from '../cli/audit/pinned.ts';
import { createRecord, type VolumeRecord } from '../cli/audit/record.ts';
import type { Learnt } from '../host/directory.ts';
import type { Policy } from '../host/policy/policy.ts';

const LEARNT: Learnt = {
  root: '/m',
  drivers: [['ebs', { address: 'unix:///x', maxInFlight: 16, plainDirs: false }]],
  containers: [['c1', { sandbox: '/s/c1', rootfs: null, pid: 7 }]],
  mountpoints: [['ebs/v1', '/d/v1/data']],
  devs: [['ebs/v1', '7:3']],
  asked: [],
};
const OLD = { status: () => undefined } as unknown as Policy;
const MOMENT = { now: 0, running: true };

function begun() {
  const learner = createLearner(createRecord());
  learner.begin(LEARNT, OLD, 500, 0);
  return learner.record;
}

function viewWith(mounts: KernelView['mounts']): KernelView {
  const namespaces = [{ pid: 7, pids: [7, 8], name: 'sh', mounts }];
  return { bootId: 'b', mounts: [], namespaces, agent: 1 };
}

test('of a policy that is too old to be asked, what a container holds is read from its own mount table', () => {
  const record = begun();
  fillFromOwnTables(
    record,
    viewWith([{ target: '/s/c1/data', dev: '7:3', root: '/', fstype: 'ext4', source: '/dev/loop3' }]),
  );
  const why = whyMounted(record, record.volumes.get('ebs/v1') as VolumeRecord, MOMENT);
  assert.is(why?.is, 'held');
  assert.equal(why?.containers, ['c1']);
});

test('a container that shows no volume of ours holds none, and one that is gone may hold any', () => {
  const empty = begun();
  fillFromOwnTables(empty, viewWith([]));
  assert.is(whyMounted(empty, empty.volumes.get('ebs/v1') as VolumeRecord, MOMENT), undefined);
  const gone = begun();
  fillFromOwnTables(gone, { ...viewWith([]), namespaces: [] });
  const why = whyMounted(gone, gone.volumes.get('ebs/v1') as VolumeRecord, MOMENT);
  assert.match(why?.because ?? '', /c1, of before too, may hold it/);
});

test("a device that has become another agent's is no pin; the same device in the sandbox of who left it is", () => {
  const record = begun();
  const volume = record.volumes.get('ebs/v1') as VolumeRecord;
  const when = { event: 501, wallMs: 0 };
  record.containers.clear();
  record.gone.set('c1', {
    sandbox: '/s/c1',
    holds: [{ volume: 'ebs/v1', source: '/m/ebs/v1', target: 'data' }],
  });
  volume.left = { container: 'c1', when };
  const pinsAt = (target: string) => {
    const kernel = viewWith([{ target, dev: '7:3', root: '/', fstype: 'ext4', source: '/dev/loop3' }]);
    return findPins({ record, kernel, drivers: [], root: '/m', moment: MOMENT });
  };
  assert.equal(pinsAt('/other/sandboxes/x/data'), []);
  assert.equal(
    pinsAt('/s/c1/data').map(({ kind, pid }) => [kind, pid]),
    [['pinned', 7]],
  );
});

test('a copy of our mount in a namespace is no pin as long as ours is there, and one when ours is gone', () => {
  const record = begun();
  record.containers.clear();
  for (const target of ['/m/ebs/v1', '/m/.ro/ebs/v1']) {
    const copy = { target, dev: '7:3', root: '/', fstype: 'ext4', source: '/dev/loop3' };
    const pins = (ours: KernelMount[]) =>
      findPins({
        record,
        kernel: { ...viewWith([copy]), mounts: ours },
        drivers: [],
        root: '/m',
        moment: MOMENT,
      });
    assert.equal(pins([copy]), []);
    assert.is(pins([]).length, 1);
  }
});

test('what stayed for its linger when the agent ended is explained until the next start, and a leak while one runs', () => {
  const record = begun();
  record.containers.clear();
  record.config = { agentId: 'a', root: '/m', lingerMs: 100, drivers: { ebs: {} } };
  const volume = record.volumes.get('ebs/v1') as VolumeRecord;
  volume.older = false;
  volume.left = { container: 'c1', when: { event: 501, wallMs: 0 } };
  const later = 1_000_000;
  assert.is(whyMounted(record, volume, { now: later, running: false })?.is, 'waiting');
  assert.is(whyMounted(record, volume, { now: 50, running: true })?.is, 'waiting');
  assert.is(whyMounted(record, volume, { now: later, running: true }), undefined);
});

test.run();
