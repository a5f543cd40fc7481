/**
 * `held`, `underway`, `waiting`, `kept`: explained by events. `leak`: ours, and nobody takes it away. `foreign`: not ours. `pinned`: a process
 * keeps it. `missing`: promised, and the kernel does not show it. `silent`: a driver that could not be asked.
 */
export type Kind = 'leak' | 'missing' | 'pinned' | 'foreign' | 'silent';
export type Reason = 'held' | 'underway' | 'waiting' | 'kept' | 'root';

/** A mount that the events explain. */
export interface Explained {
  target: string;
  volume: string;
  mode: 'rw' | 'ro' | 'driver';
  is: Reason;
  /** Which events, which containers. */
  because: string;
  containers: string[];
  event: number;
}

/** Something that a person should look at. */
export interface Finding {
  kind: Kind;
  /** A container that lives is without its volume. */
  worst: boolean;
  /** What, where. */
  what: string;
  because: string;
  next: string;
  target?: string;
  volume?: string;
  container?: string;
  pid?: number;
}

/** Order of what is told: what costs data first. */
const RANK: Kind[] = ['missing', 'leak', 'pinned', 'silent', 'foreign'];

export function byRank(one: Finding, other: Finding): number {
  return (
    Number(other.worst) - Number(one.worst) ||
    RANK.indexOf(one.kind) - RANK.indexOf(other.kind) ||
    one.what.localeCompare(other.what)
  );
}

/** What makes the check fail. */
export function isLoss({ kind }: Finding): boolean {
  return kind === 'leak' || kind === 'missing';
}

/** The same finding, in two looks. */
export function keyOfFinding({ kind, target, volume, container, pid, what }: Finding): string {
  return JSON.stringify([kind, target ?? what, volume, container, pid]);
}
