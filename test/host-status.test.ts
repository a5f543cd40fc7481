/** What `moorage status` tells a person: whether all is well, what is not, why, and the next step. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Paint, paintFor, wrapped } from '../cli/admin/paint.ts';
import { isWell, printStatus } from '../cli/admin/print_status.ts';
import { problemsOf } from '../cli/admin/problems.ts';
import type { ReportedAlert, ReportedContainer, ReportedVolume, StatusReport } from '../cli/admin/report.ts';
import { tableOf } from '../cli/admin/table.ts';
import { clockTime, duration } from '../cli/admin/times.ts';
import { createAlerts } from '../host/admin/alerts.ts';

const status = suite('host: status for a person');

const VOLUME: ReportedVolume = {
  driver: 'ebs',
  name: 'v1',
  state: 'mounted',
  exists: 'yes',
  mounted: 'yes',
  rw: 'yes',
  ro: 'no',
  owed: [1, 1],
  doing: null,
  effect: 0,
  attempts: 0,
  retryAt: 0,
  settleAt: 0,
  vanishAt: 0,
  lingerAt: 0,
  errorCode: null,
  error: null,
  held: false,
  unclaimed: false,
  options: [],
  holders: ['c1'],
  waiters: [],
  limited: [],
};

const CONTAINER: ReportedContainer = {
  id: 'c1',
  state: 'holding',
  destroyed: false,
  since: '2026-03-04T01:02:03.000Z',
  deadlineAt: 0,
  pid: 7,
  volumes: [{ driver: 'ebs', name: 'v1', path: 'data', readonly: true, options: [] }],
};

const REPORT: StatusReport = {
  wall: '2026-03-04T03:00:00.000Z',
  at: 10_000,
  recovered: true,
  waiting: 0,
  inFlight: 0,
  host: { pid: 42, startedAt: '2026-03-04T01:00:00.000Z', node: 'v18' },
  stateDir: '/st',
  config: '/c.json',
  policy: { name: 'p', version: '1', digest: 'abcdef0123456789', abi: 3 },
  follower: { lag: 0 },
  journal: {
    state: 'whole',
    file: '/st/journal/000001.journal',
    full: null,
    events: 12,
    syncs: 3,
    snapshots: 0,
  },
  alerts: [],
  overview: { agentId: 'a', root: '/m', draining: false, quarantine: [], drivers: [] },
  volumes: [VOLUME],
  containers: [CONTAINER],
};

const WIDE: Paint = paintFor({ isTTY: false, columns: 80 }, {});
const print = (report: Partial<StatusReport>, paint = WIDE, all = false) =>
  printStatus({ ...REPORT, ...report }, paint, all);
const withVolume = (changes: Partial<ReportedVolume>) => ({ volumes: [{ ...VOLUME, ...changes }] });
const alert = (changes: Partial<ReportedAlert>): ReportedAlert => ({
  level: 'error',
  code: 'diverged',
  message: 'two decided otherwise',
  first: 'T1',
  last: 'T2',
  count: 1,
  ...changes,
});

status('all is well is the first line, then the host, then the tables', () => {
  const lines = print({});
  assert.is(lines[0], 'all is well: 1 container, 1 volume');
  assert.is(
    lines[2],
    'agent a · pid 42, up 2 h · policy p 1 (abcdef012345) · follower level · journal 12 events · 0 effects under way',
  );
  assert.match(lines[4] as string, /^VOLUME {2}STATE +MOUNTS +USED BY {2}WHAT$/);
  assert.match(lines[5] as string, /^ebs\/v1 {2}mounted {2}driver rw {2}c1$/);
  assert.match(lines[8] as string, /^c1 +holding +\S.* ebs\/v1 at data \(ro\)$/);
  assert.ok(isWell(REPORT));
});

/** The lines on what is wrong: those before the first empty one, without the verdict. */
function told(report: Partial<StatusReport>): string[] {
  const lines = print(report);
  return lines.slice(1, lines.indexOf(''));
}

