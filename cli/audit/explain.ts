import type { Config } from '../../host/frames/types.ts';
import type { Reason } from './findings.ts';
import { isAlive } from './kernel.ts';
import { wordsOf } from './learn_end.ts';
import { unknownHolders } from './own_tables.ts';
import { type AuditRecord, type ContainerRecord, holdersOf, type VolumeRecord, type When } from './record.ts';

/** Why a volume is mounted, as the events have it. */
export interface Why {
  is: Reason;
  because: string;
  containers: string[];
  event: number;
}

/** When and what for, of a moment. */
export interface Moment {
  now: number;
  /** An agent runs on the state directory. */
  running: boolean;
}

/** Why something of this volume may be mounted; undefined when no event says so. */
export function whyMounted(record: AuditRecord, volume: VolumeRecord, moment: Moment): Why | undefined {
  return (
    whoHolds(record, volume, moment) ??
    whatIsUnderWay(record, volume, moment) ??
    whoWaits(record, volume) ??
    whatKeepsIt(record, volume, moment) ??
    whoMayHold(record, volume)
  );
}

function whoHolds(record: AuditRecord, volume: VolumeRecord, { running }: Moment): Why | undefined {
  const holders = holdersOf(record, volume.key);
  const [first] = holders;
  if (!first) return undefined;
  const words = holders.map((holder) => `${holder.id} (${at(holder.since)}${stateOf(holder, running)})`);
  return {
    is: 'held',
    because: `held by ${words.join(', ')}`,
    containers: holders.map(({ id }) => id),
    event: first.since.event,
  };
}

function stateOf({ pid, limited }: ContainerRecord, running: boolean): string {
  if (limited) return `, told at ${at(limited)} that it lost a volume`;
  if (pid === undefined) return '';
  if (isAlive(pid)) return `, pid ${pid}`;
  return running
    ? `, its process ${pid} has ended`
    : `, its process ${pid} has ended; the next start cleans up`;
}

/** What timed out or was cut off may come true for so long; the policy's own limit (`settleMs`) is this by default. */
const SETTLE_MS = 30_000;
/** Slack for a wake-up that is on its way. */
const LATE_MS = 2_000;

function whatIsUnderWay(
  { config }: AuditRecord,
  { doing, cutOff }: VolumeRecord,
  moment: Moment,
): Why | undefined {
  const open = doing ?? cutOff;
  if (!open) return undefined;
  const { effect, since } = open;
  const words = `${wordsOf(effect)} (effect ${effect.effect}, ${at(since)})`;
  const why = (because: string): Why => ({ is: 'underway', because, containers: [], event: since.event });
  if (!moment.running) return why(`${words} has no end; the next start looks after it`);
  if (doing) return why(`${words} is under way`);
  const until = (cutOff?.lost.wallMs ?? 0) + (config?.settleMs ?? SETTLE_MS) + LATE_MS;
  return moment.now < until
    ? why(`${words} has no end: it may still come true, and is looked after`)
    : undefined;
}

/** A container that waits for all of its volumes; which they are is not told before its answer. */
function whoWaits(record: AuditRecord, volume: VolumeRecord): Why | undefined {
  const made = Math.max(
    0,
    ...[...volume.managed.values(), volume.mounted].map((told) => told?.when.event ?? 0),
  );
  const waiters = [...record.containers.values()].filter(
    ({ preparing, since }) => preparing && since.event <= made,
  );
  const [first] = waiters;
  if (!first) return undefined;
  return {
    is: 'underway',
    because: `made at event ${made}, while the prepare of ${waiters.map(({ id, since }) => `${id} (${at(since)})`).join(', ')} waits for its answer`,
    containers: waiters.map(({ id }) => id),
    event: first.since.event,
  };
}

function whatKeepsIt(record: AuditRecord, volume: VolumeRecord, { now, running }: Moment): Why | undefined {
  const { held, failure, left } = volume;
  const why = (is: Reason, because: string, when: When): Why => ({
    is,
    because,
    containers: [],
    event: when.event,
  });
  if (held) return why('kept', `an operator said hold at ${at(held)}`, held);
  if (record.quarantine.size > 0 && !left) {
    const first = [...volume.managed.values()][0]?.when ?? volume.mounted?.when;
    const names = [...record.quarantine].join(', ');
    if (first) return why('kept', `found after a lost journal; left alone while ${names} lives`, first);
  }
  const lingerMs = lingerOf(record.config, volume);
  const until = (left?.when.wallMs ?? 0) + lingerMs;
  if (left && lingerMs > 0 && (until > now || !running)) {
    const rest =
      until > now
        ? `stays for another ${Math.ceil((until - now) / 1000)} s (lingerMs)`
        : 'the agent ended while it stayed (lingerMs); the next start takes it away';
    return why('waiting', `left by ${left.container} (${at(left.when)}); ${rest}`, left.when);
  }
  if (volume.pinned)
    return why('waiting', `${volume.pinned.words} (${at(volume.pinned.when)})`, volume.pinned.when);
  if (failure) {
    const since = left ? `left by ${left.container} (${at(left.when)}); ` : '';
    return why('waiting', `${since}${failure.what} (${at(failure.when)}); tried again`, failure.when);
  }
  return undefined;
}

/** Of a volume that no event in the journal tells of, and of containers whose process is gone, only the policy knows which had which. */
function whoMayHold(record: AuditRecord, volume: VolumeRecord): Why | undefined {
  const holders = unknownHolders(record);
  if (!volume.older || holders.length === 0) return undefined;
  const containers = holders.map(({ id }) => id);
  const because = `from before event ${record.from}; ${containers.join(', ')}, of before too, may hold it`;
  return { is: 'held', because, containers, event: record.from - 1 };
}

function lingerOf(config: Config | undefined, { key, driver }: VolumeRecord): number {
  const ms = config?.volumes?.[key]?.lingerMs ?? config?.drivers[driver]?.lingerMs ?? config?.lingerMs ?? 0;
  return ms === 0 ? 0 : ms + LATE_MS;
}

/** `event 17, 02:13:04`. */
export function at({ event, wallMs }: When): string {
  return `event ${event}, ${new Date(wallMs).toISOString().slice(11, 19)} UTC`;
}
