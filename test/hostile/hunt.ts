import { decodeEffects } from '../../host/frames/effect_frame.ts';
import type { Policy } from '../../host/policy/policy.ts';
import { random } from '../random.ts';
import { judge } from './judge.ts';
import { createMutator } from './mutate.ts';
import { hostileStates } from './states.ts';

/** After so many frames the policy is put into another state: what hostile frames have made of it stays bounded. */
export const FRAMES_A_STATE = 400;

export interface Find {
  /** `--seed` of a run of FRAMES_A_STATE frames that ends with this. */
  seed: number;
  state: string;
  what: string;
  /** The frame, hex. */
  frame: string;
}

export interface Hunt {
  frames: number;
  /** Frames that were taken, refused with an error, and that reported one by an alert. */
  taken: number;
  refused: number;
  alerted: number;
  /** Milliseconds of the slowest step, with its answer read. */
  slowestMs: number;
  /** Bytes of linear memory: at the begin, after half of the frames, at the end. */
  memory: [begin: number, half: number, end: number];
  find: Find | undefined;
}

/**
 * Steps a policy through hostile frames, in one state after the other, and judges every answer; ends at the first that is wrong. `watch` is
 * called before each change of state with the frames so far.
 */
export function hunt(
  policy: Policy,
  frames: number,
  seed: number,
  watch: (frames: number) => void = () => {},
): Hunt {
  const states = hostileStates();
  const size = policy.memorySize();
  const result: Hunt = {
    frames: 0,
    taken: 0,
    refused: 0,
    alerted: 0,
    slowestMs: 0,
    memory: [size, size, size],
    find: undefined,
  };
  for (let run = 0; result.frames < frames && !result.find; run++) {
    watch(result.frames);
    const dice = random(seed + run);
    const state = states[dice(states.length)] as (typeof states)[number];
    const mutate = createMutator(dice);
    state.enter(policy);
    for (let left = Math.min(FRAMES_A_STATE, frames - result.frames); left > 0 && !result.find; left--) {
      const frame = mutate(state.reals);
      const what = stepOne(policy, frame, result);
      if (what)
        result.find = {
          seed: seed + run,
          state: state.name,
          what,
          frame: Buffer.from(frame).toString('hex'),
        };
    }
    if (result.frames * 2 <= frames) result.memory[1] = policy.memorySize();
  }
  result.memory[2] = policy.memorySize();
  return result;
}

function stepOne(policy: Policy, frame: Uint8Array, result: Hunt): string | undefined {
  result.frames += 1;
  const from = performance.now();
  try {
    const effects = decodeEffects(policy.step(frame));
    result.slowestMs = Math.max(result.slowestMs, performance.now() - from);
    if (effects.some((effect) => effect.type === 'reply' && !effect.ok)) result.refused += 1;
    else if (effects.some((effect) => effect.type === 'alert')) result.alerted += 1;
    else result.taken += 1;
    return judge(frame, effects);
  } catch (error) {
    return (error as Error).message;
  }
}
