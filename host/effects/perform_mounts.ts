import type { Binding } from '../binding.ts';
import type { Directory } from '../directory.ts';
import type { BindEffect, DetachEffect, PlaceEffect } from '../frames/types.ts';
import { failure, type Outcome, withDeadline } from './outcome.ts';

/** Driver mountpoint to managed mount. */
export function performBind(effect: BindEffect, binding: Binding, directory: Directory): Promise<Outcome> {
  const { source, target, readonly, owner } = effect;
  const work = binding.bind({
    root: directory.root,
    source,
    target,
    readonly,
    owner,
    plainDirs: effect.plain ?? false,
  });
  return withDeadline(
    `bind ${source} on ${target}`,
    effect.deadlineMs,
    work.then((value) => ({ ok: true, value })),
  );
}

/** Lazy unmount of a managed mount. Where another was stacked below it the value has the number of that one: nobody has to look for it. */
export function performDetach(
  effect: DetachEffect,
  binding: Binding,
  directory: Directory,
): Promise<Outcome> {
  const { target, mountId } = effect;
  const work = binding.detach({ root: directory.root, target, mountId });
  return withDeadline(
    `detach ${target}`,
    effect.deadlineMs,
    work.then(async () => {
      const mountId = await uncovered(target, binding);
      return { ok: true, value: mountId === undefined ? {} : { mountId } };
    }),
  );
}

/** The mount that is at the target now; nothing when that cannot be told, for then it is looked for. */
async function uncovered(target: string, binding: Binding): Promise<number | undefined> {
  try {
    const { ownMount, mountId } = await binding.pathMount(target);
    return ownMount ? mountId : undefined;
  } catch {
    return undefined;
  }
}

/** The container paths, base by base, in the order given: a parent comes before what lies in it. */
export async function performPlace(
  effect: PlaceEffect,
  binding: Binding,
  directory: Directory,
): Promise<Outcome> {
  const container = directory.containers.get(effect.id);
  if (!container)
    return failure('failed', 'unknown-container', `container ${effect.id} has no sandbox on record`);
  const bases = { sandbox: container.sandbox, rootfs: container.rootfs, host: '/' };
  const work = async (): Promise<Outcome> => {
    for (const kind of ['sandbox', 'rootfs', 'host'] as const) {
      const paths = effect.targets.filter(({ base }) => base === kind).map(({ path }) => path);
      const base = bases[kind];
      if (paths.length === 0) continue;
      if (!base) return failure('failed', 'no-base', `container ${effect.id} has no ${kind}`);
      await binding.place({ base, paths, create: kind !== 'host', owner: effect.user });
    }
    return { ok: true };
  };
  return withDeadline(`container paths of ${effect.id}`, effect.deadlineMs, work());
}
