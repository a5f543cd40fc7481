/** The applications of examples/marathon/, as Marathon hands them to Mesos, and what the policy makes of them. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createWorld, driverOps } from './world.ts';

interface External {
  name: string;
  size?: number;
  options: Record<string, string>;
}

interface App {
  labels?: Record<string, string>;
  env?: Record<string, string>;
  container?: { volumes: { containerPath: string; mode: string; external: External }[] };
}

/** What Marathon's provider `dvdi` puts into ContainerInfo: options without their prefix, the size among them. */
function dockerVolume({ containerPath, mode, external }: NonNullable<App['container']>['volumes'][number]) {
  const { name, size, options } = external;
  const all = { ...options, ...(size === undefined ? {} : { 'dvdi/size': String(size) }) };
  const told = Object.entries(all).filter(([key]) => key !== 'dvdi/driver');
  return {
    driver: options['dvdi/driver'],
    name,
    options: Object.fromEntries(told.map(([key, value]) => [key.replace('dvdi/', ''), value])),
    containerPath,
    readonly: mode === 'RO',
  };
}

function prepared(file: string, volumes: string[], rexray: Record<string, unknown> = {}) {
  const app = JSON.parse(readFileSync(`examples/marathon/${file}`, 'utf8')) as App;
  const drivers = { ebs: {}, rexray };
  const world = createWorld({ volumes, config: { drivers, defaultDriver: 'ebs' } });
  const effects = world.prepare('task', app.labels ?? {}, {
    env: Object.entries(app.env ?? {}),
    volumes: (app.container?.volumes ?? []).map(dockerVolume),
  });
  return { effects, ...world.reply(effects) };
}

const examples = suite('examples: Marathon');

examples('labels, short and long', () => {
  const { ok, mounts } = prepared('labels.json', ['ebs/vol-7bca078f', 'ebs/etl-staging']);
  assert.is(ok, true);
  assert.equal(
    (mounts ?? []).map(({ target, readonly }) => [target, readonly]),
    [
      ['data', true],
      ['staging', false],
    ],
  );
});

examples('an external volume; its size creates nothing', () => {
  const there = prepared('external.json', ['rexray/postgres-main']);
  assert.equal(
    (there.mounts ?? []).map(({ target }) => target),
    ['pgdata'],
  );
  assert.equal(driverOps(there.effects), ['get postgres-main', 'mount postgres-main']);
  const missing = prepared('external.json', [], { create: true, createOptions: ['size', 'iops'] });
  assert.is(missing.error?.code, 'no-such-volume');
});

examples('variables of mesos-module-dvdi, one of which asks for a volume to be made', () => {
  const rexray = { create: true, createOptions: ['size', 'volumetype'] };
  const { ok, mounts, effects } = prepared('environment.json', ['rexray/test12345'], rexray);
  assert.is(ok, true);
  assert.equal(
    (mounts ?? []).map(({ target }) => target),
    ['/mnt/reports', 'test12345'],
  );
  assert.ok(
    driverOps(effects).includes('create reports') && !driverOps(effects).includes('create test12345'),
  );
  const refused = prepared('environment.json', ['rexray/test12345', 'rexray/reports']);
  assert.match(refused.error?.message ?? '', /creating volumes is not allowed|is not allowed with driver/);
});

examples.run();