status('a volume that fails tells the cause, who waits, when it is tried again, and the command', () => {
  const failing = withVolume({
    state: 'failed',
    error: 'mount ebs/v1: no route to host',
    errorCode: 'driver-unreachable',
    attempts: 3,
    retryAt: 14_000,
    holders: [],
    waiters: ['c1', 'c2', 'c3', 'c4'],
  });
  assert.is(print(failing)[0], 'NOT WELL: 1 problem');
  assert.equal(told(failing), [
    '! volume ebs/v1: mount ebs/v1: no route to host, 3 tries so far; c1, c2, c3 and 1 more wait for it',
    '    next: start the daemon of driver ebs; tried again in 4 s; sooner: moorage volume retry ebs/v1',
  ]);
  assert.not(isWell({ ...REPORT, ...failing }));
  assert.match(
    print(failing).join('\n'),
    /ebs\/v1 {2}failed .* c1 \(waits\) \+3 {2}again in 4 s, 3 tries, mount ebs\/v1: no route/,
  );
});

status('the next step fits the cause', () => {
  const next = (errorCode: string, more: Partial<ReportedVolume> = {}) =>
    problemsOf({
      ...REPORT,
      ...withVolume({ state: 'failed', error: 'e', errorCode, retryAt: 0, ...more }),
    })[0]?.next;
  assert.match(next('driver-refused') as string, /^see the log of driver ebs; tried again at once; sooner/);
  assert.match(next('driver-failed') as string, /^see the log of driver ebs/);
  assert.match(next('timeout') as string, /storage answer; tried again at once$/);
  assert.match(next('pinned') as string, /^end that container/);
  assert.match(next('no-such-volume') as string, /^check the name, or create the volume with driver ebs/);
  assert.match(
    next('whatever', { doing: 'mount' }) as string,
    /^mount is under way; how it came: moorage why ebs\/v1$/,
  );
});

status('who keeps a volume from being unmounted is named, from its alert', () => {
  const report = {
    ...withVolume({
      state: 'failed',
      errorCode: 'pinned',
      error: 'still in use by a container',
      holders: [],
    }),
    alerts: [alert({ code: 'pinned', volume: 'ebs/v1', message: 'container c9 still has volume ebs/v1' })],
  };
  assert.match(told(report)[0] as string, /^! volume ebs\/v1: container c9 still has volume ebs\/v1/);
  assert.is(told(report).length, 2, 'and it is told once');
});

status('what is as somebody wanted it is to know, and no problem', () => {
  const cases: [Partial<StatusReport>, RegExp][] = [
    [
      withVolume({ held: true, state: 'held', holders: [] }),
      /operator holds it.*next: moorage volume release ebs\/v1/,
    ],
    [withVolume({ state: 'unclaimed', unclaimed: true }), /without a record.*next: .*moorage why ebs\/v1/],
    [withVolume({ state: 'retiring' }), /driver ebs is not configured any more/],
    [
      { overview: { ...(REPORT.overview as object), draining: true } as never },
      /drained.*next: moorage drain --undo/,
    ],
    [{ overview: null }, /ABI 3\) cannot tell/],
    [{ alerts: [alert({ level: 'warn', code: 'foreign-under-root' })] }, /alert foreign-under-root/],
  ];
  for (const [report, text] of cases) {
    assert.match(print(report)[0] as string, /^all is well: .*, 1 thing to know$/);
    assert.match(told(report).join(' '), text);
    assert.match(told(report)[0] as string, /^- /);
  }
});

status('what is wrong with the host itself is told with the next step', () => {
  const cases: [Partial<StatusReport>, RegExp][] = [
    [{ journal: { ...REPORT.journal, full: 'ENOSPC' } }, /no room \(ENOSPC\).*next: .*df -h \/st/],
    [{ recovered: false }, /has not told which containers run/],
    [{ follower: null }, /no second instance follows p.*docs\/operations\.md, section no-follower/],
    [{ alerts: [alert({ count: 3 })] }, /two decided otherwise \(3 times, last T2\).*section diverged/],
    [
      withVolume({ state: 'lost', holders: [], limited: ['c1'] }),
      /does not have it mounted any more; c1 lost it.*moorage why ebs\/v1/,
    ],
  ];
  for (const [report, text] of cases) {
    assert.is(print(report)[0], 'NOT WELL: 1 problem');
    assert.match(told(report).join(' '), text);
  }
});

