import { type Action, type Failure, planOf, type Result, runPlan } from './scenario.ts';
import type { Setup } from './setup.ts';
import type { Policies } from './world.ts';

export interface Shrunk {
  readonly failure: Failure;
  /** What is left of the actions, in order. */
  readonly actions: readonly Action[];
  readonly quirks: Setup['quirks'];
  /** Scenarios that were tried. */
  readonly tries: number;
}

/** Scenarios that shrinking may try. */
const TRIES_MAX = 3000;

/**
 * The least that still breaks the same rule: quirks and troubles are turned off, actions are left out, in ever smaller
 * pieces, until none can be spared. `renew` gives policies to use: one that trapped is of no further use.
 */
export function shrink(from: Setup, steps: number, rule: string, renew: () => Policies): Shrunk | undefined {
  let setup = from;
  let plan = planOf(setup, steps);
  let tries = 0;
  let best: Failure | undefined;

  function breaks(candidate: Setup, actions: readonly Action[]): boolean {
    if (tries >= TRIES_MAX) return false;
    tries += 1;
    const { failure }: Result = runPlan(candidate, actions, renew());
    if (failure?.invariant !== rule) return false;
    best = failure;
    return true;
  }

  if (!breaks(setup, plan)) return undefined;
  plan = dropActions(plan, (actions) => breaks(setup, actions));
  for (const simpler of simplerSetups(setup)) {
    const candidate = simpler(setup);
    if (breaks(candidate, plan)) setup = candidate;
  }
  plan = dropActions(plan, (actions) => breaks(setup, actions));
  return { failure: best as Failure, actions: plan, quirks: setup.quirks, tries };
}

function dropActions(plan: readonly Action[], breaks: (actions: readonly Action[]) => boolean): Action[] {
  let kept = [...plan];
  for (let size = Math.max(1, kept.length >> 1); ; ) {
    let isShorter = false;
    for (let at = 0; at < kept.length; ) {
      const without = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (breaks(without)) {
        kept = without;
        isShorter = true;
      } else at += size;
    }
    if (size > 1) size >>= 1;
    else if (!isShorter) return kept;
  }
}

/** Ways to make a world plainer, one at a time. */
function simplerSetups(setup: Setup): ((setup: Setup) => Setup)[] {
  const quirks = Object.entries(setup.quirks).flatMap(([driver, has]) =>
    Object.entries(has)
      .filter(([name, value]) => value === true && name !== 'plain' && name !== 'noGet')
      .map(
        ([name]) =>
          (now: Setup): Setup => ({
            ...now,
            quirks: {
              ...now.quirks,
              [driver]: { ...(now.quirks[driver] as object), [name]: false } as never,
            },
          }),
      ),
  );
  const calm = (now: Setup): Setup => ({ ...now, trouble: 0 });
  const noLinger = (now: Setup): Setup => ({ ...now, config: { ...now.config, lingerMs: 0 } });
  return [calm, noLinger, ...quirks];
}
