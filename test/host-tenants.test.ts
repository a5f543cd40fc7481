/** The example policy: its one rule, and that the state goes over to it and back. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInFlight } from '../cli/policy/in_flight.ts';
import { pack, unpack } from '../host/frames/codec.ts';
import { decodeEffects } from '../host/frames/effect_frame.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import type { Effect, ReplyEffect } from '../host/frames/types.ts';
import { loadPolicy, type Policy } from '../host/policy/policy.ts';
import { runCampaign } from '../simulator/campaign.ts';
import { createSetup } from '../simulator/setup.ts';
import { leaveState } from './state_folder.ts';
import { ownFolder } from './trusted_files.ts';
import { createWorld, POLICY, prepareEvent, type World } from './world.ts';

const TENANTS = 'build/policies/tenants.wasm';
const tenants = suite('host: a policy of one own rule');

/** Fields of a snapshot: containers, and volumes. */
const [CONTAINERS, VOLUMES] = [9, 10];
type Row = unknown[];

const guest = { volume: 'v1:data', 'volume-tenant': 'guest' };
const owner = { volume: 'v1:data', 'volume-tenant': 'owner' };

/** The tenants policy in the state of a life under the shipped one. */
function takenOver(live: (world: World) => void): { world: World; policy: Policy } {
  const world = createWorld();
  live(world);
  const policy = loadPolicy(TENANTS);
  policy.restore(world.policy.snapshot() as Uint8Array);
  return { world, policy };
}

/** A world in which the tenants policy decides from the first event. */
function tenantWorld(): World {
  const world = createWorld({ recover: false });
  const policy = loadPolicy(TENANTS);
  policy.restore(world.policy.snapshot() as Uint8Array);
  Object.assign(world.policy, { step: policy.step, snapshot: policy.snapshot, restore: policy.restore });
  world.run({
    type: 'recover',
    journal: 'new',
    bootId: 'b',
    containers: [],
    orphans: [],
    mounts: [],
    part: 0,
    last: true,
  });
  return world;
}

function isReadonly(reply: ReplyEffect): boolean | undefined {
  assert.is(reply.ok, true, JSON.stringify(reply.error));
  return reply.mounts?.[0]?.readonly;
}

function ask(policy: Policy, event: Record<string, unknown>): Effect[] {
  return decodeEffects(policy.step(encodeEvent({ at: 0, call: 9000, ...event })));
}

tenants('a tenant that only reads is given every volume to read; all others as they ask', () => {
  const world = tenantWorld();
  const asked = (id: string, labels: Record<string, string> | [string, string][]) =>
    isReadonly(world.reply(world.prepare(id, labels)));
  assert.is(asked('c1', guest), true);
  assert.is(asked('c2', owner), false);
  assert.is(asked('c3', { volume: 'v1:data' }), false);
  assert.is(asked('c4', { volume: 'v1:data', 'volume-tenant': '' }), false);
  assert.is(asked('c5', { volume: 'v1:data:ro', 'volume-tenant': 'owner' }), true);
  const twice: [string, string][] = [
    ['volume-tenant', 'owner'],
    ['volume', 'v1:data'],
    ['volume-tenant', 'audit'],
  ];
  assert.is(asked('c6', twice), true);
  // Once more the same is no other wish.
  assert.is(asked('c1', guest), true);
});

tenants(
  'what is nested in a container of such a tenant reads too, and a tenant that reads creates nothing',
  () => {
    const world = tenantWorld();
    const env = [['DVDI_VOLUME_NAME', 'v1']];
    const nested = (id: string) => isReadonly(world.reply(world.run(prepareEvent(id, {}, { env }))));
    world.prepare('c1', guest);
    world.prepare('c2', owner);
    assert.is(nested('c1.sub'), true);
    assert.is(nested('c1.sub.deep'), true);
    assert.is(nested('c2.sub'), false);
    world.run({
      type: 'configure',
      config: { agentId: 'a1', root: '/m', defaultDriver: 'ebs', drivers: { ebs: { create: true } } },
    });
    const made = (tenant: string) =>
      world.reply(
        world.prepare(`new-${tenant}`, {
          volume: `source=new-${tenant},target=d,create`,
          'volume-tenant': tenant,
        }),
      );
    assert.is(made('owner').ok, true);
    assert.is(made('training').error?.code, 'no-such-volume');
  },
);

