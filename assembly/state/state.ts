import { Config } from '../events/config.ts';
import { ContainerInfo } from '../events/container.ts';
import { Mount } from '../events/mount.ts';
import { isWithin } from '../requests/names.ts';
import { Container } from './container.ts';
import { Table } from './table.ts';
import { Timer, Timers } from './timers.ts';
import { Volume } from './volume.ts';

/** The effect in flight belongs to a volume, or to a container (`place`). */
export class InFlight {
  constructor(
    public effect: f64,
    public key: string,
    public isVolume: bool,
  ) {}
}

/** The parts of a `recover` that have come so far. */
export class Recovering {
  containers: ContainerInfo[] = [];
  orphans: string[] = [];
  mounts: Mount[] = [];
  parts: i32 = 0;
  /** How many mounts outside of the root are known of each file system. */
  private outside: Map<string, i32> = new Map<string, i32>();

  /**
   * Takes a mount in, if it can matter: of those stacked at one target under the root the last, of those outside two of each file system, for
   * all that counts is whether there is one or more. There may be tens of thousands of either.
   */
  addMount(mount: Mount, root: string): void {
    if (isWithin(mount.target, root)) {
      const last = this.mounts.length - 1;
      if (last >= 0 && this.mounts[last].target == mount.target) this.mounts[last] = mount;
      else this.mounts.push(mount);
      return;
    }
    const known = this.outside.has(mount.dev) ? this.outside.get(mount.dev) : 0;
    if (known >= 2) return;
    this.outside.set(mount.dev, known + 1);
    this.mounts.push(mount);
  }
}

/** All that the policy remembers between two events. */
export class State {
  now: f64 = 0;
  config: Config | null = null;
  /** The configuration as it came, for the snapshot. */
  configBytes: Uint8Array = new Uint8Array(0);
  bootId: string = '';
  recovered: bool = false;
  recovering: Recovering | null = null;
  draining: bool = false;
  /** Containers of the last recovery that live: while there are any, what nobody claims is left alone. */
  quarantine: string[] = [];
  volumes: Table<Volume> = new Table<Volume>();
  containers: Table<Container> = new Table<Container>();
  inFlight: Map<f64, InFlight> = new Map<f64, InFlight>();
  timers: Timers = new Timers();
  nextEffect: f64 = 1;
  nextSeq: f64 = 1;
  /** The time that the last `wake` named; below 0 after a restore, so that it is said again. */
  wakeAt: f64 = 0;

  volume(key: string): Volume | null {
    return this.volumes.get(key);
  }

  container(id: string): Container | null {
    return this.containers.get(id);
  }

  addVolume(driver: string, name: string, key: string): Volume {
    const volume = new Volume();
    volume.key = key;
    volume.driver = driver;
    volume.name = name;
    volume.seq = this.nextSeq;
    this.nextSeq += 1;
    this.volumes.add(volume);
    return volume;
  }

  addContainer(id: string): Container {
    const container = new Container();
    container.key = id;
    container.seq = this.nextSeq;
    this.nextSeq += 1;
    this.containers.add(container);
    return container;
  }

  /** The configuration; every decision after `configure` has one. */
  configured(): Config {
    const config = this.config;
    assert(config !== null, 'decided without a configuration');
    return config as Config;
  }

  /** Looks at the volume again at `at`. */
  retryVolume(volume: Volume, at: f64): void {
    volume.retryAt = at;
    this.timers.push(new Timer(at, volume.seq, volume.key, true));
  }

  lingerVolume(volume: Volume, at: f64): void {
    volume.lingerAt = at;
    this.timers.push(new Timer(at, volume.seq, volume.key, true));
  }

  deadline(container: Container, at: f64): void {
    container.deadlineAt = at;
    this.timers.push(new Timer(at, container.seq, container.id, false));
  }

  /** True while the timer still means something. */
  private isCurrent(timer: Timer): bool {
    if (timer.isVolume) {
      const volume = this.volume(timer.key);
      if (!volume || volume.seq != timer.seq) return false;
      return volume.retryAt == timer.at || (volume.lingerAt == timer.at && volume.users.length == 0);
    }
    const container = this.container(timer.key);
    return (
      container !== null &&
      container.seq == timer.seq &&
      container.calls.length > 0 &&
      container.deadlineAt == timer.at
    );
  }

  /** The time of the next timer that means something; 0 for none. */
  nextWake(): f64 {
    while (this.timers.size > 0) {
      const first = this.timers.first();
      if (this.isCurrent(first)) return first.at;
      this.timers.pop();
    }
    return 0;
  }

  /** Takes the next timer that is due, or null. A volume's time is cleared with it: a snapshot then holds no past times. */
  due(): Timer | null {
    const at = this.nextWake();
    if (at == 0 || at > this.now) return null;
    const timer = this.timers.pop();
    const volume = timer.isVolume ? this.volume(timer.key) : null;
    if (volume && volume.retryAt == timer.at) volume.retryAt = 0;
    if (volume && volume.lingerAt == timer.at) volume.lingerAt = 0;
    return timer;
  }
}

/** The state of this instance: one module, one state. */
export let state: State = new State();

export function replaceState(other: State): void {
  state = other;
}

/** The containers of a volume that have the given phase. */
export function countUsers(volume: Volume, phase: i32): i32 {
  let count = 0;
  for (let i = 0; i < volume.users.length; i++) {
    const container = state.container(volume.users[i]);
    if (container && container.phase == phase) count += 1;
  }
  return count;
}
