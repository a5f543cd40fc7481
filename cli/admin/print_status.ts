import { cut, type Paint, wrapped } from './paint.ts';
import { count, type Problem, problemsOf } from './problems.ts';
import { keyOf, type ReportedContainer, type ReportedVolume, type StatusReport } from './report.ts';
import { tableOf } from './table.ts';
import { clockTime, duration } from './times.ts';

/** So many rows of what is well are shown unless all are asked for. What is not well is always shown. */
const ROWS = 40;
const INDENT = '    ';

/** The status for a person: whether all is well, what is not and what to do, then the tables. Returns lines. */
export function printStatus(report: StatusReport, paint: Paint, all: boolean): string[] {
  const problems = problemsOf(report);
  const lines = [verdict(report, problems, paint), ...problems.flatMap((problem) => told(problem, paint))];
  lines.push('', hostLine(report, paint));
  const volumes = volumeTable(report, paint, all);
  const containers = containerTable(report, paint, all);
  for (const table of [volumes, containers]) if (table.length > 0) lines.push('', ...table);
  return lines;
}

/** Whether somebody has to do something. */
export function isWell(report: StatusReport): boolean {
  return !problemsOf(report).some(({ level }) => level === 'wrong');
}

function verdict(report: StatusReport, problems: readonly Problem[], paint: Paint): string {
  const wrong = problems.filter(({ level }) => level === 'wrong').length;
  const notes = problems.length - wrong;
  const noted = notes > 0 ? `, ${count(notes, 'thing')} to know` : '';
  if (wrong > 0) return paint.bad(paint.bold(`NOT WELL: ${count(wrong, 'problem')}${noted}`));
  const holds = `${count(report.containers.length, 'container')}, ${count(report.volumes.length, 'volume')}`;
  return paint.good(paint.bold(`all is well: ${holds}${noted}`));
}

function told({ level, subject, cause, next }: Problem, paint: Paint): string[] {
  const colour = level === 'wrong' ? paint.bad : paint.note;
  const [first = '', ...rest] = wrapped(`${subject}: ${cause}`, paint.width - 2, INDENT);
  const step = wrapped(`next: ${next}`, paint.width - INDENT.length, '      ');
  return [
    `${colour(level === 'wrong' ? '!' : '-')} ${paint.bold(first.slice(0, subject.length))}${first.slice(subject.length)}`,
    ...rest,
    ...step.map((line) => `${INDENT}${line}`),
  ];
}

function hostLine(report: StatusReport, paint: Paint): string {
  const { policy, journal, host, follower, overview } = report;
  const since = duration(Date.parse(report.wall) - Date.parse(host.startedAt));
  const text = [
    overview ? `agent ${overview.agentId}` : '',
    `pid ${host.pid}, up ${since}`,
    `policy ${policy.name} ${policy.version} (${policy.digest.slice(0, 12)})`,
    follower ? `follower ${follower.lag === 0 ? 'level' : `${follower.lag} behind`}` : 'no follower',
    `journal ${count(journal.events, 'event')}`,
    `${count(report.inFlight, 'effect')} under way`,
  ];
  return paint.faint(cut(text.filter(Boolean).join(' · '), paint.width));
}

function volumeTable(report: StatusReport, paint: Paint, all: boolean): string[] {
  const { volumes } = report;
  if (volumes.length === 0) return [];
  const [shown, left] = chosen(volumes, (volume) => volume.error !== null || volume.state === 'lost', all);
  const rows = shown.map((volume) => [
    keyOf(volume),
    volume.state,
    modesOf(volume),
    usersOf(volume),
    whatOf(volume, report.at),
  ]);
  return [
    ...tableOf([['VOLUME', 'STATE', 'MOUNTS', 'USED BY', 'WHAT'], ...rows], paint),
    ...more(left, 'volume'),
  ];
}

function modesOf({ rw, ro, mounted }: ReportedVolume): string {
  const told = [
    ['driver', mounted],
    ['rw', rw],
    ['ro', ro],
  ].flatMap(([what, fact]) => (fact === 'no' ? [] : [fact === 'unknown' ? `${what}?` : what]));
  return told.length === 0 ? '-' : told.join(' ');
}

function usersOf({ holders, waiters, limited }: ReportedVolume): string {
  const users = [
    ...holders,
    ...waiters.map((id) => `${id} (waits)`),
    ...limited.map((id) => `${id} (lost it)`),
  ];
  if (users.length === 0) return '-';
  const [first = ''] = users;
  return users.length === 1 ? cut(first, 40) : `${cut(first, 32)} +${users.length - 1}`;
}

function whatOf(volume: ReportedVolume, now: number): string {
  const { doing, retryAt, lingerAt, attempts, error, held, state } = volume;
  const told = [
    doing === null ? '' : `${doing} under way`,
    error !== null && retryAt > now ? `again in ${duration(retryAt - now)}` : '',
    state === 'lingering' ? `stays for ${duration(lingerAt - now)}` : '',
    attempts > 0 ? count(attempts, 'try', 'tries') : '',
    held ? 'held' : '',
    error ?? '',
  ];
  return told.filter(Boolean).join(', ');
}

function containerTable(report: StatusReport, paint: Paint, all: boolean): string[] {
  const { containers } = report;
  if (containers.length === 0) return [];
  const now = new Date(report.wall);
  const [shown, left] = chosen(containers, ({ state }) => state === 'limited' || state === 'waiting', all);
  const rows = shown.map((container) => [
    container.id,
    stateOf(container, report.at),
    container.since === null ? '-' : clockTime(new Date(container.since), now),
    container.volumes
      .map((volume) => `${keyOf(volume)} at ${volume.path}${volume.readonly ? ' (ro)' : ''}`)
      .join(', '),
  ]);
  return [
    ...tableOf([['CONTAINER', 'STATE', 'SINCE', 'VOLUMES'], ...rows], paint),
    ...more(left, 'container'),
  ];
}

function stateOf({ state, destroyed, deadlineAt }: ReportedContainer, now: number): string {
  if (state === 'waiting') return `waiting, ${duration(deadlineAt - now)} left`;
  return destroyed && state === 'holding' ? 'holding, destroyed' : state;
}

/** What is not well comes first; of the rest not all, unless they are asked for. */
function chosen<Row>(rows: readonly Row[], isOdd: (row: Row) => boolean, all: boolean): [Row[], number] {
  if (all || rows.length <= ROWS) return [[...rows], 0];
  const odd = rows.filter(isOdd);
  const rest = rows.filter((row) => !isOdd(row));
  const room = Math.max(0, ROWS - odd.length);
  return [[...odd, ...rest.slice(0, room)], rest.length - Math.min(room, rest.length)];
}

function more(left: number, what: string): string[] {
  return left > 0 ? [`… and ${count(left, `more ${what}`)}; --all shows them`] : [];
}
