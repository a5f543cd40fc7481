import type { DriverEffect, Effect, EffectError, WorkEffect } from '../../host/frames/types.ts';
import { duration } from '../admin/times.ts';
import { keyOfTarget } from './concerns.ts';

type Op = DriverEffect['op'];

const ASKS: Record<Op, (name: string) => string> = {
  get: (name) => `whether it has ${name}`,
  create: (name) => `to create ${name}`,
  mount: (name) => `to mount ${name}`,
  unmount: (name) => `to unmount ${name}`,
  path: (name) => `where ${name} is mounted`,
  list: () => 'for its volumes',
  capabilities: () => 'what it can',
};

/** What the policy had done, as a sentence without a full stop. Undefined for what says nothing to a person. */
export function effectWords(effect: Effect): string | undefined {
  switch (effect.type) {
    case 'driver':
      return `asks driver ${effect.driver} ${ASKS[effect.op](effect.name)}`;
    case 'bind':
      return `binds ${effect.source} as the ${effect.readonly ? 'read-only' : 'writable'} managed mount of ${keyOfTarget(effect.target)}`;
    case 'detach':
      return `takes the managed mount ${effect.target} away`;
    case 'observe':
      return effect.witness
        ? `looks whether any process still has ${effect.driver}/${effect.name}`
        : `looks at what kernel and driver have of ${effect.driver}/${effect.name}`;
    case 'place':
      return `makes ${effect.targets.map(({ path }) => path).join(', ')} in container ${effect.id}`;
    case 'reply':
      return replyWords(effect);
    case 'limit':
      return `tells the agent that container ${effect.id} has lost its volume: ${effect.reason}`;
    case 'alert':
      return `alert ${effect.code} (${effect.level}): ${effect.message}`;
    case 'wake':
      return undefined;
  }
}

function replyWords({ ok, mounts, error }: Effect & { type: 'reply' }): string {
  if (!ok) return `refuses: ${error?.message ?? 'no reason'}${error?.hint ? `; ${error.hint}` : ''}`;
  if (!mounts) return 'answers: ok';
  const given = mounts.map(
    ({ source, target, readonly }) => `${keyOfTarget(source)} at ${target}${readonly ? ' (read-only)' : ''}`,
  );
  return `answers: ${given.join(', ') || 'no volumes'}`;
}

const DONE: Partial<Record<Op, (effect: DriverEffect, value: Value) => string>> = {
  get: ({ driver, name }, { exists }) => `driver ${driver} ${exists ? 'has' : 'has no volume'} ${name}`,
  create: ({ driver, name }) => `driver ${driver} created ${name}`,
  mount: ({ driver, name }, { mountpoint }) => `driver ${driver} mounted ${name} at ${mountpoint}`,
  unmount: ({ driver, name }, { stillMounted }) =>
    `driver ${driver} unmounted ${name}${stillMounted ? ', and the kernel still shows its mount' : ''}`,
};

/** What is of use here in the value of an outcome. */
interface Value {
  exists?: boolean;
  mountpoint?: string;
  stillMounted?: boolean;
  mountId?: number;
  managed?: { mode: string }[];
  driver?: { answered?: boolean; exists?: boolean; path?: string; pathMountId?: number };
  pinnedBy?: { pid: number; container?: string }[];
}

/** How an effect ended. */
export function outcomeWords(
  effect: WorkEffect,
  tookMs: number,
  error: EffectError | undefined,
  value: unknown,
): string {
  const took = `, after ${duration(tookMs)}`;
  if (error) return `${attemptOf(effect)} failed: ${error.message} (${error.kind}, ${error.code})${took}`;
  return wellWords(effect, (value ?? {}) as Value) + took;
}

function attemptOf(effect: WorkEffect): string {
  if (effect.type === 'driver') return `${effect.op} of ${effect.driver}/${effect.name}`;
  if (effect.type === 'observe') return `the look at ${effect.driver}/${effect.name}`;
  if (effect.type === 'place') return `making the paths of container ${effect.id}`;
  return `${effect.type} of ${effect.target}`;
}

function wellWords(effect: WorkEffect, value: Value): string {
  if (effect.type === 'driver')
    return DONE[effect.op]?.(effect, value) ?? `driver ${effect.driver} answered ${effect.op}`;
  if (effect.type === 'bind') return `the managed mount ${effect.target} is there (mount ${value.mountId})`;
  if (effect.type === 'detach') return `the managed mount ${effect.target} is gone`;
  if (effect.type === 'place') return `the paths of container ${effect.id} are there`;
  return seen(effect.witness, value);
}

function seen(witness: boolean, { managed = [], driver = {}, pinnedBy = [] }: Value): string {
  const modes = managed.map(({ mode }) => mode).join(' and ');
  const kernel = modes === '' ? 'no managed mount' : `a managed mount (${modes})`;
  const there = driver.pathMountId ? `its driver has it at ${driver.path}` : 'no driver mount';
  const answer = driver.answered === false ? ', the driver does not answer' : '';
  const pins = pinnedBy.map(({ pid, container }) =>
    container ? `container ${container}` : `process ${pid}`,
  );
  const free = witness ? ', nobody has it' : '';
  return `seen: ${kernel}, ${there}${answer}${pins.length > 0 ? `, in use by ${pins.join(', ')}` : free}`;
}
