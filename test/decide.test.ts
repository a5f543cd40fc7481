import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CONFIG, prepareEvent, RECOVER } from './world.ts';

const decide = suite('moorage decide');

function run(input: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['build/moorage.mjs', 'decide', ...args], {
    input,
    encoding: 'utf8',
  });
  return {
    status,
    stderr,
    lines: stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line)),
  };
}

decide('a whole life of a volume, one line of effects for each line of events', () => {
  const done = (effect: number, value?: object) => ({ type: 'done', at: 20, effect, ok: true, value });
  const events = [
    { type: 'configure', at: 0, call: 1, config: CONFIG },
    { ...RECOVER, at: 0, call: 2 },
    { ...prepareEvent('web.1', { volume: 'logs:var/log' }), at: 10, call: 3 },
    done(1, { exists: true }),
    done(2, { mountpoint: '/drv/logs' }),
    done(3, { mountId: 8, sourceMountId: 7, fstype: 'ext4', dev: '7:0' }),
    done(4),
    { type: 'cleanup', at: 30, call: 4, id: 'web.1' },
  ];
  const { status, lines } = run(events.map((event) => JSON.stringify(event)).join('\n'));
  const withoutWake = lines.map((effects) => effects.filter(({ type }: { type: string }) => type !== 'wake'));
  const volume = { driver: 'ebs', name: 'logs', id: 'moorage-a1-logs', options: {} };
  assert.is(status, 0);
  assert.equal(withoutWake, [
    [{ type: 'reply', call: 1, ok: true }],
    [{ type: 'reply', call: 2, ok: true }],
    [{ type: 'driver', effect: 1, op: 'get', ...volume, deadlineMs: 45000 }],
    [{ type: 'driver', effect: 2, op: 'mount', ...volume, deadlineMs: 120000 }],
    [
      {
        type: 'bind',
        effect: 3,
        source: '/drv/logs',
        target: '/m/ebs/logs',
        readonly: false,
        deadlineMs: 10000,
      },
    ],
    [
      {
        type: 'place',
        effect: 4,
        id: 'web.1',
        targets: [{ base: 'sandbox', path: 'var/log' }],
        deadlineMs: 10000,
      },
    ],
    [
      {
        type: 'reply',
        call: 3,
        ok: true,
        mounts: [{ source: '/m/ebs/logs', target: 'var/log', readonly: false }],
      },
    ],
    [
      { type: 'reply', call: 4, ok: true },
      { type: 'detach', effect: 5, target: '/m/ebs/logs', mountId: 8, deadlineMs: 10000 },
    ],
  ]);
});

decide('what is no event ends with exit code 2 and names the line', () => {
  for (const [input, text] of [
    ['{"type":"tick","at":0}\nnonsense\n', /line 2: not JSON/],
    ['[1]\n', /line 1: an event is an object/],
  ] as const) {
    const { status, stderr } = run(input);
    assert.is(status, 2);
    assert.match(stderr, text);
  }
});

decide('a policy file that is none ends with exit code 2 and says why', () => {
  const { status, stderr } = run('', '--policy', 'package.json');
  assert.is(status, 2);
  assert.match(stderr, /policy package\.json: is no WebAssembly module/);
});

decide('an unknown option or command ends with exit code 2', () => {
  assert.is(run('', '--polcy').status, 2);
  const { status } = spawnSync(process.execPath, ['build/moorage.mjs', 'decied']);
  assert.is(status, 2);
});

decide.run();
