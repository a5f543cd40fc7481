import { decodeEffects } from '../host/frames/effect_frame.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import type { Effect, WorkEffect } from '../host/frames/types.ts';
import type { Policy } from '../host/policy/policy.ts';
import { recover } from './callers.ts';

/** Takes the milliseconds of one decision, from the host's event to the host's effects, and of the clearing up after it. */
export type Timed = (kind: string, ms: number, restMs: number) => void;

/** Containers that come and go on one policy, each with a volume of its own, on a machine where everything goes well. */
export interface Lives {
  policy: Policy;
  start(): void;
  prepare(id: string): void;
  cleanup(id: string): void;
}

const config = { agentId: 'a1', root: '/m', defaultDriver: 'ebs', drivers: { ebs: {} } };
export function lives(policy: Policy, timed: Timed = () => undefined): Lives {
  let call = 1;
  let now = 1;
  let nextMount = 1;

  /** One decision, and all that follow from it. */
  function run(event: Record<string, unknown>): void {
    const start = performance.now();
    const effects = decodeEffects(policy.step(encodeEvent(event)));
    const decided = performance.now();
    policy.rest();
    timed(String(event.type), decided - start, performance.now() - decided);
    for (const effect of effects) {
      if (effect.type === 'reply' && !effect.ok) throw new Error(`refused: ${effect.error?.message}`);
      if (isWork(effect))
        run({ type: 'done', at: now++, effect: effect.effect, ok: true, value: answer(effect) });
    }
  }

  function answer(effect: WorkEffect): Record<string, unknown> | null {
    if (effect.type === 'bind')
      return { mountId: nextMount++, sourceMountId: nextMount++, fstype: 'ext4', dev: '7:1' };
    if (effect.type === 'observe')
      return {
        managed: [],
        driver: { answered: true, exists: true, path: '/d', pathMountId: 7 },
        pinnedBy: [],
      };
    if (effect.type !== 'driver') return null;
    if (effect.op === 'get') return { exists: true };
    if (effect.op === 'mount') return { mountpoint: `/var/lib/ebs/mounts/${effect.name}/data` };
    return { stillMounted: false };
  }

  return {
    policy,
    start() {
      run({ type: 'configure', at: now, call: call++, config });
      run({ ...recover, at: now, call: call++ });
    },
    prepare(id) {
      const labels = [
        ['volume', `vol-${id}:data:rw`],
        ['volume-driver', 'ebs'],
      ];
      const container = {
        id,
        labels,
        env: [],
        volumes: [],
        resources: [],
        sandbox: `/var/lib/agent/sandboxes/${id}`,
      };
      run({ type: 'prepare', at: now++, call: call++, container });
    },
    cleanup: (id) => run({ type: 'cleanup', at: now++, call: call++, id }),
  };
}

function isWork(effect: Effect): effect is WorkEffect {
  return 'effect' in effect;
}
