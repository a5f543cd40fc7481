import { pack } from '../../host/frames/codec.ts';
import { decodeEvent } from '../../host/frames/event_frame.ts';
import { SCHEMA } from '../../host/frames/schema.ts';
import type { Config, WorkEffect } from '../../host/frames/types.ts';
import type { Policy } from '../../host/policy/policy.ts';
import {
  type AuditRecord,
  type Mode,
  managedPath,
  type VolumeRecord,
  volumeOf,
  type When,
} from './record.ts';

/** Parts of what a policy says of its state (assembly/state/status.ts), and how much is asked for at once. */
const VOLUMES = 1;
const CONTAINERS = 2;
const CONFIG = 4;
const ENTRIES = 1000;

type Fact = 'yes' | 'no' | 'unknown';

interface VolumeStatus {
  seq: number;
  driver: string;
  name: string;
  mounted: Fact;
  rw: Fact;
  ro: Fact;
  mountpoint?: string;
  dev?: string;
  owed: [number, number];
  doing?: string;
  effect: number;
  error?: string;
  held: boolean;
}

interface ContainerStatus {
  seq: number;
  id: string;
  state: 'waiting' | 'holding' | 'limited' | 'destroyed';
  pid: number;
  volumes: { driver: string; name: string; path: string; readonly: boolean }[];
}

/** The number of `configure` among events. */
const CONFIGURE = 1;

/**
 * The record of a journal that begins with a snapshot: what the restored policy itself says of its state then. The bytes of a snapshot are
 * the policy's own business. `underWay` is told of what has no end yet. False when the policy is of before such questions: then only what the
 * host had learnt is known.
 */
export function beginWithStatus(
  record: AuditRecord,
  policy: Policy,
  when: When,
  underWay: (effect: WorkEffect, when: When) => void,
): boolean {
  const config = policy.status(CONFIG, 0, 0);
  if (!config) return false;
  record.config = configOf(config);
  // What the host has learnt and the policy no longer has is not mounted any more.
  for (const volume of record.volumes.values()) Object.assign(volume, { older: false, asked: false });
  for (const status of list<VolumeStatus>(policy, VOLUMES)) {
    beginVolume(record, status, when);
    const effect = effectOf(status, record.config.root);
    if (effect) underWay(effect, when);
  }
  for (const status of list<ContainerStatus>(policy, CONTAINERS))
    beginContainer(record, status, record.config.root, when);
  return true;
}

/** The policy tells it as a `configure` carried it. */
function configOf(config: unknown): Config {
  const event = decodeEvent(pack([SCHEMA, CONFIGURE, 0, 0, config]));
  if (event.type !== 'configure') throw new Error('a configuration reads as another event');
  return event.config;
}

/** The effect that a volume was busy with, as far as its end can tell anything. */
function effectOf({ driver, name, doing, effect }: VolumeStatus, root: string): WorkEffect | undefined {
  const key = `${driver}/${name}`;
  const about = { effect, driver, name, deadlineMs: 0 };
  const at = (mode: Mode) => ({ effect, target: managedPath(root, key, mode), deadlineMs: 0 });
  switch (doing) {
    case 'get':
    case 'create':
    case 'mount':
    case 'unmount':
      return { type: 'driver', op: doing, ...about, id: '', options: {} };
    case 'observe':
    case 'witness':
      return { type: 'observe', ...about, witness: doing === 'witness' };
    case 'bind rw':
    case 'bind ro':
      return {
        type: 'bind',
        ...at(doing === 'bind ro' ? 'ro' : 'rw'),
        source: '',
        readonly: doing === 'bind ro',
      };
    case 'detach rw':
    case 'detach ro':
      return { type: 'detach', ...at(doing === 'detach ro' ? 'ro' : 'rw'), mountId: 0 };
    default:
      return undefined;
  }
}

function* list<Entry extends { seq: number }>(policy: Policy, what: number): Generator<Entry> {
  for (let after = 0; ; ) {
    const piece = (policy.status(what, after, ENTRIES) ?? []) as Entry[];
    yield* piece;
    if (piece.length < ENTRIES) return;
    after = piece.at(-1)?.seq as number;
  }
}

function beginVolume(record: AuditRecord, status: VolumeStatus, when: When): void {
  const volume: VolumeRecord = volumeOf(record, `${status.driver}/${status.name}`);
  const told = { when, by: 'known by the snapshot' };
  for (const mode of ['rw', 'ro'] as Mode[]) if (status[mode] !== 'no') volume.managed.set(mode, told);
  volume.asked = status.owed[1] > 0;
  if (status.mounted === 'yes' && volume.asked) volume.mounted = told;
  volume.mountpoint = status.mountpoint || volume.mountpoint;
  volume.dev = status.dev || volume.dev;
  volume.held = status.held ? when : undefined;
  if (status.error) volume.failure = { what: status.error, when };
}

function beginContainer(record: AuditRecord, status: ContainerStatus, root: string, when: When): void {
  const known = record.containers.get(status.id);
  const holds = status.volumes.map(({ driver, name, path, readonly }) => {
    const key = `${driver}/${name}`;
    return { volume: key, source: managedPath(root, key, readonly ? 'ro' : 'rw'), target: path };
  });
  record.containers.set(status.id, {
    id: status.id,
    sandbox: known?.sandbox ?? '',
    pid: status.pid > 0 ? status.pid : known?.pid,
    since: when,
    preparing: status.state === 'waiting',
    limited: status.state === 'limited' ? when : undefined,
    holds,
  });
}
