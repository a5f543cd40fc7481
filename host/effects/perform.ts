import type { Binding } from '../binding.ts';
import type { Directory } from '../directory.ts';
import type { WorkEffect } from '../frames/types.ts';
import { failureOf, type Outcome } from './outcome.ts';
import { performDriver } from './perform_driver.ts';
import { performBind, performDetach, performPlace } from './perform_mounts.ts';
import { performObserve } from './perform_observe.ts';

/** Performs one effect. Never throws: whatever happens is the outcome. */
export async function perform(effect: WorkEffect, binding: Binding, directory: Directory): Promise<Outcome> {
  try {
    if (effect.type === 'driver') return await performDriver(effect, binding, directory);
    if (effect.type === 'bind') return await performBind(effect, binding, directory);
    if (effect.type === 'detach') return await performDetach(effect, binding, directory);
    if (effect.type === 'observe') return await performObserve(effect, binding, directory);
    return await performPlace(effect, binding, directory);
  } catch (error) {
    return failureOf(error);
  }
}
