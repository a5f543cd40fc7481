import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { leaksBelow, mountsBelow } from '../../cli/demo/leaks.ts';
import { until } from './until.ts';

/** Everything of one run lies here, and nothing of it elsewhere. */
export interface Place {
  directory: string;
  config: string;
  work: string;
  /** On a small file system of its own, which can be filled. */
  state: string;
  root: string;
  ledgers: string;
  writer: string;
  orders: string;
  socketOf(driver: string): string;
  rootOf(driver: string): string;
  imageOf(driver: string, volume: string): string;
  /** In the environment of all that is started here, and of what that starts. */
  mark: { name: string; value: string };
}

const PREFIX = 'moorage-chaos-';
const STATE_BYTES = '40m';
const LET_GO_MS = 15_000;

/** Makes the folder of a run, with a small file system for the state. */
export function makePlace(): Place {
  const place = placeAt(realpathSync(mkdtempSync(join(tmpdir(), PREFIX))));
  for (const name of ['state', 'work', 'ledgers', 'sockets', 'drivers'])
    mkdirSync(join(place.directory, name), { mode: 0o700 });
  const options = `size=${STATE_BYTES},mode=0700`;
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'moorage-chaos', place.state]);
  return place;
}

/** The folder of a run that was killed itself; undefined when it is none. */
export function findPlace(path: string): Place | undefined {
  if (!existsSync(join(path, 'ledgers'))) return undefined;
  const directory = realpathSync(path);
  return basename(directory).startsWith(PREFIX) ? placeAt(directory) : undefined;
}

function placeAt(directory: string): Place {
  const rootOf = (driver: string) => join(directory, 'drivers', driver);
  return {
    directory,
    config: join(directory, 'config.json'),
    work: join(directory, 'work'),
    state: join(directory, 'state'),
    root: join(directory, 'volumes'),
    ledgers: join(directory, 'ledgers'),
    writer: join(directory, 'writer'),
    orders: join(directory, 'order'),
    socketOf: (driver) => join(directory, 'sockets', `${driver}.sock`),
    rootOf,
    imageOf: (driver, volume) => join(rootOf(driver), 'images', `${volume}.img`),
    mark: { name: 'MOORAGE_CHAOS', value: directory },
  };
}

/** The task program, with the compiler of this machine. */
export function buildWriter({ writer }: Place): void {
  execFileSync(process.env.CC ?? 'cc', ['-O2', '-Wall', '-Wextra', '-o', writer, 'test/chaos/writer.c'], {
    stdio: 'inherit',
  });
}

/** Ends what was started here, and unmounts what lies here, lazily. Keeps the files when they are wanted. */
export async function clearPlace(place: Place, keep: boolean): Promise<string[]> {
  const { directory, state } = place;
  await until('the processes end', LET_GO_MS, () => {
    const pids = markedPids(place);
    for (const pid of pids) endProcess(pid);
    return pids.length === 0;
  }).catch(() => undefined);
  // The state lies in memory: what is kept of it is a copy.
  if (keep && existsSync(join(state, 'journal')))
    cpSync(state, join(directory, 'kept-state'), {
      recursive: true,
      filter: (from) => !from.endsWith('.sock'),
    });
  await until('mounts and loop devices go', LET_GO_MS, () => {
    for (const target of mountsBelow(directory)) unmount(target);
    return leaksBelow(directory).length === 0;
  }).catch(() => undefined);
  const left = leaksBelow(directory);
  if (left.length === 0 && !keep) rmSync(directory, { recursive: true, force: true });
  return left;
}

/** Processes that carry our mark: agents, drivers, supervisors and tasks of this run, and no others. */
export function markedPids({ mark }: Place): number[] {
  const words = `${mark.name}=${mark.value}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && environmentOf(pid).includes(words));
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

function unmount(target: string): void {
  try {
    execFileSync('umount', ['--lazy', target], { stdio: 'ignore' });
  } catch {
    // Seen again in the next look.
  }
}

/** The configuration of the isolator: small limits, so that a stopped driver costs seconds and not minutes. */
export function writeConfig(place: Place, drivers: readonly string[]): void {
  const [first = ''] = drivers;
  const config = {
    agentId: 'chaos',
    root: place.root,
    defaultDriver: first,
    prepareMs: 8_000,
    settleMs: 4_000,
    retryMaxMs: 1_000,
    drivers: Object.fromEntries(
      drivers.map((name, index) => [
        name,
        {
          address: `unix://${place.socketOf(name)}`,
          mountMs: 3_000,
          unmountMs: 3_000,
          // Of one of the two the volumes stay for a moment.
          lingerMs: index === 0 ? 0 : 150,
        },
      ]),
    ),
  };
  writeFileSync(place.config, `${JSON.stringify(config, null, 2)}\n`);
}