tenants('asked about a journal of the shipped policy it differs in its rule, and in nothing else', () => {
  const folder = ownFolder();
  leaveState(folder, (world) => {
    world.prepare('c1', owner);
    world.prepare('c2', guest);
    world.cleanup('c1');
    world.cleanup('c2');
    world.pass(60_000);
  });
  const args = ['build/moorage.mjs', 'replay', '--json', '--policy', TENANTS, join(folder, 'journal')];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.is(status, 1);
  const { whatIf } = JSON.parse(stdout);
  const found = whatIf.rules.map(
    ({ rule, events, about }: Record<string, unknown>) => `${rule} ${events} ${about}`,
  );
  assert.equal(found, ['place: left out 1 container c2', 'bind: added 1 container c2']);
  assert.is(whatIf.events, 1);
});

tenants('on the golden traces it decides as the shipped policy does', () => {
  const journals = spawnSync('ls', ['test/traces/0.1.0'], { encoding: 'utf8' }).stdout.trim().split('\n');
  const files = journals.map((name) => `test/traces/0.1.0/${name}`);
  assert.ok(files.length >= 10);
  const rules = (policy: string) => {
    const args = ['build/moorage.mjs', 'replay', '--json', '--policy', policy, ...files];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).whatIf.rules);
  };
  assert.equal(rules(TENANTS), rules(POLICY));
});

tenants('who was there before the swap keeps what it has, and asks for the same again', () => {
  const { policy } = takenOver((world) => {
    world.prepare('c1', guest);
    isReadonly(world.reply(world.prepare('c2', guest)));
  });
  const [reply] = ask(policy, prepareEvent('c1', guest)) as ReplyEffect[];
  assert.is(isReadonly(reply as ReplyEffect), false);
  const nested = ask(policy, prepareEvent('c1.sub', {}, { env: [['DVDI_VOLUME_NAME', 'v1']] }));
  assert.equal(
    nested.flatMap((effect) => (effect.type === 'bind' ? [effect] : [])),
    [],
    'of its tenant nothing is remembered',
  );
});

tenants('taken over and taken back a state of the shipped policy is the same, byte for byte', () => {
  const { world, policy } = takenOver((world) => {
    world.prepare('c1', owner);
    world.prepare('c2', { volume: 'v2:data:ro' });
    world.send(prepareEvent('c3', { volume: 'source=n1,target=d,volume-driver=nfs' }));
  });
  const before = world.policy.snapshot() as Uint8Array;
  const there = policy.snapshot() as Uint8Array;
  assert.is((unpack(there) as Row)[0], 1001);
  const shipped = loadPolicy(POLICY);
  shipped.restore(there);
  assert.equal(Buffer.from(shipped.snapshot() as Uint8Array), Buffer.from(before));
});

tenants(
  'a tenant is remembered over a restore, left away by the shipped policy, and taken down by it',
  () => {
    const world = tenantWorld();
    world.prepare('c1', guest);
    const kept = world.policy.snapshot() as Uint8Array;
    const again = loadPolicy(TENANTS);
    again.restore(kept);
    assert.equal(Buffer.from(again.snapshot() as Uint8Array), Buffer.from(kept));
    const env = [['DVDI_VOLUME_NAME', 'v1']];
    const nested = ask(again, prepareEvent('c1.sub', {}, { env }));
    assert.ok(
      !nested.some(({ type }) => type === 'bind'),
      'the tenant is known: the read-only mount is there',
    );
    const shipped = loadPolicy(POLICY);
    shipped.restore(kept);
    assert.is((unpack(shipped.snapshot() as Uint8Array) as Row)[0], 1);
    const effects = ask(shipped, { type: 'cleanup', id: 'c1' });
    assert.ok(effects.some((effect) => effect.type === 'detach' && effect.target === '/m/.ro/ebs/v1'));
  },
);

