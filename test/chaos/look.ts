import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loopsBelow, mountsBelow } from '../../cli/demo/leaks.ts';
import type { Place } from './place.ts';
import { readLedger, type Task, type Volume } from './tasks.ts';

/** What the kernel shows and what it should show; looked at without any code of moorage's own. */
export interface Seen {
  leakedMounts: string[];
  leakedLoops: string[];
  /** Volumes that a live task should have and has not. */
  unmounted: string[];
  /** Containers of which a call of the agent is not answered, or no end was told. */
  unanswered: string[];
}

export function isAsItShouldBe({ leakedMounts, leakedLoops, unmounted, unanswered }: Seen): boolean {
  return leakedMounts.length + leakedLoops.length + unmounted.length + unanswered.length === 0;
}

/** Holds the kernel's tables and the agent's checkpoints against the tasks that live. */
export function look(place: Place, tasks: readonly Task[]): Seen {
  const live = tasks.filter(({ state }) => state === 'running');
  const wanted = new Set(live.map(({ volume }) => volume));
  const mounts = mountsBelow(place.directory);
  const unmounted = [...wanted].flatMap((volume) => missingOnHost(place, volume, mounts, live));
  return {
    leakedMounts: mounts.filter((target) => !isExpected(place, target, wanted)),
    leakedLoops: loopsBelow(place.directory).filter((loop) => !isWantedLoop(place, loop, wanted)),
    unmounted: [...unmounted, ...live.flatMap(missingInTask)],
    unanswered: [
      ...tasks
        .filter(({ state }) => state === 'asked' || state === 'staging')
        .map(({ name, state }) => `${name} is ${state}`),
      ...openContainers(place, live),
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

function missingOnHost(
  place: Place,
  volume: Volume,
  mounts: readonly string[],
  live: readonly Task[],
): string[] {
  const { driver, name } = volume;
  const target = driverMount(place, driver, name);
  const modes = new Set(live.filter((task) => task.volume === volume).map(({ readonly }) => readonly));
  const managed = [...modes].map((readonly) => join(place.root, readonly ? '.ro' : '', driver, name));
  return [target, ...managed]
    .filter((path) => !mounts.includes(path))
    .map((path) => `${driver}/${name} is held and not mounted at ${path}`);
}

/** A task that lives must have its volume in its own mount table, and on the file system of the volume. */
function missingInTask(task: Task): string[] {
  const { pid } = readLedger(task);
  if (pid === undefined) return [`${task.name} runs, and has written no ledger`];
  let table: string;
  try {
    table = readFileSync(`/proc/${pid}/mountinfo`, 'utf8');
  } catch {
    return [`${task.name} should live, and its process ${pid} is gone`];
  }
  const target = join(task.sandbox ?? '/', 'data');
  const line = table.split('\n').find((text) => text.split(' ')[4] === target);
  if (line?.includes(' - ext4 /dev/loop')) return [];
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
