import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createWorld, prepareEvent, type WorldOptions } from './world.ts';

type Labels = Record<string, string> | [string, string][];

function mountsOf(labels: Labels, more: Record<string, unknown> = {}, options: WorldOptions = {}) {
  const world = createWorld(options);
  const reply = world.reply(world.prepare('c1', labels, more));
  assert.is(reply.ok, true, JSON.stringify(reply.error));
  return (reply.mounts ?? []).map(
    ({ source, target, readonly }) => `${source} ${target} ${readonly ? 'ro' : 'rw'}`,
  );
}

function refusalOf(labels: Labels, more: Record<string, unknown> = {}, options: WorldOptions = {}) {
  const world = createWorld(options);
  const effects = world.send(prepareEvent('c1', labels, more));
  const reply = world.reply(effects);
  assert.is(reply.ok, false, 'it was not refused');
  assert.is(effects.length, 1, 'a refusal has no other effect');
  return reply.error as { code: string; message: string; hint: string };
}

const short = suite('policy: short labels');

short('a bare name is the default driver, and the name is the path', () => {
  assert.equal(mountsOf({ volume: 'v1' }), ['/m/ebs/v1 v1 rw']);
});

short('name, path and mode are taken from their places', () => {
  assert.equal(mountsOf({ volume: 'v1:data' }), ['/m/ebs/v1 data rw']);
  assert.equal(mountsOf({ volume: 'v1:data:ro' }), ['/m/.ro/ebs/v1 data ro']);
  assert.equal(mountsOf({ volume: 'v1:data:rw' }), ['/m/ebs/v1 data rw']);
});

short('volume-driver moves the whole task to another driver', () => {
  assert.equal(mountsOf({ volume: 'n1:data', 'volume-driver': 'nfs' }), ['/m/nfs/n1 data rw']);
});

short('several volumes come by key, parents before what lies in them', () => {
  const labels = { 'volume.b': 'v2:data/inner', 'volume.a': 'v1:data', other: 'x' };
  assert.equal(mountsOf(labels), ['/m/ebs/v1 data rw', '/m/ebs/v2 data/inner rw']);
});

short('a path is normalised before it is used', () => {
  assert.equal(mountsOf({ volume: 'v1:./a//b/' }), ['/m/ebs/v1 a/b rw']);
});

short('an unknown mode names label, position and the nearest mode', () => {
  const error = refusalOf({ volume: 'v1:data:or' });
  assert.is(error.code, 'bad-label');
  assert.match(error.message, /label volume, position 9: unknown mode "or"/);
  assert.match(refusalOf({ volume: 'v1:data:rx' }).hint, /did you mean r[ow]/);
});

short('nothing may follow the mode, and no part may be empty', () => {
  assert.match(refusalOf({ volume: 'v1:data:ro:x' }).message, /position 12: nothing may follow/);
  assert.match(refusalOf({ volume: 'v1:' }).message, /position 4: the container path is empty/);
  assert.match(refusalOf({ volume: '' }).message, /label volume is empty/);
  assert.match(refusalOf({ 'volume.': 'v1' }).message, /no key after the dot/);
});

short('a key given twice is refused, not silently merged', () => {
  const error = refusalOf([
    ['volume', 'v1'],
    ['volume', 'v2'],
  ]);
  assert.is(error.code, 'bad-label');
  assert.match(error.message, /label volume is given twice/);
});

const long = suite('policy: long labels');

long('every key of the long syntax is understood', () => {
  assert.equal(mountsOf({ volume: 'source=n1,target=data,readonly,volume-driver=nfs' }), [
    '/m/.ro/nfs/n1 data ro',
  ]);
  assert.equal(mountsOf({ volume: 'src=v1,dst=data,ro=false' }), ['/m/ebs/v1 data rw']);
  assert.equal(mountsOf({ volume: 'readonly,src=v1' }), ['/m/.ro/ebs/v1 v1 ro']);
  assert.equal(mountsOf({ volume: 'source=v1,destination=data' }), ['/m/ebs/v1 data rw']);
});

long('an unknown key names its position and the nearest known one', () => {
  const error = refusalOf({ volume: 'source=v1,targt=data' });
  assert.match(error.message, /position 11: unknown key "targt"/);
  assert.is(error.hint, 'did you mean target?');
  assert.match(refusalOf({ volume: 'source=v1,=data' }).message, /position 11: an empty field/);
});

long('a key twice, a flag with nonsense, a missing source are refused', () => {
  assert.match(refusalOf({ volume: 'source=v1,src=v2' }).message, /source is given twice/);
  assert.match(refusalOf({ volume: 'source=v1,readonly=maybe' }).message, /readonly=maybe is no flag/);
  assert.match(refusalOf({ volume: 'target=data,readonly' }).message, /no source/);
  assert.match(refusalOf({ volume: 'source=v1,volume-opt=size' }).message, /needs a key and a value/);
});

