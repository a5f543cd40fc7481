/** Events and effects as people and the host's own code see them. Fields and units: the protocol in ARCHITECTURE.md. */
import type { FailureKind, Mount } from '../binding.ts';

export interface DriverConfig {
  address?: string;
  sharing?: 'shared' | 'exclusive';
  readonly?: boolean;
  create?: boolean;
  createOptions?: string[];
  mountNeverCreates?: boolean;
  plainDirs?: boolean;
  maxInFlight?: number;
  mountMs?: number;
  unmountMs?: number;
  lingerMs?: number;
  chown?: 'never' | 'firstHolder';
}

export interface Config {
  agentId: string;
  root: string;
  defaultDriver?: string;
  prepareMs?: number;
  settleMs?: number;
  lingerMs?: number;
  retryMaxMs?: number;
  allowedTargets?: string[];
  drivers: Record<string, DriverConfig>;
  volumes?: Record<string, { sharing?: 'shared' | 'exclusive'; readonly?: boolean; lingerMs?: number }>;
  offers?: Record<string, { driver: string; volumes: string[] }>;
  requireOffer?: boolean;
  discovered?: string[];
}

export interface RequestedVolume {
  driver?: string;
  name: string;
  options?: Record<string, string>;
  containerPath?: string;
  readonly?: boolean;
}

export interface ContainerInfo {
  id: string;
  labels: [string, string][];
  env: [string, string][];
  volumes: RequestedVolume[];
  resources: Record<string, number | string[]>;
  sandbox: string;
  rootfs?: string;
  user?: string;
}

export interface RecoveredContainer extends Omit<ContainerInfo, 'resources' | 'user'> {
  pid?: number;
  mounts: Mount[];
}

export interface EffectError {
  code: string;
  message: string;
  kind: FailureKind;
}

export type Event = { at: number } & (
  | { type: 'unreadable'; call?: number; why: string }
  | { type: 'configure'; call: number; config: Config }
  | {
      type: 'recover';
      call: number;
      journal: 'whole' | 'new' | 'damaged';
      bootId: string;
      containers: RecoveredContainer[];
      orphans: string[];
      mounts: Mount[];
      part: number;
      last: boolean;
    }
  | { type: 'restart'; bootId: string; mounts: Mount[] }
  | { type: 'prepare'; call: number; container: ContainerInfo }
  | { type: 'isolate'; call: number; id: string; pid: number }
  | { type: 'update'; call: number; id: string; resources: Record<string, number | string[]> }
  | { type: 'destroy' | 'cleanup'; call: number; id: string }
  | { type: 'done'; effect: number; ok: boolean; value?: unknown; error?: EffectError }
  | { type: 'lost'; target: string }
  | { type: 'operator'; call: number; verb: string; driver?: string; name?: string }
  | { type: 'swap'; digest: string }
  | { type: 'tick' }
);

export interface DriverEffect {
  type: 'driver';
  effect: number;
  op: 'get' | 'create' | 'mount' | 'unmount' | 'path' | 'list' | 'capabilities';
  driver: string;
  name: string;
  id: string;
  options: Record<string, string>;
  deadlineMs: number;
}

export interface BindEffect {
  type: 'bind';
  effect: number;
  source: string;
  target: string;
  readonly: boolean;
  owner?: string;
  plain?: boolean;
  deadlineMs: number;
}

export interface DetachEffect {
  type: 'detach';
  effect: number;
  target: string;
  mountId: number;
  deadlineMs: number;
}

export interface ObserveEffect {
  type: 'observe';
  effect: number;
  driver: string;
  name: string;
  witness: boolean;
  deadlineMs: number;
}

export interface PlaceEffect {
  type: 'place';
  effect: number;
  id: string;
  targets: { base: 'sandbox' | 'rootfs' | 'host'; path: string }[];
  user?: string;
  deadlineMs: number;
}

/** An effect that ends with a `done`. */
export type WorkEffect = DriverEffect | BindEffect | DetachEffect | ObserveEffect | PlaceEffect;

export interface ReplyEffect {
  type: 'reply';
  call: number;
  ok: boolean;
  mounts?: { source: string; target: string; readonly: boolean }[];
  error?: { code: string; message: string; hint: string };
}

export interface AlertEffect {
  type: 'alert';
  level: 'info' | 'warn' | 'error';
  code: string;
  message: string;
  container?: string;
  volume?: string;
}

export type Effect =
  | WorkEffect
  | ReplyEffect
  | { type: 'limit'; id: string; reason: string }
  | { type: 'wake'; at: number }
  | AlertEffect;
