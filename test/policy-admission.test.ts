import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createWorld, kinds, prepareEvent } from './world.ts';

type Labels = Record<string, string> | [string, string][];
type More = Record<string, unknown>;

/** The refusal of a prepare, as `code message (hint)`; `ok` when it is not refused. */
function answerOf(labels: Labels, more: More = {}, config: More = {}): string {
  const world = createWorld({ config });
  const { ok, error } = world.reply(world.prepare('c1', labels, more));
  return ok ? 'ok' : `${error?.code} ${error?.message} (${error?.hint})`;
}

const offers = suite('policy: offers');
const offered = {
  offers: { other: { driver: 'nfs', volumes: ['v1'] }, vols: { driver: 'ebs', volumes: ['v1', 'v2'] } },
};

offers('an offered volume is only for a task that was given it', () => {
  const given = (...items: unknown[]) => ({ resources: { cpus: 1, vols: items } });
  assert.is(answerOf({ volume: 'v1' }, given('v2', 'v1'), offered), 'ok');
  assert.match(
    answerOf({ volume: 'v1' }, given('v2'), offered),
    /^not-offered label volume: .*ebs\/v1 as a resource/,
  );
  assert.match(answerOf({ volume: 'v1' }, { resources: { cpus: 1 } }, offered), /^not-offered/);
  assert.match(answerOf({ volume: 'v1' }, { resources: { othervols: ['v1'] } }, offered), /^not-offered/);
});

offers('what is not offered is free, unless the configuration asks for an offer', () => {
  assert.is(answerOf({ volume: 'n1', 'volume-driver': 'nfs' }, {}, offered), 'ok');
  assert.match(answerOf({ volume: 'v1' }, {}, { requireOffer: true }), /^not-offered/);
});

offers('of what is offered the nearest name is proposed, and none of another driver', () => {
  const both = {
    requireOffer: true,
    offers: { a: { driver: 'nfs', volumes: ['data1'] }, b: { driver: 'ebs', volumes: ['date11'] } },
  };
  assert.match(answerOf({ volume: 'data11' }, {}, both), /date11/);
  assert.not.match(answerOf({ volume: 'data11' }, {}, both), /data1[^1]/);
});

const modes = suite('policy: modes and drivers');

modes('a read-only driver or volume refuses a writer and takes a reader', () => {
  const driver = { drivers: { ebs: { readonly: true }, nfs: {} } };
  const volume = { volumes: { 'ebs/v1': { readonly: true } } };
  for (const config of [driver, volume]) {
    assert.match(
      answerOf({ volume: 'v1' }, {}, config),
      /^read-only label volume: volume ebs\/v1 may only be read/,
    );
    assert.is(answerOf({ volume: 'v1:data:ro' }, {}, config), 'ok');
  }
  assert.is(answerOf({ volume: 'v2' }, {}, volume), 'ok');
});

