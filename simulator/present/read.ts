import { pack } from '../../host/frames/codec.ts';
import { decodeEvent } from '../../host/frames/event_frame.ts';
import { SCHEMA } from '../../host/frames/schema.ts';
import type { Config } from '../../host/frames/types.ts';
import type { Policy } from '../../host/policy/policy.ts';
import type { Present, PresentContainer, PresentVolume } from './present.ts';

/** Parts of a policy's status, as assembly/state/status.ts numbers them. */
const OVERVIEW = 0;
const VOLUMES = 1;
const CONTAINERS = 2;
const CONFIG = 4;
const RECORDS = 5;

/** So many are asked for at a time. */
const PIECE = 500;
const CONFIGURE = 1;

interface Overview {
  now: number;
  recovered: boolean;
  draining: boolean;
  quarantine: string[];
}

/** The half of {@link Present} that a policy itself can tell. */
export type Told = Omit<Present, 'lastCall' | 'bootId' | 'calls' | 'callsKnownFrom' | 'effects'>;

/** Asks a policy for its state. A sentence when it cannot tell it: it is too old, is not configured, or amid a recovery. */
export function readPresent(policy: Policy): Told | string {
  const overview = policy.status(OVERVIEW, 0, 0) as Overview | undefined;
  const fields = policy.status(CONFIG, 0, 0);
  if (!overview || fields === undefined) return 'it is older than the question for its state';
  if (fields === null) return 'it is not configured yet';
  const state = policy.snapshot();
  if (!state) return 'a recovery is coming in';
  const { now, recovered, draining, quarantine } = overview;
  const records = new Map(all<PresentVolume>(policy, RECORDS).map((record) => [record.seq, record]));
  return {
    state,
    now,
    recovered,
    draining,
    quarantine,
    config: configOf(fields),
    volumes: all<PresentVolume>(policy, VOLUMES).map((volume) => ({ ...records.get(volume.seq), ...volume })),
    containers: all<PresentContainer>(policy, CONTAINERS),
  };
}

function all<Item>(policy: Policy, what: number): (Item & { seq: number })[] {
  const found: (Item & { seq: number })[] = [];
  for (let after = 0; ; after = found.at(-1)?.seq ?? 0) {
    const piece = policy.status(what, after, PIECE) as (Item & { seq: number })[];
    found.push(...piece);
    if (piece.length < PIECE) return found;
  }
}

/** The policy gives the configuration as it came in a frame. */
function configOf(fields: unknown): Config {
  const event = decodeEvent(pack([SCHEMA, CONFIGURE, 0, 0, fields]));
  return (event as unknown as { config: Config }).config;
}
