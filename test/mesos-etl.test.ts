import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { createPluginClient, type PluginClient } from '../cli/demo/plugin_client.ts';
import { seed } from '../cli/demo/seed.ts';
import { verify } from '../cli/demo/verify.ts';
import { type Cluster, startCluster } from './mesos/cluster.ts';
import { makeImage } from './mesos/image.ts';
import { patiently } from './mesos/patience.ts';
import type { Message } from './mesos/scheduler.ts';
import { agentSuite } from './mesos/suite.ts';
import { dockerVolume, task } from './mesos/tasks.ts';

const { test, run, skipped } = agentSuite('the ETL example through a real master');

interface App {
  id: string;
  cmd: string;
  env?: Record<string, string>;
  labels: Record<string, string>;
  container?: {
    volumes: { containerPath: string; external: { name: string; options: Record<string, string> } }[];
  };
}

let cluster: Cluster;

if (!skipped) {
  test.before(async () => {
    const registry = mkdtempSync(join(tmpdir(), 'images-'));
    makeImage(registry, 'etl');
    mkdirSync(join(registry, 'store'));
    cluster = await startCluster({
      drivers: ['ebs', 'scaleio'],
      isolation: ['docker/runtime'],
      agentFlags: [
        '--image_providers=docker',
        `--docker_registry=${registry}`,
        `--docker_store_dir=${join(registry, 'store')}`,
        '--image_provisioner_backend=copy',
      ],
    });
    enterForSqlite();
    const flights = 'node_modules/vega-datasets/data/flights-200k.json';
    await seed(client('ebs'), client('scaleio'), cluster.folder, flights);
  });
  test.after(() => cluster.clear());
}

function client(name: string): PluginClient {
  return createPluginClient(cluster.socketOf(name));
}

/** What the demonstration does with sqlite3 by hand happens on the machine, where the volumes are mounted. */
function enterForSqlite(): void {
  const folder = join(cluster.folder, 'bin');
  mkdirSync(folder);
  const path = execFileSync('sh', ['-c', 'command -v sqlite3'], { encoding: 'utf8' }).trim();
  const script = `#!/bin/sh\nexec nsenter --mount=${cluster.machine.namespace()} ${path} "$@"\n`;
  writeFileSync(join(folder, 'sqlite3'), script, { mode: 0o755 });
  process.env.PATH = `${folder}:${process.env.PATH}`;
}

function readApp(name: string): App {
  return JSON.parse(readFileSync(`examples/etl/${name}.json`, 'utf8'));
}

/** The app as Marathon hands it to Mesos. */
function taskOf({ id, cmd, env, labels, container }: App, image?: string): Message {
  const volumes = container?.volumes.map(({ containerPath, external }) =>
    dockerVolume(external.options['dvdi/driver'] ?? '', external.name, containerPath),
  );
  return task(id.replaceAll('/', ''), cmd, {
    labels,
    ...(env ? { env } : {}),
    ...(volumes ? { volumes } : {}),
    ...(image ? { image } : {}),
  });
}

async function runAll(transform: Message): Promise<void> {
  const framework = await cluster.framework('etl');
  const ends = async (id: string) => {
    const { state, message } = await framework.reached(id, [
      'TASK_FINISHED',
      'TASK_FAILED',
      'TASK_KILLED',
      'TASK_LOST',
    ]);
    assert.is(state, 'TASK_FINISHED', `${id}: ${message}`);
  };
  framework.launch(taskOf(readApp('extract')));
  framework.launch(transform);
  await Promise.all([ends('etlextract'), ends('etltransform')]);
  framework.launch(taskOf(readApp('load')));
  await ends('etlload');
  await framework.tearDown();
  await patiently(
    'nothing is mounted',
    () => cluster.mounts().length === 0,
    20_000,
    () => cluster.mounts().join(),
  );
}

test('three tasks with labels, and the figures are right', async () => {
  await runAll(taskOf(readApp('transform')));
  const { verified, loaded } = await verify(
    client('ebs'),
    client('scaleio'),
    readApp('transform').env?.FIGURES ?? '',
  );
  assert.equal([verified, loaded], [true, 168]);
});

test('transform once more in an image of its own, its volume at an absolute path there', async () => {
  const app = readApp('transform');
  // The sign by which extract knows that transform has begun; that of the last time would be too early.
  const staging = await client('ebs').mount('etl-staging', 'operator');
  await cluster.machine.run('rm', ['-f', join(staging, 'transform.ready')]);
  await client('ebs').unmount('etl-staging', 'operator');
  const cmd = app.cmd.replaceAll('staging/', '/var/staging/');
  await runAll(taskOf({ ...app, cmd, labels: { volume: 'etl-staging:/var/staging' } }, 'etl'));
  const { verified, loaded } = await verify(client('ebs'), client('scaleio'), app.env?.FIGURES ?? '');
  assert.equal([verified, loaded], [true, 168]);
});

run();
