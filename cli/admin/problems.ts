import { keyOf, type ReportedAlert, type ReportedVolume, type StatusReport } from './report.ts';
import { duration } from './times.ts';

/** Something that a person should know of, and what to do about it. */
export interface Problem {
  /** `wrong`: somebody has to act, or a task suffers. `note`: as somebody wanted it, or it passes. */
  level: 'wrong' | 'note';
  /** What it is about, e.g. `volume ebs/vol-1`. */
  subject: string;
  cause: string;
  next: string;
}

/** An error that was not said again for a day is history: to know, and no reason to wake anybody. */
const DAY_MS = 24 * 3600 * 1000;

/** All that is not as it should be, what matters most first. */
export function problemsOf(report: StatusReport): Problem[] {
  const found = [
    ...ofHost(report),
    ...report.volumes.flatMap((volume) => ofVolume(volume, report)),
    ...ofAlerts(report),
  ];
  return [
    ...found.filter(({ level }) => level === 'wrong'),
    ...found.filter(({ level }) => level === 'note'),
  ];
}

function ofHost({ journal, recovered, follower, overview, policy, stateDir }: StatusReport): Problem[] {
  const found: Problem[] = [];
  const add = (level: Problem['level'], subject: string, cause: string, next: string) =>
    found.push({ level, subject, cause, next });
  if (journal.full !== null)
    add(
      'wrong',
      'journal',
      `no room (${journal.full}); new tasks are refused, what runs goes on`,
      `make room on the file system of ${stateDir}: df -h ${stateDir}; tasks are then taken by themselves`,
    );
  if (!recovered)
    add(
      'wrong',
      'agent',
      'it has not told which containers run; no task is taken, nothing is unmounted',
      'wait for its recovery; if it does not come, see the log of the agent',
    );
  if (follower === null && recovered)
    add(
      'wrong',
      'policy',
      `no second instance follows ${policy.name}; if the policy fails now, the host fails with it`,
      'see the alerts below; docs/operations.md, section no-follower',
    );
  if (overview === null)
    add(
      'note',
      'policy',
      `${policy.name} ${policy.version} (ABI ${policy.abi}) cannot tell of its volumes and containers`,
      'use moorage why SUBJECT, or a policy of ABI 3',
    );
  if (overview?.draining)
    add(
      'note',
      'agent',
      'drained by an operator: new tasks are refused, what runs goes on',
      'moorage drain --undo',
    );
  return found;
}

function ofVolume(volume: ReportedVolume, report: StatusReport): Problem[] {
  const subject = `volume ${keyOf(volume)}`;
  const found: Problem[] = [];
  if (volume.state === 'lost')
    found.push({
      level: 'wrong',
      subject,
      cause: `its driver does not have it mounted any more; ${listed(volume.limited)} lost it and was told`,
      next: `start the task anew; how it came: moorage why ${keyOf(volume)}`,
    });
  else if (volume.error !== null) found.push(failing(volume, report));
  if (volume.held)
    found.push({
      level: 'note',
      subject,
      cause: 'an operator holds it: it is not unmounted',
      next: `moorage volume release ${keyOf(volume)}`,
    });
  if (volume.state === 'unclaimed')
    found.push({
      level: 'note',
      subject,
      cause: 'found mounted without a record; left alone while containers of the last recovery live',
      next: `whose it is: moorage why ${keyOf(volume)}`,
    });
  if (volume.state === 'retiring')
    found.push({
      level: 'note',
      subject,
      cause: `driver ${volume.driver} is not configured any more; it goes when nobody has it`,
      next: 'nothing, or configure the driver again',
    });
  return found;
}

function failing(volume: ReportedVolume, report: StatusReport): Problem {
  const key = keyOf(volume);
  const { waiters, holders } = volume;
  const pinned =
    volume.errorCode === 'pinned' ? report.alerts.filter((alert) => isPin(alert, key)).at(-1) : undefined;
  const tries = volume.attempts > 0 ? `, ${count(volume.attempts, 'try', 'tries')} so far` : '';
  const waiting =
    waiters.length > 0 ? `; ${listed(waiters)} ${waiters.length === 1 ? 'waits' : 'wait'} for it` : '';
  const holding =
    holders.length > 0 ? `; ${listed(holders)} ${holders.length === 1 ? 'has' : 'have'} it` : '';
  return {
    level: 'wrong',
    subject: `volume ${key}`,
    cause: `${pinned?.message ?? volume.error}${tries}${waiting}${holding}`,
    next: nextStep(volume, key, whenAgain(volume, report.at)),
  };
}

function isPin({ code, volume }: ReportedAlert, key: string): boolean {
  return code === 'pinned' && volume === key;
}

function whenAgain({ retryAt, doing }: ReportedVolume, now: number): string {
  if (doing !== null) return `${doing} is under way`;
  return retryAt > now ? `tried again in ${duration(retryAt - now)}` : 'tried again at once';
}

/** By the code of the failure: what a person can do that the isolator cannot. */
function nextStep({ driver, errorCode }: ReportedVolume, key: string, again: string): string {
  const retry = `${again}; sooner: moorage volume retry ${key}`;
  switch (errorCode) {
    case 'driver-unreachable':
      return `start the daemon of driver ${driver}; ${retry}`;
    case 'driver-refused':
    case 'driver-failed':
      return `see the log of driver ${driver}; ${retry}`;
    case 'timeout':
      return `see whether driver ${driver} and its storage answer; ${again}`;
    case 'pinned':
      return `end that container; ${retry}`;
    case 'no-such-volume':
      return `check the name, or create the volume with driver ${driver}; ${retry}`;
    default:
      return `${again}; how it came: moorage why ${key}`;
  }
}

/** What was said and is not seen in the state: of the policy and the journal. What is of a volume stands there. */
function ofAlerts({ alerts, wall }: StatusReport): Problem[] {
  const isOld = (last: string) => Date.parse(wall) - Date.parse(last) > DAY_MS;
  return alerts.filter(isOfItsOwn).map(({ level, code, message, count: times, last }) => ({
    level: level === 'error' && !isOld(last) ? 'wrong' : 'note',
    subject: `alert ${code}`,
    cause: `${message}${times > 1 ? ` (${times} times, last ${last})` : ` (${last})`}`,
    next: `docs/operations.md, section ${code}`,
  }));
}

/** Whether the journal is full and what keeps a volume is in the state as it is now. */
function isOfItsOwn({ level, code, volume }: ReportedAlert): boolean {
  return level !== 'info' && code !== 'storage' && volume === undefined;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown || 'nobody';
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