status('an alert of what is over, or seen in a volume, is not told again', () => {
  const alerts = [
    alert({ code: 'storage' }),
    alert({ level: 'info', code: 'pinned-outside', volume: 'ebs/v1' }),
    alert({ code: 'driver-mount-lost', volume: 'ebs/v1' }),
  ];
  assert.equal(told({ alerts }), []);
});

status('of many rows what is not well is shown, the rest up to a limit, all on request', () => {
  const volumes = Array.from({ length: 300 }, (_, at) => ({ ...VOLUME, name: `v${at}` }));
  volumes[299] = { ...VOLUME, name: 'v299', error: 'e', errorCode: 'timeout', state: 'failed' };
  const rows = (lines: string[]) => lines.filter((line) => /^ebs\/v/.test(line));
  assert.is(rows(print({ volumes })).length, 40);
  assert.match(rows(print({ volumes }))[0] as string, /^ebs\/v299/);
  assert.ok(print({ volumes }).includes('… and 260 more volumes; --all shows them'));
  assert.is(rows(print({ volumes }, WIDE, true)).length, 300);
});

status('lines fit the terminal; where a table does not, each row is a few lines', () => {
  const volumes = [
    {
      ...VOLUME,
      name: 'a-very-long-name-of-a-volume-0123456789',
      error: 'something '.repeat(20),
      errorCode: 'timeout',
    },
  ];
  for (const columns of [32, 48, 60, 80, 120]) {
    const paint = paintFor({ isTTY: true, columns }, { NO_COLOR: '1' });
    const long = print({ volumes }, paint).filter(
      (line) => line.length > columns && line.includes(' ') && !line.includes('a-very-long'),
    );
    assert.equal(long, [], String(columns));
  }
  const narrow = paintFor({ isTTY: true, columns: 34 }, { NO_COLOR: '1' });
  assert.equal(
    tableOf(
      [
        ['VOLUME', 'STATE', 'USED BY', 'WHAT'],
        ['ebs/v1', 'mounted', 'etl_extract.e3279732', ''],
      ],
      narrow,
    ),
    ['ebs/v1', '  state: mounted', '  used by: etl_extract.e3279732'],
  );
});

status('colours only on a terminal that wants them', () => {
  const coloured = (isTTY: boolean, environment: NodeJS.ProcessEnv) =>
    paintFor({ isTTY, columns: 80 }, environment).bad('x') !== 'x';
  assert.ok(coloured(true, {}));
  assert.not(coloured(true, { NO_COLOR: '1' }));
  assert.not(coloured(true, { TERM: 'dumb' }));
  assert.not(coloured(false, {}));
});

status('durations and times are said as people say them', () => {
  const said = [0, 999, 1000, 119_000, 120_000, 3_600_000, 7_500_000, 172_800_000, -5].map(duration);
  assert.equal(said, ['0 ms', '999 ms', '1 s', '119 s', '2 min', '1 h', '2 h 5 min', '2 d', '0 ms']);
  const noon = new Date(2026, 2, 4, 12, 5, 9);
  assert.is(clockTime(noon, new Date(2026, 2, 4, 23)), '12:05:09');
  assert.is(clockTime(noon, new Date(2026, 2, 5)), '2026-03-04 12:05:09');
  assert.equal(wrapped('aa bb cc', 5, '  '), ['aa bb', '  cc']);
});

status('the same alert is kept once, with its count; of too many the oldest goes', () => {
  let now = 0;
  const alerts = createAlerts(() => new Date(++now * 1000));
  const one = { type: 'alert', level: 'error', code: 'pinned', volume: 'ebs/v1' } as const;
  alerts.take({ ...one, message: 'process 1' });
  alerts.take({ type: 'alert', level: 'warn', code: 'x', message: 'other' });
  alerts.take({ ...one, message: 'process 2' });
  assert.equal(
    alerts
      .list()
      .map(({ code, message, count, first, last }) => [
        code,
        message,
        count,
        first.slice(17, 19),
        last.slice(17, 19),
      ]),
    [
      ['x', 'other', 1, '02', '02'],
      ['pinned', 'process 2', 2, '01', '03'],
    ],
  );
  for (let at = 0; at < 300; at += 1)
    alerts.take({ type: 'alert', level: 'warn', code: 'y', message: `m${at}` });
  assert.is(alerts.list().length, 200);
  assert.is(alerts.list().at(-1)?.message, 'm299');
});

status.run();
