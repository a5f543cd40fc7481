import type { Binding } from '../binding.ts';
import type { Directory } from '../directory.ts';
import type { DriverEffect } from '../frames/types.ts';
import type { Outcome } from './outcome.ts';
import { callPlugin, objectOf, textOf } from './plugin_api.ts';

interface Operation {
  method: string;
  body(effect: DriverEffect): object;
  value(body: Record<string, unknown>): unknown;
}

const byName = ({ name }: DriverEffect) => ({ Name: name });
const byId = ({ name, id }: DriverEffect) => ({ Name: name, ID: id });
const mountpoint = (body: Record<string, unknown>) => ({ mountpoint: textOf(body, 'Mountpoint') });

const OPERATIONS: Record<DriverEffect['op'], Operation> = {
  get: {
    method: 'Get',
    body: byName,
    value: (body) => ({ exists: true, mountpoint: textOf(objectOf(body, 'Volume'), 'Mountpoint') }),
  },
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
    .map((volume) => ({ name: textOf(volume, 'Name'), mountpoint: textOf(volume, 'Mountpoint') }));
}

/** One call of a driver. After an unmount the kernel is asked whether the recorded driver mount is still there. */
export async function performDriver(
  effect: DriverEffect,
  binding: Binding,
  directory: Directory,
): Promise<Outcome> {
  const operation = OPERATIONS[effect.op];
  const place = directory.drivers.get(effect.driver);
  const answer = await callPlugin(
    binding,
    effect.driver,
    place,
    operation.method,
    operation.body(effect),
    effect.deadlineMs,
  );
  if (!answer.ok) return answer;
  if (effect.op !== 'unmount') return { ok: true, value: operation.value(answer.body) };
  return {
    ok: true,
    value: {
      stillMounted: await isMounted(binding, directory.mountpoints.get(`${effect.driver}/${effect.name}`)),
    },
  };
}

async function isMounted(binding: Binding, path: string | undefined): Promise<boolean> {
  if (path === undefined) return false;
  try {
    return (await binding.pathMount(path)).ownMount;
  } catch {
    return false;
  }
}
