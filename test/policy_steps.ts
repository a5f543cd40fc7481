import type { Effect, WorkEffect } from '../host/frames/types.ts';
import { failed } from './machine.ts';
import { isWork, kinds, prepareEvent, type World } from './world.ts';

export const V1 = { volume: 'v1:data' };
export const timeout = failed('timeout', 'timeout', '');

/** Ends the first effect that is under way among these, performing nothing. */
export function end(world: World, effects: Effect[], outcome: Record<string, unknown>): Effect[] {
  const work = effects.find(isWork) as WorkEffect | undefined;
  if (!work) throw new Error('nothing is under way');
  return world.send({ type: 'done', effect: work.effect, ...outcome });
}

/** Performs one effect well. */
export function perform(world: World, effects: Effect[]): Effect[] {
  const work = effects.find(isWork) as WorkEffect;
  return end(world, effects, { ...world.machine.answer(work) });
}

/** Sends a prepare and performs until this kind of effect is under way. */
export function upTo(world: World, kind: string, labels: Record<string, string> = V1): Effect[] {
  let effects = world.send(prepareEvent('c1', labels));
  while (!kinds(effects).includes(kind)) effects = perform(world, effects);
  return effects;
}

/** Ticks until something begins. */
export function nextWork(world: World): Effect[] {
  for (let i = 0; i < 100; i++) {
    world.now += 100;
    const effects = world.send({ type: 'tick' });
    if (effects.some(isWork)) return effects;
  }
  throw new Error('nothing begins');
}
