import { cleanup, describeAlive, mountRow } from './agent.ts';
import { rebootDriver } from './drivers.ts';
import { loseJournal, note, replayJournal, send } from './host.ts';
import { comeTrueLater, perform, runLate } from './perform.ts';
import { ROOT } from './setup.ts';
import { noteFault, type SimContainer, type World } from './world.ts';

/** What was under way when the host died: done, done later, or never. */
function abandonWork(world: World): void {
  const { random } = world;
  for (const work of world.work) {
    if (work.outcome !== undefined || work.effect.type === 'observe') continue;
    const mayComeLater = work.effect.type === 'driver' && work.effect.op !== 'get';
    const roll = random.below(mayComeLater ? 3 : 2);
    if (work.effect.type === 'driver') {
      const volume = world.volumes.get(work.key);
      if (volume) volume.unsure = true;
      if (roll === 2) comeTrueLater(world, work.effect.op, work.key);
    }
    if (roll === 0) perform(world, work);
  }
  for (const { key, effect } of world.work) {
    const volume = world.volumes.get(key);
    if (volume && effect.type === 'driver') volume.unsure = true;
    if (volume && effect.type === 'bind') volume.unheard = true;
  }
  world.work = [];
}

/** The agent and the host in it die; both come again. */
export function crashAgent(world: World, journal: 'whole' | 'damaged' | 'new'): void {
  noteFault(world, world.dying === 'before' ? 'torn' : 'crash');
  abandonWork(world);
  const { alive, orphans } = afterAgentDeath(world);
  if (journal !== 'whole') {
    finishLate(world);
    loseJournal(world);
  }
  replayJournal(world);
  if (journal !== 'whole') forgive(world);
  const containers = alive.map((container) => {
    const isNamed = journal === 'whole' || container.phase !== 'running' || !world.random.chance(0.2);
    container.anonymous ||= !isNamed;
    return describeAlive(container, isNamed);
  });
  recover(world, journal, containers, orphans);
}

/** Which containers the agent finds again; the others are dead. What never ran is an orphan or forgotten. */
function afterAgentDeath(world: World): { alive: SimContainer[]; orphans: string[] } {
  const alive: SimContainer[] = [];
  const orphans: string[] = [];
  for (const container of [...world.containers.values()]) {
    const fate = world.random.weighted([7, 2, 1]);
    const isRunning = container.phase === 'running';
    if (isRunning && fate === 0) alive.push(container);
    else if (fate < 2) orphans.push(container.id);
    else world.containers.delete(container.id);
    if (!isRunning) container.phase = 'failed';
  }
  return { alive, orphans };
}

/** A record is only ever lost long after what it spoke of has ended. */
function finishLate(world: World): void {
  const last = Math.max(world.now, ...world.late.map(({ dueAt }) => dueAt));
  world.now = last;
  runLate(world);
}

function forgive(world: World): void {
  for (const volume of world.volumes.values()) {
    if (volume.ours > 0 || volume.attached) volume.forgiven = true;
    volume.unsure = true;
  }
}

/** The host alone dies: the agent and its containers stay. */
export function restartHost(world: World): void {
  noteFault(world, 'restart');
  abandonWork(world);
  replayJournal(world);
  for (const container of world.containers.values())
    if (container.phase === 'asked') container.phase = 'failed';
  note(world, 'restart', []);
  send(world, { type: 'restart', bootId: `b${world.bootId}`, mounts: ourMounts(world) });
}

/** Everything dies. No container comes again, and none is cleaned up. */
export function reboot(world: World): void {
  noteFault(world, 'reboot');
  for (const { key, effect } of world.work)
    if (effect.type === 'driver') (world.volumes.get(key) as { unsure: boolean }).unsure = true;
  world.work = [];
  world.late = [];
  world.untold = [];
  world.containers.clear();
  world.kernel.clear();
  world.downUntil.clear();
  for (const volume of world.volumes.values()) rebootDriver(volume);
  world.bootId += 1;
  replayJournal(world);
  recover(world, 'whole', [], []);
}

function recover(world: World, journal: string, containers: object[], orphans: string[]): void {
  send(world, { type: 'configure', config: world.setup.config });
  note(world, 'recover', []);
  const mounts = ourMounts(world);
  const common = { type: 'recover', journal, bootId: `b${world.bootId}` };
  const mayBeParted = containers.length + orphans.length > 0;
  const parts =
    mayBeParted && world.random.chance(0.3)
      ? [
          { containers, orphans: [], mounts: [] },
          { containers: [], orphans, mounts },
        ]
      : [{ containers, orphans, mounts }];
  parts.forEach((part, index) => {
    send(world, { ...common, ...part, part: index, last: index === parts.length - 1 });
  });
  for (const id of orphans) {
    const container = world.containers.get(id);
    if (container && world.random.chance(0.5)) cleanup(world, container);
  }
}

/** The very first start. */
export function start(world: World): void {
  send(world, { type: 'configure', config: world.setup.config });
  recoverFirst(world);
}

function recoverFirst(world: World): void {
  const nothing = { containers: [], orphans: [], mounts: [], part: 0, last: true };
  send(world, { type: 'recover', journal: 'new', bootId: `b${world.bootId}`, ...nothing });
}

/** What is under the managed root, and other mounts of the same file systems. */
function ourMounts(world: World): object[] {
  const { mounts } = world.kernel;
  const devs = new Set(mounts.filter(({ made }) => made === 'managed').map(({ fs }) => fs.dev));
  return mounts
    .filter(({ target, fs }) => target.startsWith(`${ROOT}/`) || devs.has(fs.dev))
    .map(({ target, id, fs }) => mountRow(target, id, fs.dev));
}
