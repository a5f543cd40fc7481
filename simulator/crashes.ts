import { cleanup, describeAlive, mountRow } from './agent.ts';
import { isMounted, rebootDriver } from './drivers.ts';
import { note, send } from './host.ts';
import { hasRecovered, loseJournal, loseUnsynced, replayJournal } from './journal.ts';
import { doubt } from './kernel_effects.ts';
import { comeTrueLater, runLate } from './late.ts';
import { METHODS, perform } from './perform.ts';
import { gaveBack } from './work.ts';
import { doubtCount, noteFault, type SimContainer, volumeOf, type Work, type World } from './world.ts';

/**
 * What was under way when the host died: done, done later, or never; nobody hears of it. When the agent is gone with it, so is what
 * the kernel was doing for it.
 */
function abandonWork(world: World, isGone: boolean): void {
  for (const work of world.work) abandon(world, work, isGone);
  world.work = [];
  if (isGone) world.late = world.late.filter(({ effect }) => !effect);
}

function abandon(world: World, work: Work, isGone: boolean): void {
  const { effect, key } = work;
  if (effect.type === 'observe' || effect.type === 'place') return;
  if (work.outcome === undefined) {
    const roll = world.random.below(3, waysToEnd(effect, isGone));
    if (roll === 0) perform(world, work);
    if (roll === 1 && effect.type !== 'driver' && !isGone) comeTrueLater(world, effect.type, key, effect);
    if (roll === 1 && effect.type === 'driver' && effect.op !== 'get')
      comeTrueLater(world, METHODS[effect.op] as string, key);
  }
  if (effect.type === 'driver') {
    if (effect.op !== 'get') doubtCount(world, volumeOf(world, key));
    if (effect.op === 'unmount') gaveBack(volumeOf(world, key));
  } else if (effect.type === 'detach') doubt(world, effect);
  else {
    const value = work.outcome?.value as { mountId: number } | undefined;
    const made = world.kernel.mounts.find(({ id }) => id === value?.mountId);
    if (made) made.doubtful = true;
  }
}

/** How many of the three make a difference: a Get changes nothing, and what is gone does nothing later. */
function waysToEnd(effect: Work['effect'], isGone: boolean): number {
  if (effect.type === 'driver') return effect.op === 'get' ? 1 : 3;
  return isGone ? 2 : 3;
}

/** The agent and the host in it die; both come again. */
export function crashAgent(world: World, journal: 'whole' | 'damaged' | 'new'): void {
  if (world.dying === '') noteFault(world, 'crash');
  abandonWork(world, true);
  world.queued = [];
  const { alive, orphans } = afterAgentDeath(world);
  if (journal !== 'whole') {
    finishLate(world);
    loseJournal(world);
  }
  replayJournal(world);
  const isLost = journal !== 'whole' || !hasRecovered(world);
  const containers = alive.map((container) => {
    const isNamed = journal === 'whole' || (container.parent === '' && !world.random.chance(0.2));
    container.anonymous ||= !isNamed;
    return describeAlive(container, isNamed);
  });
  if (isLost) {
    for (const container of world.containers.values()) container.survivor = true;
    forgive(world, alive);
  }
  recover(world, journal, containers, orphans);
}

/** Which containers the agent finds again; the others are dead. What never ran is an orphan or forgotten. */
function afterAgentDeath(world: World): { alive: SimContainer[]; orphans: string[] } {
  const alive: SimContainer[] = [];
  const orphans: string[] = [];
  for (const container of [...world.containers.values()]) {
    const isRunning = container.phase === 'running';
    const fate = world.random.weighted(isRunning ? [7, 2, 1] : [0, 9, 1]);
    if (fate === 0) alive.push(container);
    else if (fate === 1) {
      orphans.push(container.id);
      container.voided = true;
    } else world.containers.delete(container.id);
    if (!isRunning) giveUp(container);
  }
  return { alive, orphans };
}

/** A record is only ever lost long after what it spoke of has ended. */
function finishLate(world: World): void {
  const last = Math.max(world.now, ...world.late.map(({ dueAt }) => dueAt));
  world.now = last;
  runLate(world);
}

/** What a driver had for us and nothing shows any more: no policy can know of it. */
function forgive(world: World, alive: readonly SimContainer[]): void {
  const { root } = world.setup.config;
  for (const volume of world.volumes.values()) {
    doubtCount(world, volume);
    volume.owesOnce = false;
    const isBound = [`${root}/${volume.key}`, `${root}/.ro/${volume.key}`].some((at) => world.kernel.top(at));
    // A bind is taken for proof of a Mount of ours, also where it was made of another client's.
    volume.answered = isBound ? 1 : 0;
    if (volume.ours === 0 && !volume.attached && !isMounted(volume, world.kernel)) continue;
    const isNamed = alive.some(
      ({ wants, anonymous }) => !anonymous && wants.some(({ key }) => key === volume.key),
    );
    const isShown = !volume.quirks.plain && isMounted(volume, world.kernel) && (isBound || isNamed);
    if (!isShown || volume.ours > 1) volume.forgiven = true;
  }
}

