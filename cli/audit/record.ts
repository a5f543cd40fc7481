import type { Config, WorkEffect } from '../../host/frames/types.ts';

/** An event of the journal, for people: its number from the first of all, and its wall time in ms. */
export interface When {
  event: number;
  wallMs: number;
}

export type Mode = 'rw' | 'ro';

/** What a container was promised of one volume. */
export interface Hold {
  /** `driver/name`. */
  volume: string;
  /** The managed mount that it was given, and the path in the container. */
  source: string;
  target: string;
}

export interface ContainerRecord {
  id: string;
  sandbox: string;
  pid: number | undefined;
  since: When;
  /** Its prepare has no answer yet. */
  preparing: boolean;
  /** It was told that it lost a volume: nothing is promised to it any more. */
  limited: When | undefined;
  /** Undefined for a container of before the first record: what it was promised is not in this journal any more. */
  holds: Hold[] | undefined;
}

/** Something of the kernel's that an event told of. */
export interface Told {
  when: When;
  /** The effect that made it, or how it was found. */
  by: string;
}

/** What the events say of one volume. */
export interface VolumeRecord {
  key: string;
  driver: string;
  name: string;
  managed: Map<Mode, Told>;
  /** The driver has it mounted, and this agent asked for it. */
  mounted: Told | undefined;
  /** This agent has asked for a mount that was not given back since: what the driver has mounted may be ours. */
  asked: boolean;
  mountpoint: string | undefined;
  /** `major:minor` of its file system, as last bound. */
  dev: string | undefined;
  /** The effect that has no end yet. */
  doing: { effect: WorkEffect; since: When } | undefined;
  /** An effect whose end nobody heard: it timed out, or host or agent ended before, at `lost`. */
  cutOff: { effect: WorkEffect; since: When; lost: When } | undefined;
  /** The last thing that went wrong, until something goes well. */
  failure: { what: string; when: When } | undefined;
  /** The last container that let it go. */
  left: { container: string; when: When } | undefined;
  /** An operator said: keep it. */
  held: When | undefined;
  forgotten: When | undefined;
  pinned: { words: string; when: When } | undefined;
  /** Known only from what a snapshot of the host's has kept: whether it is mounted is not in this journal any more. */
  older: boolean;
}

/** All that a journal says, as far as it goes. Nothing here was asked of the kernel. */
export interface AuditRecord {
  config: Config | undefined;
  bootId: string | undefined;
  events: number;
  /** The first event that is still in the journal. */
  from: number;
  last: When | undefined;
  volumes: Map<string, VolumeRecord>;
  containers: Map<string, ContainerRecord>;
  /** What containers had that are cleaned up: a process of theirs may still have it. */
  gone: Map<string, Pick<ContainerRecord, 'sandbox' | 'holds'>>;
  /** A recovery whose journal was lost: what it found is left alone while these containers live. */
  quarantine: Set<string>;
}

export function createRecord(): AuditRecord {
  return {
    config: undefined,
    bootId: undefined,
    events: 0,
    from: 1,
    last: undefined,
    volumes: new Map(),
    containers: new Map(),
    gone: new Map(),
    quarantine: new Set(),
  };
}

/** The record of a volume, begun when there is none. */
export function volumeOf(record: AuditRecord, key: string): VolumeRecord {
  const known = record.volumes.get(key);
  if (known) return known;
  const slash = key.indexOf('/');
  const made: VolumeRecord = {
    key,
    driver: key.slice(0, slash),
    name: key.slice(slash + 1),
    managed: new Map(),
    mounted: undefined,
    asked: false,
    mountpoint: undefined,
    dev: undefined,
    doing: undefined,
    cutOff: undefined,
    failure: undefined,
    left: undefined,
    held: undefined,
    forgotten: undefined,
    pinned: undefined,
    older: false,
  };
  record.volumes.set(key, made);
  return made;
}

/** The containers that hold a volume: their prepare was answered ok, their cleanup has not come. */
export function holdersOf(record: AuditRecord, key: string): ContainerRecord[] {
  return [...record.containers.values()].filter(
    ({ preparing, holds }) => !preparing && holds?.some(({ volume }) => volume === key),
  );
}

/** Volume and mode of a managed path; undefined when it has not the form of one. */
export function managedAt(root: string, target: string): { key: string; mode: Mode } | undefined {
  if (!target.startsWith(`${root}/`)) return undefined;
  const parts = target.slice(root.length + 1).split('/');
  const mode = parts[0] === '.ro' ? 'ro' : 'rw';
  const names = mode === 'ro' ? parts.slice(1) : parts;
  return names.length === 2 && names.every((name) => name !== '')
    ? { key: names.join('/'), mode }
    : undefined;
}

/** The path at which a volume is managed. */
export function managedPath(root: string, key: string, mode: Mode): string {
  return mode === 'ro' ? `${root}/.ro/${key}` : `${root}/${key}`;
}