modes('a driver that is on the machine but not configured is told apart from a misspelt one', () => {
  const label = { volume: 'v1', 'volume-driver': 'gluster' };
  assert.match(answerOf(label, {}, { discovered: ['gluster'] }), /\(it is on this machine: add it/);
  assert.match(answerOf(label), /^unknown-driver .*\(configured are ebs and nfs\)/);
  assert.match(answerOf({ volume: 'v1', 'volume-driver': 'ebz' }), /\(did you mean ebs\?\)/);
  assert.match(answerOf({ volume: 'v1' }, {}, { defaultDriver: null }), /no driver is named/);
  assert.match(
    answerOf({ volume: 'v1' }, {}, { drivers: { ['e'.repeat(65)]: {} }, defaultDriver: null }),
    /unknown-driver/,
  );
  const far = { volume: 'v1', 'volume-driver': 'x'.repeat(70) };
  assert.match(answerOf(far), /\(configured are ebs and nfs\)/);
});

modes('a volume in use takes a second task with the same options or with none, not with others', () => {
  const config = { drivers: { ebs: { create: true, createOptions: ['size', 'iops'] }, nfs: {} } };
  const world = createWorld({ config });
  const label = (options: string) => ({ volume: `source=v1,create${options}` });
  assert.is(world.reply(world.prepare('c1', label(',volume-opt=size=5'))).ok, true);
  assert.is(world.reply(world.prepare('c2', label(',volume-opt=size=5'))).ok, true);
  assert.is(world.reply(world.prepare('c3', label(''))).ok, true);
  for (const [id, options] of [
    ['c4', ',volume-opt=size=6'],
    ['c5', ',volume-opt=size=5,volume-opt=iops=1'],
  ] as const) {
    const { error } = world.reply(world.prepare(id, label(options)));
    assert.is(error?.code, 'options-differ');
    assert.match(error?.message ?? '', /label volume: volume ebs\/v1 is in use with other options/);
  }
  const again = world.send(prepareEvent('c1', label(',volume-opt=size=5')));
  assert.is(world.reply(again).ok, true, 'a repeated prepare means the same, options and all');
  assert.is(world.reply(world.send(prepareEvent('c1', label(',volume-opt=size=7')))).error?.code, 'conflict');
});

modes('the first holder owns a new bind where the driver says so, the second changes nothing', () => {
  const world = createWorld({ config: { drivers: { ebs: { chown: 'firstHolder' }, nfs: {} } } });
  const owners = (effects: ReturnType<typeof world.prepare>) =>
    effects.flatMap((effect) => (effect.type === 'bind' ? [effect.owner] : []));
  assert.equal(owners(world.prepare('c1', { volume: 'v1' }, { user: 'ann' })), ['ann']);
  assert.equal(owners(world.prepare('c2', { volume: 'v1:x:ro' }, { user: 'bob' })), [undefined]);
  assert.equal(owners(world.send(prepareEvent('c3', { volume: 'v2' }, { user: 'cy' }))), []);
  const get = world.all.filter((effect) => effect.type === 'driver').slice(-1);
  world.send(prepareEvent('c4', { volume: 'v2' }, { user: 'di' }));
  assert.equal(owners(world.play(get)), [undefined], 'two who wait: neither is the first');
});

modes("without users to answer to a holder's bind is made again without an owner", () => {
  const world = createWorld({ config: { drivers: { ebs: { chown: 'firstHolder' }, nfs: {} } } });
  world.prepare('c1', { volume: 'v1' }, { user: 'ann' });
  world.machine.managed.clear();
  const effects = world.run({ type: 'lost', target: '/m/ebs/v1' });
  assert.equal(kinds(effects), ['observe', 'bind']);
  assert.equal(
    effects.flatMap((effect) => (effect.type === 'bind' ? [effect.owner] : [])),
    [undefined],
  );
});

const sources = suite('policy: sources, refusals');

sources('every mistake in the long syntax is told with its position', () => {
  const cases: [string, RegExp][] = [
    ['source=v1,target=a,dst=b', /position 20: target is given twice/],
    ['source=v1,target=', /position 11: target has no value/],
    ['source=v1,volume-driver=ebs,volume-driver=ebs', /position 29: volume-driver is given twice/],
    ['source=v1,volume-driver=', /position 11: volume-driver has no value/],
    ['source=v1,ro,readonly', /position 14: readonly is given twice/],
    ['source=v1,create,create=0', /position 18: create is given twice/],
    ['source=v1,create=maybe', /create=maybe is no flag \(write create, or create=true or false\)/],
    ['source=v1,volume-opt=size', /volume-opt needs a key and a value/],
    ['source=v1,volume-opt=a=1,volume-opt=a=2', /the option a is given twice/],
    ['source=v1,', /position 11: an empty field/],
    ['source=v1,bandwidth=7', /unknown key "bandwidth" \(known are source, target/],
    ['target=a,ro=false', /position 1: no source=<volume> is given/],
    ['v1:', /position 4: the container path is empty/],
  ];
  for (const [label, text] of cases) assert.match(answerOf({ volume: label }), text);
});

sources('labels without sense are refused by name', () => {
  assert.match(answerOf({ volume: 'v1', 'volume-driver': '' }), /label volume-driver is empty/);
  assert.match(answerOf({ 'volume.': 'v1' }), /label volume\. has no key after the dot/);
  assert.match(answerOf({ volume: '' }), /label volume is empty/);
  assert.match(answerOf({ volume: 'source=,target=x' }), /bad-name label volume: the volume name is empty/);
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`volume.${i}`, `v${i}`]));
  assert.match(answerOf(many), /more than 64 volumes for one container/);
});

