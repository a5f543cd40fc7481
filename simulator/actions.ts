import type { Config } from '../host/frames/types.ts';
import { cleanup, debug, destroy, fork, prepare, prepareAgain, update } from './agent.ts';
import { crashAgent, die, reboot, restartHost } from './crashes.ts';
import { driverMount, isMounted, mountVolume, restartDriver, unmountVolume } from './drivers.ts';
import { note, send } from './host.ts';
import { tellDone } from './outcomes.ts';
import { perform } from './perform.ts';
import { hurt, keyOfTarget, noteFault, type SimVolume, type Work, type World } from './world.ts';

/** Everything that may happen next; each takes its choices from the world's random numbers. */
export const ACTIONS: Record<string, (world: World) => void> = {
  prepare,
  again: (world) => prepareAgain(world),
  debug,
  update,
  fork: (world) => fork(world),
  cleanup: (world) => cleanup(world),
  destroy: (world) => destroy(world),
  complete,
  perform: (world) => {
    const work = chooseWork(world, ({ outcome }) => outcome === undefined);
    if (work) perform(world, work);
  },
  deliver: (world) => {
    const work = chooseWork(world, ({ outcome }) => outcome !== undefined);
    if (work) tellDone(world, work);
  },
  double: (world) => {
    if (!world.lastDone) return;
    noteFault(world, 'double');
    send(world, { ...world.lastDone });
  },
  stray: (world) => {
    noteFault(world, 'stray');
    send(world, { type: 'done', effect: 1_000_000 + world.random.below(1000), ok: true });
  },
  pass: (world) => {
    world.now += world.random.below(world.random.pick([300, 8000, 60_000]));
  },
  crash: (world) => crashAgent(world, 'whole'),
  damage: (world) => crashAgent(world, world.random.pick(['damaged', 'new'])),
  die: (world) => {
    if (world.dying === '') die(world);
  },
  restart: restartHost,
  reboot,
  vanishManaged,
  vanishDriver,
  tell,
  driverRestart: (world) => {
    const driver = world.random.pick(driversOf(world));
    noteFault(world, 'driver-restart');
    for (const volume of world.volumes.values())
      if (volume.driver === driver && restartDriver(volume, world.kernel)) noteFault(world, 'dead-mount');
  },
  driverDown: (world) => {
    noteFault(world, 'driver-down');
    world.downUntil.set(world.random.pick(driversOf(world)), world.now + world.random.below(40_000));
  },
  otherMount: (world) => {
    const volume = chooseCounted(world);
    if (!volume || (volume.quirks.counts === 'ids' && volume.others > 0)) return;
    noteFault(world, 'other-client');
    const before = driverMount(volume, world.kernel)?.id;
    mountVolume(volume, world.kernel, 'somebody');
    if (volume.ours === 0) volume.blind = true;
    // A dead mount went for it.
    if (before !== undefined && driverMount(volume, world.kernel)?.id !== before) hurt(volume, false);
  },
  otherUnmount: (world) => {
    const volume = chooseCounted(world);
    if (volume && volume.others > 0) unmountOther(world, volume);
  },
  operator,
  configure: (world) => {
    note(world, 'configure', []);
    configure(world, otherConfig(world));
  },
};

function driversOf({ setup }: World): string[] {
  return Object.keys(setup.quirks);
}

/** Anybody may forget a volume; what its driver has mounted is then no longer known. */
function operator(world: World): void {
  const volume = world.random.pick([...world.volumes.values()]);
  const { driver, name, key } = volume;
  const verb = world.random.pick(['retry', 'hold', 'release', 'drain', 'resume', 'forget']);
  note(world, 'operator', [key]);
  noteFault(world, 'operator');
  if (verb === 'drain' || verb === 'resume') world.draining = verb === 'drain';
  if (verb === 'forget') forget(world, volume);
  send(world, { type: 'operator', verb, driver, name }, verb);
}

function forget(world: World, volume: SimVolume): void {
  world.forgot = true;
  volume.forgiven = true;
  volume.blind = true;
  volume.unsure = true;
}

/** A driver is taken out, or comes back; volumes linger otherwise than before. */
function otherConfig(world: World): Config {
  const { config } = world.setup;
  const kept = world.random.pick([...driversOf(world), 'both', 'both']);
  const lingerMs = world.random.pick([0, 3000]);
  if (kept === 'both') return { ...config, lingerMs };
  const drivers = { [kept]: config.drivers[kept] ?? {} };
  const offers = Object.fromEntries(
    Object.entries(config.offers ?? {}).filter(([, { driver }]) => driver === kept),
  );
  return { ...config, defaultDriver: kept, drivers, offers, lingerMs };
}

/** The policy is configured anew. */
export function configure(world: World, config: Config): void {
  world.config = config;
  send(world, { type: 'configure', config });
}

/** The next effect, or any, is done and told; without one the clock goes to the next wake-up. */
export function complete(world: World): void {
  const work = chooseWork(world, () => true);
  if (!work) {
    if (world.wakeAt > 0) world.now = Math.max(world.now, world.wakeAt);
    return;
  }
  world.now += 1;
  if (!work.outcome) perform(world, work);
  tellDone(world, work);
}

function chooseWork(world: World, fits: (work: Work) => boolean): Work | undefined {
  const list = world.work.filter(fits);
  return list.length === 0 ? undefined : world.random.pick(list);
}

/** Other clients matter only to drivers that count. */
function chooseCounted(world: World): SimVolume | undefined {
  const list = [...world.volumes.values()].filter(({ quirks, exists }) => quirks.counts !== 'none' && exists);
  return list.length === 0 ? undefined : world.random.pick(list);
}

/** Another client gives its mount back; a driver that lost count may then take ours. */
export function unmountOther(world: World, volume: SimVolume): void {
  noteFault(world, 'other-client');
  const was = isMounted(volume, world.kernel);
  const managed = world.kernel.mounts.length;
  unmountVolume(volume, world.kernel, 'somebody');
  if (was !== isMounted(volume, world.kernel) || managed !== world.kernel.mounts.length)
    hurt(volume, false, world.work);
}

/** Somebody unmounts one of our mounts. */
function vanishManaged(world: World): void {
  const list = world.kernel.mounts.filter(({ made }) => made === 'managed');
  if (list.length === 0) return;
  const mount = world.random.pick(list);
  noteFault(world, 'vanished');
  world.kernel.unmount(mount);
  vanished(world, mount.target, keyOfTarget(mount.target));
}

/** Somebody unmounts what the driver has mounted. */
function vanishDriver(world: World): void {
  const list = [...world.volumes.values()].filter((volume) => driverMount(volume, world.kernel));
  if (list.length === 0) return;
  const volume = world.random.pick(list);
  const mount = driverMount(volume, world.kernel);
  if (!mount) return;
  noteFault(world, 'vanished');
  world.kernel.unmount(mount);
  vanished(world, mount.target, volume.key);
}

/** The policy is told at once, later, or never. */
function vanished(world: World, target: string, key: string): void {
  const volume = world.volumes.get(key) as SimVolume;
  const roll = world.random.below(4);
  hurt(volume, roll < 2, world.work);
  if (roll < 2) tellLost(world, target, key);
  else if (roll === 2) world.untold.push({ target, key });
}

function tell(world: World): void {
  const next = world.untold.shift();
  if (next) tellLost(world, next.target, next.key);
}

function tellLost(world: World, target: string, key: string): void {
  note(world, 'lost', [key]);
  send(world, { type: 'lost', target });
}