long('creating needs the leave of request and configuration, and only allowed options', () => {
  const label = { volume: 'source=fresh,create,volume-opt=size=5' };
  assert.is(refusalOf(label).code, 'create-not-allowed');
  const config = { drivers: { ebs: { create: true, createOptions: ['iops', 'zone'] } } };
  const { message, hint } = refusalOf(label, {}, { config });
  assert.match(message, /option size is not allowed/);
  assert.is(hint, 'allowed are iops and zone');
  const world = createWorld({ config: { drivers: { ebs: { create: true, createOptions: ['size'] } } } });
  assert.is(world.reply(world.prepare('c1', label)).ok, true);
  assert.equal(world.machine.calls, ['get ebs/fresh', 'create ebs/fresh', 'mount ebs/fresh']);
});

long('options reach the driver with their own values, in whichever order they are given', () => {
  const drivers = { ebs: { create: true, createOptions: ['iops', 'size', 'zone'] } };
  const given = ['zone=a', 'iops=zz', 'size=5'].map((option) => `volume-opt=${option}`).join();
  const world = createWorld({ config: { drivers } });
  const effects = world.prepare('c1', { volume: `source=fresh,create,${given}` });
  const created = effects.flatMap((effect) =>
    effect.type === 'driver' && effect.op === 'create' ? [effect.options] : [],
  );
  assert.equal(created, [{ iops: 'zz', size: '5', zone: 'a' }]);
});

const names = suite('policy: names and paths');

names('a name outside of the rule is refused with the place of the character', () => {
  assert.match(refusalOf({ volume: '../etc' }).message, /"\." at position 1/);
  assert.match(refusalOf({ volume: 'a/b' }).message, /"\/" at position 2/);
  assert.is(refusalOf({ volume: 'x'.repeat(256) }).code, 'bad-name');
});

names('a path cannot leave the sandbox or name the root', () => {
  for (const path of ['..', 'a/../../b', '/', '.', '//']) {
    assert.is(refusalOf({ volume: `v1:${path}` }).code, 'bad-path', path);
  }
  for (const path of ['\0data', 'da\0ta']) {
    assert.match(refusalOf({ volume: `v1:${path}` }).message, /NUL/, JSON.stringify(path));
  }
});

names('an absolute path without a rootfs is only taken below the allowed directories', () => {
  assert.is(refusalOf({ volume: 'v1:/etc' }).code, 'bad-path');
  assert.is(refusalOf({ volume: 'v1:/mntx' }).code, 'bad-path');
  assert.equal(mountsOf({ volume: 'v1:/mnt/x' }), ['/m/ebs/v1 /mnt/x rw']);
  assert.equal(mountsOf({ volume: 'v1:/etc' }, { rootfs: '/images/1' }), ['/m/ebs/v1 /etc rw']);
});

names('an unknown driver names the configured ones, or the nearest', () => {
  const error = refusalOf({ volume: 'v1', 'volume-driver': 'ebss' });
  assert.is(error.code, 'unknown-driver');
  assert.is(error.hint, 'did you mean ebs?');
  assert.match(refusalOf({ volume: 'v1', 'volume-driver': 'rexray' }).hint, /ebs and nfs/);
  assert.is(refusalOf({ volume: 'v1' }, {}, { config: { defaultDriver: undefined } }).code, 'unknown-driver');
});

const sources = suite('policy: other sources of requests');

sources('DOCKER_VOLUME volumes are requests', () => {
  const volumes = [{ driver: 'nfs', name: 'n1', options: {}, containerPath: 'data', readonly: true }];
  assert.equal(mountsOf({}, { volumes }), ['/m/.ro/nfs/n1 data ro']);
});

sources('the variables of mesos-module-dvdi are requests, with and without a number', () => {
  const env = [
    ['DVDI_VOLUME_NAME', 'v1'],
    ['DVDI_VOLUME_CONTAINERPATH', 'one'],
    ['DVDI_VOLUME_NAME2', 'n1'],
    ['DVDI_VOLUME_DRIVER2', 'nfs'],
  ];
  assert.equal(mountsOf({}, { env }), ['/m/nfs/n1 n1 rw', '/m/ebs/v1 one rw']);
});

sources('the same volume twice with the same meaning is one, with another an error', () => {
  const volumes = [{ driver: 'ebs', name: 'v1', options: {}, containerPath: 'data', readonly: false }];
  assert.equal(mountsOf({ volume: 'v1:data' }, { volumes }), ['/m/ebs/v1 data rw']);
  assert.is(refusalOf({ volume: 'v1:data:ro' }, { volumes }).code, 'conflict');
  assert.is(refusalOf({ volume: 'v2:data' }, { volumes }).code, 'conflict');
});

sources('a task without requests gets an empty answer and leaves no record', () => {
  const world = createWorld();
  const before = world.policy.snapshot();
  const effects = world.prepare('c1', { app: 'x' });
  assert.equal(
    effects.map(({ type }) => type),
    ['reply'],
  );
  assert.equal(world.reply(effects).mounts, []);
  assert.equal(world.policy.snapshot(), before);
});

for (const tests of [short, long, names, sources]) tests.run();
