import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { whyMounted } from '../cli/audit/explain.ts';
import type { KernelView } from '../cli/audit/kernel.ts';
import { createLearner } from '../cli/audit/learn.ts';
import { fillFromOwnTables } from '../cli/audit/own_tables.ts';
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

test.run();
