import { note, send } from './host.ts';
import { VOLUMES } from './setup.ts';
import { Violation } from './violation.ts';
import { keyOfTarget, type SimContainer, volumeOf, type World } from './world.ts';

const IDS = ['c1', 'c2', 'c3', 'c4'];

function keysOf(container: SimContainer): string[] {
  return container.wants.map(({ key }) => key);
}

function description({ id, labels }: SimContainer): Record<string, unknown> {
  return { id, labels, env: [], volumes: [], sandbox: `/s/${id}` };
}

/** A new container asks for some volumes. */
export function prepare(world: World): void {
  const { random } = world;
  const id = random.pick(IDS);
  const before = world.containers.get(id);
  const mayBeAgain =
    before?.phase === 'failed' && !before.destroyed && before.sources.length === 0 && !before.limited;
  if (before && !mayBeAgain) return;
  const wanted = drawWanted(world);
  if (wanted.length > 0) ask(world, id, wanted);
}

/** One volume that a new container asks for. */
export interface Wanted {
  readonly driver: string;
  readonly name: string;
  readonly readonly: boolean;
  readonly create: boolean;
}

/** A new container asks for these volumes. */
export function ask(world: World, id: string, wanted: readonly Wanted[]): void {
  const container = createContainer(world, id, wanted);
  world.containers.set(id, container);
  note(world, 'prepare', keysOf(container));
  send(world, { type: 'prepare', container: { ...description(container), resources: {} } }, id);
}

function drawWanted({ random }: World): Wanted[] {
  const wanted: Wanted[] = [];
  for (const [driver, name] of VOLUMES) {
    const isGhost = name === 'ghost';
    if (!random.chance(isGhost ? 0.06 : 0.45)) continue;
    const readonly = !isGhost && random.chance(0.35);
    wanted.push({ driver, name, readonly, create: isGhost && random.chance(0.5) });
  }
  return wanted;
}

function createContainer(world: World, id: string, wanted: readonly Wanted[]): SimContainer {
  const wants: { key: string; readonly: boolean; target: string }[] = [];
  const labels: [string, string][] = [];
  for (const { driver, name, readonly, create } of wanted) {
    const long = `source=${name},target=d-${name},volume-driver=${driver}${readonly ? ',readonly' : ''}`;
    labels.push([`volume.${name}`, create ? `${long},create` : long]);
    wants.push({ key: `${driver}/${name}`, readonly, target: `/s/${id}/d-${name}` });
  }
  return {
    id,
    labels,
    wants,
    phase: 'asked',
    limited: false,
    destroyed: false,
    anonymous: false,
    own: [],
    copies: new Set(),
    pid: 0,
    hurtsAtStart: wants.map(({ key }) => volumeOf(world, key).hurts),
    sources: [],
  };
}

/** The same prepare once more. */
export function prepareAgain(
  world: World,
  container = choose(world, ({ phase, anonymous }) => phase !== 'failed' && !anonymous),
): void {
  if (!container) return;
  note(world, 'prepare', keysOf(container));
  send(world, { type: 'prepare', container: { ...description(container), resources: {} } }, container.id);
}

/** The task's process begins in a namespace of its own, with its volumes bound there, and the host is told its pid. */
export function fork(
  world: World,
  container = choose(world, ({ phase, destroyed, limited }) => phase === 'ready' && !destroyed && !limited),
): void {
  if (!container) return;
  for (const source of container.sources) {
    const key = keyOfTarget(source);
    const top = world.kernel.top(source);
    if (!top) {
      const index = container.wants.findIndex((want) => want.key === key);
      const { hurts, blind } = volumeOf(world, key);
      if (!blind && hurts === container.hurtsAtStart[index])
        throw new Violation(
          'mounted',
          `${container.id} starts, and nothing is mounted on ${source} any more`,
        );
      container.phase = 'failed';
      return;
    }
  }
  container.own = container.sources.map((source, index) => ({
    key: keyOfTarget(source),
    fs: (world.kernel.top(source) as { fs: SimContainer['own'][number]['fs'] }).fs,
    mountId: 10_000 + world.nextPid * 10 + index,
    target: container.wants[index]?.target as string,
  }));
  container.copies = new Set(world.kernel.mounts.map(({ id }) => id));
  container.pid = world.nextPid++;
  container.phase = 'running';
  note(world, 'isolate', keysOf(container));
  send(world, { type: 'isolate', id: container.id, pid: container.pid }, container.id);
}

/** The container is gone, with its namespace. */
export function cleanup(world: World, container = choose(world, () => true)): void {
  if (!container) return;
  world.containers.delete(container.id);
  note(world, 'cleanup', keysOf(container));
  send(world, { type: 'cleanup', id: container.id }, container.id);
  for (const [call, { type, id }] of world.calls)
    if (type === 'prepare' && id === container.id)
      throw new Violation('answered', `prepare of ${id} (call ${call}) is still open after its cleanup`);
}

export function destroy(world: World, container = choose(world, ({ destroyed }) => !destroyed)): void {
  if (!container) return;
  container.destroyed = true;
  note(world, 'destroy', keysOf(container));
  send(world, { type: 'destroy', id: container.id }, container.id);
}

function choose(world: World, fits: (container: SimContainer) => boolean): SimContainer | undefined {
  const list = [...world.containers.values()].filter(fits);
  return list.length === 0 ? undefined : world.random.pick(list);
}

/** What the agent says about a container that still runs. */
export function describeAlive(container: SimContainer, withLabels: boolean): Record<string, unknown> {
  const { own, pid } = container;
  return {
    ...description(container),
    ...(withLabels ? {} : { labels: [] }),
    ...(pid > 0 ? { pid } : {}),
    mounts: own
      .filter(({ fs }) => !fs.dead)
      .map(({ target, mountId, fs }) => mountRow(target, mountId, fs.dev)),
  };
}

export function mountRow(target: string, mountId: number, dev: string): Record<string, unknown> {
  return { target, mountId, source: '/dev/x', fstype: 'ext4', root: '/', dev };
}
