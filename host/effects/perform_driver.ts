import type { Binding } from '../binding.ts';
import type { Directory } from '../directory.ts';
import type { DriverEffect } from '../frames/types.ts';
import { type Ask, type Found, findVolume } from './find_volume.ts';
import { mountAt } from './mount_at.ts';
import { failure, type Outcome, withDeadline } from './outcome.ts';
import { callPlugin, mountpointOf, objectOf, textOf } from './plugin_api.ts';

/** How long the kernel may take to say whether a mount is still there. */
const KERNEL_MS = 10_000;

interface Operation {
  method: string;
  body(effect: DriverEffect): object;
  value(body: Record<string, unknown>): unknown;
}

const byName = ({ name }: DriverEffect) => ({ Name: name });
const byId = ({ name, id }: DriverEffect) => ({ Name: name, ID: id });
const mountpoint = (body: Record<string, unknown>) => ({ mountpoint: mountpointOf(body) });

const OPERATIONS: Record<Exclude<DriverEffect['op'], 'get'>, Operation> = {
  create: {
    method: 'Create',
    body: ({ name, options }) => ({ Name: name, Opts: options }),
    value: () => ({}),
  },
  mount: { method: 'Mount', body: byId, value: mountpoint },
  unmount: { method: 'Unmount', body: byId, value: () => ({}) },
  path: { method: 'Path', body: byName, value: mountpoint },
  list: { method: 'List', body: () => ({}), value: (body) => ({ volumes: volumesOf(body) }) },
  capabilities: {
    method: 'Capabilities',
    body: () => ({}),
    value: (body) => ({ scope: textOf(objectOf(body, 'Capabilities'), 'Scope') }),
  },
};

function volumesOf(body: Record<string, unknown>): { name: string; mountpoint: string }[] {
  const volumes = Array.isArray(body.Volumes) ? body.Volumes : [];
  return volumes
    .filter((volume): volume is Record<string, unknown> => typeof volume === 'object' && volume !== null)
    .map((volume) => ({ name: textOf(volume, 'Name'), mountpoint: mountpointOf(volume) }));
}

/** One operation of a driver. After an unmount the kernel is asked whether the recorded driver mount is still there. */
export async function performDriver(
  effect: DriverEffect,
  binding: Binding,
  directory: Directory,
): Promise<Outcome> {
  const ask: Ask = (method, body) =>
    callPlugin(binding, effect.driver, directory, method, body, effect.deadlineMs);
  if (effect.op === 'get') return get(effect, ask);
  const operation = OPERATIONS[effect.op];
  const answer = await ask(operation.method, operation.body(effect));
  if (!answer.ok) return answer;
  if (effect.op !== 'unmount') return { ok: true, value: operation.value(answer.body) };
  const path = directory.mountpoints.get(`${effect.driver}/${effect.name}`);
  const work = stillMounted(path, binding, directory);
  return withDeadline(`look at ${path} after its unmount`, KERNEL_MS, work);
}

async function get(effect: DriverEffect, ask: Ask): Promise<Outcome> {
  return outcomeOfGet(effect.driver, await findVolume(effect.name, ask));
}

/** The end of a `get`, from what was found out. */
export function outcomeOfGet(driver: string, { answered, exists, path, refusal }: Found): Outcome {
  if (answered && exists !== undefined) {
    if (exists || !refusal)
      return { ok: true, value: { exists, ...(path === undefined ? {} : { mountpoint: path }) } };
    return refusal;
  }
  if (refusal && exists) return failure('failed', refusal.error.code, refusal.error.message);
  return (
    refusal ?? failure('refused', 'unsupported', `driver ${driver} cannot say whether it has the volume`)
  );
}

async function stillMounted(
  path: string | undefined,
  binding: Binding,
  directory: Directory,
): Promise<Outcome> {
  const still = path !== undefined && (await mountAt(path, binding, directory)).mounted;
  return { ok: true, value: { stillMounted: still } };
}