/** Its call came to nothing: the agent will clean it up. */
function giveUp(container: SimContainer): void {
  container.phase = 'failed';
  container.voided = true;
}

/**
 * The host alone dies: the agent and its containers stay, and it says again what was not heard. Before its recovery was answered a
 * host cannot be alone: the agent waits for it.
 */
export function restartHost(world: World): void {
  if (!world.recovered) {
    crashAgent(world, 'whole');
    return;
  }
  if (world.dying === '') noteFault(world, 'restart');
  abandonWork(world, false);
  replayJournal(world);
  for (const container of world.containers.values()) if (container.phase === 'asked') giveUp(container);
  note(world, 'restart', []);
  send(world, { type: 'restart', bootId: bootIdOf(world), mounts: ourMounts(world) });
  const { queued } = world;
  world.queued = [];
  for (const { fields, id } of queued) send(world, fields, id);
}

/** Everything dies. No container comes again, and none is cleaned up. */
export function reboot(world: World): void {
  noteFault(world, 'reboot');
  if (world.dying === 'unsynced') loseUnsynced(world);
  for (const { key, effect } of world.work)
    if (effect.type === 'driver') doubtCount(world, volumeOf(world, key));
  world.work = [];
  world.queued = [];
  world.late = [];
  world.untold = [];
  world.containers.clear();
  world.kernel.clear();
  world.downUntil.clear();
  for (const volume of world.volumes.values()) rebootDriver(volume);
  world.bootId += 1;
  replayJournal(world);
  if (!hasRecovered(world)) forgive(world, []);
  recover(world, 'whole', [], []);
}

function recover(world: World, journal: string, containers: object[], orphans: string[]): void {
  world.config = world.setup.config;
  send(world, { type: 'configure', config: world.config });
  note(world, 'recover', []);
  const mounts = ourMounts(world);
  const common = { type: 'recover', journal, bootId: bootIdOf(world) };
  const parts = inParts(world, { containers, orphans, mounts });
  if (world.faults && world.random.chance(0.05)) die(world);
  parts.forEach((part, index) => {
    send(world, { ...common, ...part, part: index, last: index === parts.length - 1 });
  });
  for (const id of orphans) {
    const container = world.containers.get(id);
    // An exhaustive search comes to it anyhow.
    if (container && world.random.chance(0.5, false)) cleanup(world, container);
  }
}

interface Part {
  containers: object[];
  orphans: string[];
  mounts: object[];
}

/** Mostly all at once; else as large recoveries come: containers, orphans and mounts in parts of their own. */
function inParts(world: World, whole: Part): Part[] {
  if (!world.random.chance(0.3, whole.containers.length + whole.orphans.length > 0)) return [whole];
  const size = 1 + world.random.below(2, Math.min(2, Math.max(1, whole.containers.length)));
  const parts: Part[] = [];
  for (let at = 0; at < whole.containers.length; at += size)
    parts.push({ containers: whole.containers.slice(at, at + size), orphans: [], mounts: [] });
  if (whole.orphans.length > 0) parts.push({ containers: [], orphans: whole.orphans, mounts: [] });
  parts.push({ containers: [], orphans: [], mounts: whole.mounts });
  return parts;
}

/** The host dies at one of the next events: before or after it is on disk, with several on their way to it, or as the disk is full. */
export function die(world: World): void {
  world.dying = world.random.pick(['before', 'after', 'unsynced', 'full'] as const);
  world.unsynced = world.dying === 'unsynced' ? 1 + world.random.below(4) : 0;
  world.synced = world.journal.length;
}

/** A host that died at an event starts again, with its agent or alone; with a full disk only when there is room. */
export function comeBack(world: World): void {
  noteFault(
    world,
    { before: 'torn', after: 'crash', unsynced: 'unsynced', full: 'full-disk', '': 'crash' }[world.dying],
  );
  if (world.dying === 'full') world.now += world.random.below(60_000);
  runLate(world);
  if (world.random.chance(0.4)) restartHost(world);
  else crashAgent(world, 'whole');
}

/** The very first start. */
export function start(world: World): void {
  send(world, { type: 'configure', config: world.setup.config });
  recoverFirst(world);
}

/** The first boot of a world that goes on from a real one has the name that it has there. */
function bootIdOf({ bootId, setup }: World): string {
  return bootId === 1 && setup.present ? setup.present.bootId : `b${bootId}`;
}

function recoverFirst(world: World): void {
  const nothing = { containers: [], orphans: [], mounts: [], part: 0, last: true };
  send(world, { type: 'recover', journal: 'new', bootId: bootIdOf(world), ...nothing });
}

/** What is under the managed root, and other mounts of the same file systems. */
function ourMounts(world: World): object[] {
  const { mounts } = world.kernel;
  const devs = new Set(mounts.filter(({ made }) => made === 'managed').map(({ fs }) => fs.dev));
  return mounts
    .filter(({ target, fs }) => target.startsWith(`${world.setup.config.root}/`) || devs.has(fs.dev))
    .map(({ target, id, fs }) => mountRow(target, id, fs.dev));
}
