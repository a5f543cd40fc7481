import { note, send } from './host.ts';
import { createContainer, drawWanted, type Wanted } from './requests.ts';
import { Violation } from './violation.ts';
import { keyOfTarget, type SimContainer, volumeOf, type World } from './world.ts';

const IDS = ['c1', 'c2', 'c3', 'c4'];

function keysOf(container: SimContainer): string[] {
  return container.wants.map(({ key }) => key);
}

function description({ id, asks }: SimContainer): Record<string, unknown> {
  return { id, ...asks, sandbox: `/s/${id}` };
}

/** A new container asks for some volumes; now and then one that is nested in a running one. */
export function prepare(world: World): void {
  const { random } = world;
  const first = random.pick(IDS);
  const parent = world.containers.get(first);
  const isNested = parent?.phase === 'running' && !parent.destroyed && random.chance(0.5);
  const id = isNested ? `${first}.n` : first;
  const before = world.containers.get(id);
  const mayBeAgain = before?.phase === 'failed' && !before.destroyed && !before.voided && !before.limited;
  if (before && !mayBeAgain) return;
  const container = createContainer(world, id, isNested ? first : '', drawWanted(world, isNested));
  if (container.wants.length > 0) begin(world, container);
}

/** A new container asks for these volumes. */
export function ask(world: World, id: string, wanted: Iterable<Wanted>): void {
  begin(world, createContainer(world, id, '', wanted));
}

function begin(world: World, container: SimContainer): void {
  const { id } = container;
  world.containers.set(id, container);
  note(world, 'prepare', keysOf(container));
  send(world, { type: 'prepare', container: description(container) }, id);
}

/** The same prepare once more; or with other volumes, which is refused. */
export function prepareAgain(
  world: World,
  container = choose(world, ({ phase, anonymous, voided }) => phase !== 'failed' && !anonymous && !voided),
): void {
  if (!container) return;
  note(world, 'prepare', keysOf(container));
  if (container.phase === 'asked' || world.random.chance(0.7))
    return void send(world, { type: 'prepare', container: description(container) }, container.id);
  const labels = [['volume', 'quite-another']];
  const other = { ...description(container), labels, env: [], volumes: [] };
  send(world, { type: 'prepare', container: other }, `another ${container.id}`);
}

/** A shell in a running container: it asks for nothing, and is given nothing. */
export function debug(world: World): void {
  const parent = choose(world, ({ phase, destroyed }) => phase === 'running' && !destroyed);
  if (!parent) return;
  const id = `${parent.id}.debug`;
  const nothing = { labels: [], env: [], volumes: [], resources: {} };
  send(world, { type: 'prepare', container: { id, ...nothing, sandbox: `/s/${parent.id}` } }, id);
  send(world, { type: 'cleanup', id }, id);
}

/** The task's process begins in a namespace of its own, with its volumes bound there, and the host is told its pid. */
export function fork(
  world: World,
  container = choose(world, ({ phase, destroyed, limited }) => phase === 'ready' && !destroyed && !limited),
): void {
  if (!container) return;
  const missing = container.sources.find((source) => !world.kernel.top(source));
  if (missing !== undefined) {
    checkMissing(world, container, missing);
    container.phase = 'failed';
    container.voided = true;
    return;
  }
  container.own = container.sources.map((source, index) => {
    const key = keyOfTarget(source);
    return {
      key,
      fs: (world.kernel.top(source) as { fs: SimContainer['own'][number]['fs'] }).fs,
      mountId: 10_000 + world.nextPid * 10 + index,
      target: container.wants.find((want) => want.key === key)?.target as string,
    };
  });
  container.copies = new Set(world.kernel.mounts.map(({ id }) => id));
  container.pid = world.nextPid++;
  container.phase = 'running';
  note(world, 'isolate', keysOf(container));
  send(world, { type: 'isolate', id: container.id, pid: container.pid }, container.id);
}

function checkMissing(world: World, { id, wants, hurtsAtStart }: SimContainer, source: string): void {
  const key = keyOfTarget(source);
  const { hurts, blind } = volumeOf(world, key);
  const index = wants.findIndex((want) => want.key === key);
  if (blind || hurts !== hurtsAtStart[index]) return;
  throw new Violation('mounted', `${id} starts, and nothing is mounted on ${source} any more`);
}

export function update(world: World): void {
  const container = choose(world, () => true);
  if (!container) return;
  note(world, 'update', keysOf(container));
  send(world, { type: 'update', id: container.id, resources: { cpus: 2 } }, container.id);
}

/** The container is gone, with its namespace; what is nested in it goes before it. */
export function cleanup(world: World, container = choose(world, () => true)): void {
  if (!container) return;
  for (const nested of [...world.containers.values()])
    if (nested.parent === container.id) cleanup(world, nested);
  world.containers.delete(container.id);
  note(world, 'cleanup', keysOf(container));
  send(world, { type: 'cleanup', id: container.id }, container.id);
  for (const [call, { type, id }] of world.calls)
    if (type === 'prepare' && id === container.id && world.dying === '')
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

/** What the agent says about a container that still runs. Of a nested one it knows no more than that it is there. */
export function describeAlive(container: SimContainer, isNamed: boolean): Record<string, unknown> {
  const { own, pid, id, asks } = container;
  const { resources: _, ...wants } = asks;
  const isDescribed = isNamed && container.parent === '';
  return {
    id,
    ...(isDescribed ? wants : { labels: [], env: [], volumes: [] }),
    sandbox: `/s/${id}`,
    ...(pid > 0 ? { pid } : {}),
    mounts: own.map(({ target, mountId, fs }) => mountRow(target, mountId, fs.dev)),
  };
}

export function mountRow(target: string, mountId: number, dev: string): Record<string, unknown> {
  return { target, mountId, source: '/dev/x', fstype: 'ext4', root: '/', dev };
}
