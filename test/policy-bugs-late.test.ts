/** What the simulator found in long runs: unmounts that came true late, and looks that said less than was made of them. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { end, only, timeout, unmounting, until, V1 } from './policy_under_way.ts';
import { createWorld, driverOps, kinds, prepareEvent } from './world.ts';

const readonly = { 'volume.v1': 'source=v1,target=data,readonly' };

const bugs = suite('policy: ends that came late');

bugs('a mount that somebody took away passed for the end of an open unmount, which took the next one', () => {
  const world = createWorld();
  const unmount = unmounting(world);
  world.machine.driverMounts.clear();
  end(world, unmount, timeout);
  const early = [...world.run(prepareEvent('c2', V1)), ...world.pass(29_000)];
  assert.equal(kinds(early), [], 'nothing is begun that it could take');
  const after = world.pass(5_000);
  assert.is(world.reply(after).ok, true);
  assert.equal(driverOps(after), ['mount v1']);
});

bugs('while an unmount is open no second one is sent, neither after a pause nor at once', () => {
  const world = createWorld();
  end(world, unmounting(world), timeout);
  assert.equal(kinds(world.pass(10_000)), []);
  world.run({ type: 'operator', verb: 'retry', driver: 'ebs', name: 'v1' });
  assert.equal(kinds(world.pass(15_000)), []);
  assert.equal(driverOps(world.pass(10_000)), ['unmount v1']);
});

bugs('who comes while an unmount is open is told what it waited for', () => {
  const world = createWorld({ config: { prepareMs: 5000 } });
  end(world, unmounting(world), timeout);
  world.send(prepareEvent('c2', V1));
  const { error } = world.reply(world.pass(6_000));
  assert.is(error?.code, 'timeout');
  assert.match(error?.message ?? '', /; last: unmount ebs\/v1: no answer yet$/);
});

bugs('a good bind was taken from its holder, because an older one lay below it', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const mountId = world.machine.managed.get('/m/ebs/v1') as number;
  const look = only(world.send({ type: 'restart', bootId: 'boot-1', mounts: [] }), 'observe');
  const managed = [
    { mode: 'rw', mountId: 50 },
    { mode: 'rw', mountId },
  ];
  const driver = { answered: true, exists: true, path: '/d/ebs/v1', pathMountId: 100 };
  assert.equal(kinds(end(world, look, { ok: true, value: { managed, driver, pinnedBy: [] } })), []);
});

bugs('a task was answered while a look was under way that showed its mount gone', () => {
  const world = createWorld();
  const place = until(world, world.send(prepareEvent('c1', V1)), 'place');
  const look = only(world.send({ type: 'lost', target: '/m/.ro/ebs/v1' }), 'observe');
  world.machine.driverMounts.clear();
  assert.equal(end(world, place, { ok: true }), [], 'the look may show anything');
  const effects = world.play(end(world, look, world.machine.answer(look)));
  assert.is(world.reply(effects).ok, true);
  assert.ok(driverOps(effects).includes('mount v1'));
});

const holder = { id: 'c9', labels: [['volume', 'v1:d']], env: [], volumes: [], sandbox: '/s/c9', mounts: [] };

for (const containers of [[], [holder]]) {
  const whose = containers.length > 0 ? 'of a holder' : 'of nobody';
  bugs(`a mount ${whose} that vanished during the first look after a lost journal counted as there`, () => {
    const world = createWorld({ recover: false });
    const shown = [
      { target: '/d/ebs/v1', mountId: 100, dev: '7:1' },
      { target: '/m/ebs/v1', mountId: 101, dev: '7:1' },
    ].map((mount) => ({ ...mount, source: '/dev/x', fstype: 'ext4', root: '/' }));
    const recover = { type: 'recover', journal: 'new', bootId: 'boot-1', containers, orphans: [] };
    const look = only(world.send({ ...recover, mounts: shown, part: 0, last: true }), 'observe');
    world.send({ type: 'lost', target: '/d/ebs/v1' });
    world.send(prepareEvent('c1', V1));
    const managed = [{ mode: 'rw', mountId: 101 }];
    const driver = { answered: true, exists: true, path: '/d/ebs/v1', pathMountId: 100 };
    const after = end(world, look, { ok: true, value: { managed, driver, pinnedBy: [] } });
    assert.equal(kinds(after), ['observe'], 'what it tells may be older than the loss');
  });
}

bugs('what vanishes elsewhere does not repeat a look at a volume whose place is known', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const look = only(world.send({ type: 'restart', bootId: 'boot-1', mounts: [] }), 'observe');
  world.send({ type: 'lost', target: '/d/ebs/v2' });
  assert.equal(kinds(end(world, look, world.machine.answer(look))), []);
});

bugs('a task that asked again was answered with a bind of a mount that the driver had replaced', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  end(world, until(world, world.send(prepareEvent('c2', readonly)), 'bind'), timeout);
  world.machine.driverMounts.set('ebs/v1', 900);
  world.pass(1_000);
  const old = world.machine.managed.get('/m/ebs/v1');
  assert.equal(world.run(prepareEvent('c1', V1)), [], 'while the bind without an answer may still come');
  const { ok, mounts } = world.reply(world.pass(40_000));
  assert.ok(ok && mounts);
  assert.not.equal(world.machine.managed.get('/m/ebs/v1'), old);
});

bugs('a good bind was taken from its holder, because the other one showed a mount of before', () => {
  const world = createWorld();
  world.prepare('c1', V1);
  const bind = until(world, world.send(prepareEvent('c2', readonly)), 'bind');
  world.machine.driverMounts.set('ebs/v1', 900);
  const effects = world.play(end(world, bind, world.machine.answer(bind)));
  const replaced = effects.filter(({ type }) => type === 'detach') as { target?: string }[];
  assert.equal(
    replaced.map(({ target }) => target),
    ['/m/ebs/v1'],
  );
  assert.is(world.reply(effects).ok, true);
});

bugs.run();