tenants('the state of a third variant is read by both, without what they do not know', () => {
  const world = createWorld();
  world.prepare('c1', owner);
  const whole = unpack(world.policy.snapshot() as Uint8Array) as Row;
  const more = (row: unknown) => [...(row as Row), { what: ['ever'] }, 7];
  const other = [...whole, 'more'];
  other[0] = 2001;
  other[CONTAINERS] = (whole[CONTAINERS] as Row[]).map(more);
  other[VOLUMES] = (whole[VOLUMES] as Row[]).map(more);
  for (const file of [POLICY, TENANTS]) {
    const policy = loadPolicy(file);
    policy.restore(pack(other));
    const kept = unpack(policy.snapshot() as Uint8Array) as Row;
    assert.is((kept[CONTAINERS] as Row[]).length, 1);
    assert.equal((kept[VOLUMES] as Row[])[0], (whole[VOLUMES] as Row[])[0]);
  }
});

tenants('fields too many or too few in a state of its own are refused', () => {
  const world = tenantWorld();
  world.prepare('c1', guest);
  const whole = unpack(world.policy.snapshot() as Uint8Array) as Row;
  const changed = (schema: number, change: (row: Row) => Row) => {
    const copy = [...whole];
    copy[0] = schema;
    copy[CONTAINERS] = (whole[CONTAINERS] as Row[]).map(change);
    return pack(copy);
  };
  const tenantsOwn = loadPolicy(TENANTS);
  assert.throws(
    () => tenantsOwn.restore(changed(1001, (row) => row.slice(0, -1))),
    /container: has another number/,
  );
  assert.throws(
    () => tenantsOwn.restore(changed(1001, (row) => [...row, 1])),
    /container: has another number/,
  );
  assert.throws(() => tenantsOwn.restore(changed(1, (row) => row)), /container: has another number/);
  assert.throws(
    () => tenantsOwn.restore(changed(2001, (row) => row.slice(0, 5))),
    /container: has another number/,
  );
  assert.throws(() => tenantsOwn.restore(changed(1002, (row) => row)), /schema: is not the one/);
  assert.throws(() => loadPolicy(POLICY).restore(changed(1, (row) => row)), /container: has another number/);
});

tenants(
  'in worlds with tenants and faults it keeps all rules; the shipped policy gives a reader too much there',
  () => {
    const readers = ['guest', 'audit'];
    const setupOf = (seed: number) => ({ ...createSetup(seed), readers });
    const campaign = (file: string, runs: number) =>
      runCampaign({ module: readFileSync(file), name: file, seed: 1, steps: 200, runs, setupOf });
    const { broken, runs } = campaign(TENANTS, 200);
    assert.is(
      broken && `seed ${broken.seed}: ${broken.failure.invariant}: ${broken.failure.message}`,
      undefined,
    );
    assert.is(runs, 200);
    const shipped = campaign(POLICY, 20).broken;
    assert.is(shipped?.failure.invariant, 'admitted');
    assert.match(shipped?.failure.message ?? '', /to write, and is not to have it so/);
  },
);

tenants('what a journal leaves open are calls without an answer and effects without an end', () => {
  const open = createInFlight();
  const world = createWorld({ onStep: (frame, effects) => open.take(frame, decodeEffects(effects)) });
  world.prepare('c1', owner);
  assert.equal([open.calls(), open.effects()], [[], []]);
  world.send(prepareEvent('c2', { volume: 'v2:data' }));
  assert.equal(
    open.calls().map(({ id }) => id),
    ['c2'],
  );
  assert.equal(
    open.effects().map(({ type }) => type),
    ['driver'],
  );
  assert.is(open.firstCall(), 1);
  assert.is(open.lastCall(), open.calls()[0]?.call);
  world.send({ type: 'restart', bootId: 'b', mounts: [] });
  assert.equal(open.calls(), []);
});

tenants.run();
