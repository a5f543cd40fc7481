import * as assert from 'uvu/assert';
import type { Effect, WorkEffect } from '../host/frames/types.ts';
import { failed } from './machine.ts';
import { isWork, kinds, type World } from './world.ts';

export const V1 = { volume: 'v1:data' };
export const timeout = failed('timeout', 'timeout', 'no answer');

/** The effect of that kind, which has to be there. */
export function only(effects: Effect[], kind: string): WorkEffect {
  const found = effects.find((effect) => isWork(effect) && kinds([effect])[0] === kind);
  assert.ok(found, `no ${kind} among ${kinds(effects).join(', ')}`);
  return found as WorkEffect;
}

/** Tells how one effect ended. */
export function end(world: World, effect: WorkEffect, outcome: Record<string, unknown>): Effect[] {
  return world.send({ type: 'done', effect: effect.effect, ...outcome });
}

/** Performs truthfully until an effect of this kind is next, and returns that. */
export function until(world: World, effects: Effect[], kind: string): WorkEffect {
  let now = effects;
  while (kinds(now)[0] !== kind) {
    const next = now.find(isWork) as WorkEffect;
    now = end(world, next, world.machine.answer(next));
  }
  return only(now, kind);
}

/** A first task has come and gone, and the unmount that follows is under way. */
export function unmounting(world: World): WorkEffect {
  world.prepare('c1', V1);
  return until(world, world.send({ type: 'cleanup', id: 'c1' }), 'unmount');
}
