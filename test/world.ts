import { decodeEffects } from '../host/frames/effect_frame.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import type { Effect, ReplyEffect, WorkEffect } from '../host/frames/types.ts';
import { loadPolicy, type Policy } from '../host/policy/policy.ts';
import { startPortable } from '../portable/policy.ts';
import { createMachine, type Machine, ROOT } from './machine.ts';

export const POLICY = 'build/policy.wasm';

/**
 * The shipped policy. With MOORAGE_POLICY=portable the same sources as plain TypeScript, for debuggers, and with the path of a .cjs file the one that
 * was bundled to it, for coverage.
 */
export function openPolicy(): Policy {
  const chosen = process.env.MOORAGE_POLICY ?? '';
  if (chosen === 'portable') return startPortable();
  return chosen.endsWith('.cjs') ? startPortable(chosen) : loadPolicy(POLICY);
}

type Labels = Record<string, string> | [string, string][];

/** The shipped policy on a machine, with a clock that only moves when told. */
export interface World {
  policy: Policy;
  machine: Machine;
  now: number;
  /** Every effect so far. */
  all: Effect[];
  /** Sends one event at the present time and returns its effects; none of them is performed. */
  send(event: Record<string, unknown>): Effect[];
  /** Like `send`, and performs every effect that follows, and theirs, until nothing is under way. */
  run(event: Record<string, unknown>): Effect[];
  /** Performs these effects and what follows. */
  play(effects: Effect[]): Effect[];
  /** Moves the clock from one wake-up to the next, performing, until `ms` have passed. */
  pass(ms: number): Effect[];
  prepare(id: string, labels: Labels, more?: Record<string, unknown>): Effect[];
  cleanup(id: string): Effect[];
  /** The last reply among some effects. Throws when there is none. */
  reply(effects: Effect[]): ReplyEffect;
}

export interface WorldOptions {
  volumes?: string[];
  config?: Record<string, unknown>;
  /** Fields of the recover event; false: none is sent. */
  recover?: Record<string, unknown> | false;
  /** Called after each event, with what the policy answered. */
  onStep?(frame: Uint8Array, effects: Uint8Array): void;
}

export const CONFIG = { agentId: 'a1', root: ROOT, defaultDriver: 'ebs', drivers: { ebs: {}, nfs: {} } };

export const RECOVER = {
  type: 'recover',
  journal: 'new',
  bootId: 'boot-1',
  containers: [],
  orphans: [],
  mounts: [],
  part: 0,
  last: true,
};

export function prepareEvent(id: string, labels: Labels, more: Record<string, unknown> = {}) {
  const pairs = Array.isArray(labels) ? labels : Object.entries(labels);
  const container = { id, labels: pairs, env: [], volumes: [], resources: {}, sandbox: `/s/${id}`, ...more };
  return { type: 'prepare', container };
}

export function createWorld(options: WorldOptions = {}): World {
  const policy = openPolicy();
  const machine = createMachine(...(options.volumes ?? ['ebs/v1', 'ebs/v2', 'nfs/n1']));
  let nextCall = 1;
  let wakeAt = 0;

  const world: World = {
    policy,
    machine,
    now: 0,
    all: [],
    send(event) {
      const call = { call: nextCall++ };
      const frame = encodeEvent({ ...(hasCall(event.type) ? call : {}), at: world.now, ...event });
      const answer = policy.step(frame);
      options.onStep?.(frame, answer);
      const effects = decodeEffects(answer);
      world.all.push(...effects);
      for (const effect of effects) if (effect.type === 'wake') wakeAt = effect.at;
      return effects.filter(({ type }) => type !== 'wake');
    },
    run: (event) => world.play(world.send(event)),
    play(effects) {
      const seen = [...effects];
      const work = effects.filter(isWork);
      for (let effect = work.shift(); effect; effect = work.shift()) {
        world.now += 1;
        const more = world.send({ type: 'done', effect: effect.effect, ...machine.answer(effect) });
        seen.push(...more);
        work.push(...more.filter(isWork));
      }
      return seen;
    },
    pass(ms) {
      const until = world.now + ms;
      const seen: Effect[] = [];
      while (wakeAt > 0 && wakeAt <= until) {
        world.now = Math.max(world.now, wakeAt);
        seen.push(...world.run({ type: 'tick' }));
      }
      world.now = Math.max(world.now, until);
      return seen;
    },
    prepare: (id, labels, more) => world.run(prepareEvent(id, labels, more)),
    cleanup: (id) => world.run({ type: 'cleanup', id }),
    reply(effects) {
      const reply = effects.filter((effect) => effect.type === 'reply').at(-1);
      if (!reply) throw new Error(`no reply among ${JSON.stringify(effects)}`);
      return reply as ReplyEffect;
    },
  };
  world.send({ type: 'configure', config: { ...CONFIG, ...options.config } });
  if (options.recover !== false) world.run({ ...RECOVER, ...options.recover });
  return world;
}

export function isWork(effect: Effect): effect is WorkEffect {
  return 'effect' in effect;
}

function hasCall(type: unknown): boolean {
  return !['done', 'tick', 'lost', 'restart', 'swap'].includes(String(type));
}

/** The driver operations among some effects, as `op name`. */
export function driverOps(effects: Effect[]): string[] {
  return effects.flatMap((effect) => (effect.type === 'driver' ? [`${effect.op} ${effect.name}`] : []));
}

/** The kinds of work among some effects, in order; driver calls by their operation. */
export function kinds(effects: Effect[]): string[] {
  return effects.filter(isWork).map((effect) => (effect.type === 'driver' ? effect.op : effect.type));
}
