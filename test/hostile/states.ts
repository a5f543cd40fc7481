import { encodeEvent } from '../../host/frames/event_frame.ts';
import type { Effect, WorkEffect } from '../../host/frames/types.ts';
import type { Policy } from '../../host/policy/policy.ts';
import { failed } from '../machine.ts';
import { perform } from '../policy_steps.ts';
import { createWorld, isWork, kinds, openPolicy, prepareEvent, RECOVER, type World } from '../world.ts';
import { type Real, takeApart } from './mutate.ts';
import { plainEvents } from './real_events.ts';

/** A policy in some state, and the frames that mean something to it. */
export interface HostileState {
  name: string;
  /** Puts a policy into that state. */
  enter(policy: Policy): void;
  reals: Real[];
}

const CONFIG = {
  agentId: 'a1',
  root: '/m',
  defaultDriver: 'ebs',
  drivers: {
    ebs: { create: true, createOptions: ['size'], chown: 'firstHolder' },
    nfs: { plainDirs: true },
    silent: {},
  },
  volumes: { 'ebs/lingers': { lingerMs: 60_000, sharing: 'exclusive', readonly: false } },
  offers: { ebsvolumes: { driver: 'ebs', volumes: ['offered'] } },
  discovered: ['gluster'],
};

/** How a volume is asked for, and the kind of effect at which it is left. */
const GOING_UP: [label: string, stage: string][] = [
  ['get', 'get'],
  ['source=new,create,volume-opt=size=5', 'create'],
  ['mount', 'mount'],
  ['bind', 'bind'],
  ['reader:data:ro', 'bind'],
  ['place', 'place'],
];
const GOING_DOWN = ['detach', 'observe', 'unmount'];

/** Every state of a policy's life: before its configuration, before and amid its recovery, and with all kinds of work under way. */
export function hostileStates(): HostileState[] {
  const plain = plainEvents(CONFIG).map((event) => takeApart(encodeEvent(event)));
  const fresh = snapshotOf(openPolicy());
  const configured = snapshotOf(createWorld({ config: CONFIG, recover: false }).policy);
  const { busy, ends } = busyWorld();
  const part = encodeEvent({ ...RECOVER, at: 1, call: 900, last: false });
  return [
    { name: 'fresh', enter: (policy) => policy.restore(fresh), reals: plain },
    { name: 'configured', enter: (policy) => policy.restore(configured), reals: plain },
    { name: 'busy', enter: (policy) => policy.restore(busy), reals: [...plain, ...ends] },
    {
      name: 'amid a recovery',
      reals: plain,
      enter(policy) {
        policy.restore(busy);
        policy.step(part);
      },
    },
  ];
}

function snapshotOf(policy: Policy): Uint8Array {
  return policy.snapshot() as Uint8Array;
}

/**
 * Holders, waiters, a lingering volume, a silent driver, and one volume with each kind of effect under way; and every way in which
 * those may end.
 */
function busyWorld(): { busy: Uint8Array; ends: Real[] } {
  const names = ['ready', 'lost', 'lingers', 'get', 'mount', 'bind', 'reader', 'place', ...GOING_DOWN];
  const world = createWorld({ config: CONFIG, volumes: names.map((name) => `ebs/${name}`) });
  world.prepare('c-ready', { volume: 'ready:data' });
  world.prepare('c-reads', { volume: 'ready:data:ro' });
  world.prepare('c-lingers', { volume: 'lingers' });
  world.cleanup('c-lingers');
  world.machine.silent.add('silent');
  world.prepare('c-waits', { volume: 'x', 'volume-driver': 'silent' });
  world.prepare('c-lost', { volume: 'lost' });
  for (const name of GOING_DOWN) world.prepare(`c-${name}`, { volume: name });
  const open = world.send({ type: 'lost', target: '/m/ebs/lost' });
  GOING_UP.forEach(([label, stage], index) => {
    open.push(...stall(world, stage, world.send(prepareEvent(`up${index}`, { volume: label }))));
  });
  for (const name of GOING_DOWN)
    open.push(...stall(world, name, world.send({ type: 'cleanup', id: `c-${name}` })));
  const busy = snapshotOf(world.policy);
  return { busy, ends: open.filter(isWork).flatMap((work) => endsOf(world, work)) };
}

/** Performs truthfully until an effect of this kind is under way. */
function stall(world: World, kind: string, begun: Effect[]): Effect[] {
  let effects = begun;
  while (!kinds(effects).includes(kind)) effects = perform(world, effects);
  return effects;
}

function endsOf(world: World, work: WorkEffect): Real[] {
  const outcomes = [
    world.machine.answer(work),
    failed('refused', 'not-mounted', 'no'),
    failed('timeout', 'timeout', ''),
    failed('unreachable', 'ECONNREFUSED', 'nobody listens'),
  ];
  return outcomes.map((outcome) =>
    takeApart(encodeEvent({ type: 'done', at: world.now, effect: work.effect, ...outcome })),
  );
}
