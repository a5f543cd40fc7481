import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loopsBelow, mountsBelow } from '../../cli/demo/leaks.ts';
import type { Place } from './place.ts';
import { isAlive, pidOf, type Task, type Volume } from './tasks.ts';

/** What the kernel shows and should not, or does not and should; looked at without any code of moorage's own. */
export interface Seen {
  leakedMounts: string[];
  leakedLoops: string[];
  /** Volumes that a task which lives has lost: this must not be at any moment. */
  lost: string[];
  /** Managed mounts of held volumes that are not there: this may be for a moment, while they are replaced. */
  unmanaged: string[];
  /** Containers of which a call of the agent is not answered, or no end was told. */
  unanswered: string[];
}

export function isAsItShouldBe(seen: Seen): boolean {
  return Object.values(seen).every((list) => list.length === 0);
}

/** Holds the kernel's tables and the agent's checkpoints against the tasks that live. */
export function look(place: Place, tasks: readonly Task[]): Seen {
  const running = tasks.filter(({ state }) => state === 'running');
  const mounts = mountsBelow(place.directory);
  const inTasks = running.flatMap(lostInTask);
  // Who still lives now has lived when the table was read.
  const live = running.filter(isAlive);
  const wanted = new Set(running.map(({ volume }) => volume));
  const held = [...new Set(live.map(({ volume }) => volume))];
  return {
    leakedMounts: mounts.filter((target) => !isExpected(place, target, wanted)),
    leakedLoops: loopsBelow(place.directory).filter((loop) => !isWantedLoop(place, loop, wanted)),
    lost: [...inTasks, ...held.flatMap((volume) => lostOnHost(place, volume, mounts))],
    unmanaged: held.flatMap((volume) => unmanaged(place, volume, mounts, live)),
    unanswered: [
      ...tasks
        .filter(({ state }) => state === 'asked' || state === 'staging')
        .map(({ name, state }) => `${name} is ${state}`),
      ...running.filter((task) => !isAlive(task)).map(({ name }) => `${name} has ended, and no end was told`),
      ...openContainers(place, running),
    ],
  };
}

function isExpected(place: Place, target: string, wanted: ReadonlySet<Volume>): boolean {
  if (target === place.state || target === place.root) return true;
  return [...wanted].some((volume) => placesOf(place, volume).includes(target));
}

function placesOf(place: Place, { driver, name }: Volume): string[] {
  return [
    driverMount(place, driver, name),
    join(place.root, driver, name),
    join(place.root, '.ro', driver, name),
  ];
}

function driverMount(place: Place, driver: string, name: string): string {
  return join(place.rootOf(driver), 'mounts', name);
}

function isWantedLoop(place: Place, loop: string, wanted: ReadonlySet<Volume>): boolean {
  return [...wanted].some(({ driver, name }) => loop.endsWith(`(${place.imageOf(driver, name)})`));
}

function lostOnHost(place: Place, { driver, name }: Volume, mounts: readonly string[]): string[] {
  const target = driverMount(place, driver, name);
  return mounts.includes(target) ? [] : [`${driver}/${name} is held and not mounted at ${target}`];
}

function unmanaged(place: Place, volume: Volume, mounts: readonly string[], live: readonly Task[]): string[] {
  const modes = new Set(live.filter((task) => task.volume === volume).map(({ readonly }) => readonly));
  return [...modes]
    .map((readonly) => join(place.root, readonly ? '.ro' : '', volume.driver, volume.name))
    .filter((path) => !mounts.includes(path))
    .map((path) => `${volume.driver}/${volume.name} is held and not mounted at ${path}`);
}

/** A task that lives must have its volume in its own mount table, and on the file system of the volume. */
function lostInTask(task: Task): string[] {
  const pid = pidOf(task);
  let table: string;
  try {
    table = readFileSync(`/proc/${pid}/mountinfo`, 'utf8');
  } catch {
    return [];
  }
  const target = join(task.sandbox ?? '/', 'data');
  const line = table.split('\n').find((text) => text.split(' ')[4] === target);
  if (line?.includes(' - ext4 /dev/loop') || !isAlive(task)) return [];
  return [`${task.name} (pid ${pid}) has no volume at ${target}`];
}

/** The agent keeps a folder for each container until its cleanup is answered. */
function openContainers({ work }: Place, live: readonly Task[]): string[] {
  const known = new Set(live.map(({ container }) => container));
  try {
    return readdirSync(join(work, 'containers'))
      .filter((id) => !known.has(id))
      .map((id) => `the cleanup of ${id}`);
  } catch {
    return [];
  }
}