sources(
  'DOCKER_VOLUME options are checked like those of a label, and too many volumes of all sources are refused',
  () => {
    const volume = (name: string, options: unknown = {}) => ({
      driver: null,
      name,
      options,
      containerPath: null,
      readonly: null,
    });
    const twice = [
      volume('v1', [
        ['a', '1'],
        ['a', '2'],
      ]),
    ];
    assert.match(answerOf({}, { volumes: twice }), /volume v1: the option a is given twice/);
    const many = Array.from({ length: 65 }, (_, i) => volume(`v${i}`));
    assert.match(answerOf({}, { volumes: many }), /container c1: more than 64 volumes/);
    assert.is(answerOf({}, { volumes: [volume('v1', { size: '5' })] }), 'ok');
  },
);

sources('the variables of mesos-module-dvdi: options, doubles, mistakes', () => {
  const config = { drivers: { ebs: { create: true, createOptions: ['size', 'iops'] }, nfs: {} } };
  const env = (more: [string, string][]) => ({ env: [['DVDI_VOLUME_NAME1', 'new'], ...more] });
  const create: [string, string] = ['DVDI_VOLUME_EXPLICITCREATE1', '1'];
  const answer = (...more: [string, string][]) => answerOf({}, env(more), config);
  const world = createWorld({ config });
  const effects = world.prepare('c1', {}, env([create, ['DVDI_VOLUME_OPTS1', ' iops = 7, size=5']]));
  assert.is(world.reply(effects).ok, true);
  assert.equal(
    effects.flatMap((effect) => (effect.type === 'driver' && effect.op === 'create' ? [effect.options] : [])),
    [{ iops: ' 7', size: '5' }],
  );
  assert.is(answer(create, ['DVDI_VOLUME_OPTS1', '']), 'ok');
  assert.match(
    answer(['DVDI_VOLUME_OPTS1', 'size']),
    /environment DVDI_VOLUME_OPTS1: "size" is no key=value/,
  );
  assert.match(answer(['DVDI_VOLUME_OPTS1', 'a=1,a=2']), /the option a is given twice/);
  assert.match(answer(['DVDI_VOLUME_OPTS1', `a=${'x'.repeat(17000)}`]), /has more than 16384 characters/);
  assert.match(answer(['DVDI_VOLUME_NAME1', 'v2']), /environment DVDI_VOLUME_NAME1 is given twice/);
  assert.match(answer(create, ['DVDI_VOLUME_OPTS1', 'colour=red']), /the option colour is not allowed/);
  assert.is(
    answerOf(
      {},
      {
        env: [
          ['DVDI_VOLUME_NAMES', 'v1'],
          ['DVDI_VOLUME_NAMEx', '/'],
        ],
      },
    ),
    'ok',
  );
  const many = Array.from({ length: 66 }, (_, i) => [`DVDI_VOLUME_NAME${i}`, `v${i}`]);
  assert.match(answerOf({}, { env: many }), /more than 64 volumes/);
});

sources('a path that no directory can have is refused', () => {
  const deep = `${'a/'.repeat(2100)}a`;
  assert.match(answerOf({ volume: `v1:${deep}` }), /^bad-path .*is too long/);
  assert.match(answerOf({ volume: `v1:${'p'.repeat(256)}` }), /has a part of over 255 bytes/);
  assert.match(answerOf({ volume: 'v1:data\0x' }), /"data" has a NUL character in it/);
  assert.match(answerOf({ volume: 'v1:./.' }), /is empty/);
  assert.match(answerOf({ volume: `${'n'.repeat(256)}` }), /is longer than 255 bytes/);
});

sources('a message is cut to its length and never holds half of a character', () => {
  // The host reads what is no UTF-8 as U+FFFD.
  const isWhole = (text: string) => !text.includes('\ufffd');
  const cases: Labels[] = [
    { volume: 'v😀' },
    { volume: `v1:${'a'.repeat(39)}😀${'b'.repeat(300)}` },
    { volume: `v1:${'😀'.repeat(2000)}/${'x/'.repeat(2100)}` },
    [['volume', `source=v1,${'k'.repeat(359)}😀${'z'.repeat(300)}`]],
    [['volume', `source=v1,${'k'.repeat(360)}😀${'z'.repeat(300)}`]],
    [['volume', `source=v1,${'k'.repeat(600)}`]],
  ];
  for (const labels of cases) {
    const answer = answerOf(labels);
    assert.not(answer === 'ok');
    assert.ok(isWhole(answer), answer);
  }
  assert.match(answerOf({ volume: 'v😀' }), /has "😀" at position 2/);
});

offers.run();
modes.run();
sources.run();
