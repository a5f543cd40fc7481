import type { Config, WorkEffect } from '../../host/frames/types.ts';

/** A state in which a policy decides now, in its own words and in what the journal tells: what a simulated world can go on from. */
export interface Present {
  /** The whole of it, as the policy keeps it. */
  state: Uint8Array;
  /** Time of the last event. */
  now: number;
  lastCall: number;
  bootId: string;
  recovered: boolean;
  draining: boolean;
  config: Config;
  /** Containers of the last recovery, while they live and may hold what no record names. */
  quarantine: readonly string[];
  volumes: readonly PresentVolume[];
  containers: readonly PresentContainer[];
  /** Prepares that wait for their answer. */
  calls: readonly PresentCall[];
  /** Calls before this one are not in the journal any more. */
  callsKnownFrom: number;
  /** Effects under way. */
  effects: readonly WorkEffect[];
}

export type Fact = 'yes' | 'no' | 'unknown';

/** A volume: what `status` says of it, and the numbers of its mounts. */
export interface PresentVolume {
  driver: string;
  name: string;
  exists: Fact;
  mounted: Fact;
  rw: Fact;
  ro: Fact;
  mountpoint: string | null;
  dev: string | null;
  /** How many driver mounts are ours: at least, at most. */
  owed: readonly [number, number];
  owedBefore: boolean;
  unclaimed: boolean;
  /** The effect under way, 0 for none. */
  effect: number;
  settleAt: number;
  vanishAt: number;
  rwMountId: number;
  roMountId: number;
  driverMountId: number;
  rwFromId: number;
  roFromId: number;
  /** No doubt is left about its mounts. */
  isSure: boolean;
}

export interface PresentContainer {
  id: string;
  state: 'waiting' | 'holding' | 'limited' | 'destroyed';
  destroyed: boolean;
  /** The `place` under way, 0 for none. */
  placing: number;
  deadlineAt: number;
  pid: number;
  volumes: readonly { driver: string; name: string; path: string; readonly: boolean }[];
}

export interface PresentCall {
  call: number;
  id: string;
}
