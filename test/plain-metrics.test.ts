/** What Prometheus itself would read of a host: parsed by the project's own Python library, in its strict form. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ask } from './admin_calls.ts';
import { startEasy } from './easy_host.ts';

const PARSE = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families
families = text_string_to_metric_families(sys.stdin.read())
print(json.dumps([{"name": f.name, "type": f.type, "help": f.documentation,
                   "samples": [[s.name, s.labels, s.value] for s in f.samples]} for f in families]))
`;

interface Family {
  name: string;
  type: string;
  help: string;
  samples: [name: string, labels: Record<string, string>, value: number][];
}

/** Debian's own first: its package is what the set-up installs. */
const python = ['/usr/bin/python3', 'python3'].find(
  (program) => spawnSync(program, ['-c', 'import prometheus_client.parser']).status === 0,
);
const metrics = suite('metrics as Prometheus reads them');
const test = python ? metrics : metrics.skip;
if (!python) process.stdout.write('metrics: skipped: python3-prometheus-client is not installed\n');

const top = mkdtempSync(join(tmpdir(), 'moorage-metrics-'));
const awake = setInterval(() => undefined, 1000);

function parse(text: string): Family[] {
  const { status, stdout, stderr } = spawnSync(python as string, ['-c', PARSE], {
    input: text,
    encoding: 'utf8',
  });
  assert.is(status, 0, stderr);
  return JSON.parse(stdout);
}

test('every family is read, and its numbers are true', async () => {
  const state = join(top, 's');
  const socket = join(state, 'admin.sock');
  const host = await startEasy(state, {});
  const operator = (body: object) => ask(socket, 'POST', '/operator', JSON.stringify(body));
  await host.prepare('c1');
  await host.prepare('c2');
  await operator({ verb: 'hold', driver: 'ebs', name: 'v-c2' });
  await host.cleanup('c2');
  await operator({ verb: 'nonsense' });
  const { text, type } = await ask(socket, 'GET', '/metrics');
  assert.match(type, /^text\/plain; version=0\.0\.4/);
  const families = parse(text);
  const samples = families.flatMap((family) => family.samples);
  const value = (wanted: string, labels: Record<string, string> = {}) => {
    const found = samples.filter(
      ([name, has]) => name === wanted && Object.entries(labels).every(([label, is]) => has[label] === is),
    );
    assert.is(found.length, 1, `${wanted} ${JSON.stringify(labels)}: ${JSON.stringify(found)}`);
    return found[0]?.[2] as number;
  };
  assert.is(value('moorage_events_total', { type: 'prepare' }), 2);
  assert.is(value('moorage_events_total', { type: 'operator' }), 2);
  assert.is(value('moorage_effects_total', { kind: 'bind', outcome: 'ok' }), 2);
  assert.is(value('moorage_driver_call_duration_seconds_count', { driver: 'ebs', op: 'mount' }), 2);
  assert.is(value('moorage_driver_call_duration_seconds_bucket', { op: 'mount', le: '+Inf' }), 2);
  assert.is(value('moorage_containers'), 1);
  assert.is(value('moorage_volumes', { driver: 'ebs', state: 'mounted' }), 1);
  assert.is(value('moorage_volumes', { driver: 'ebs', state: 'held' }), 1);
  assert.is(value('moorage_volumes', { driver: 'ebs', state: 'failed' }), 0);
  assert.is(value('moorage_effects_in_flight'), 0);
  assert.is(value('moorage_events_waiting'), 0);
  assert.is(value('moorage_journal_full'), 0);
  assert.is(value('moorage_follower_up'), 1);
  assert.is(value('moorage_follower_lag_events'), 0);
  assert.is(value('moorage_recovered'), 1);
  assert.is(value('moorage_draining'), 0);
  const status = JSON.parse((await ask(socket, 'GET', '/status')).text);
  assert.is(value('moorage_journal_events'), status.journal.events);
  assert.is(value('moorage_policy_step_duration_seconds_count'), status.journal.events);
  assert.ok(value('moorage_policy_step_duration_seconds_sum') > 0);
  assert.is(value('moorage_journal_sync_duration_seconds_count'), status.journal.syncs);
  assert.ok(value('moorage_journal_event_bytes_total') > 100);
  assert.is(value('moorage_events_set_aside_total'), 0);
  assert.is(value('moorage_policy_takeovers_total'), 0);
  assert.ok(value('moorage_policy_turns_total') >= value('moorage_policy_turns_max'));
  assert.ok(value('moorage_policy_turns_max') > 0);
  assert.ok(value('moorage_state_bytes') > 50_000);
  assert.ok(value('moorage_policy_memory_bytes') > 100_000);
  assert.ok(Math.abs(value('moorage_start_time_seconds') - Date.now() / 1000) < 60);
  assert.is(value('moorage_policy_info', { name: 'moorage-standard', abi: '3' }), 1);
  for (const { name, type, help } of families) {
    assert.match(name, /^moorage_[a-z_]+$/);
    assert.match(help, /\.$|1970\.$/, name);
    assert.is(text.includes(`# TYPE ${name}_total counter`), type === 'counter', name);
  }
  assert.not.match(text, /c1|v-c/, 'no container and no volume is a label');
  await host.cleanup('c1');
  await operator({ verb: 'release', driver: 'ebs', name: 'v-c2' });
  await host.host.isolator.idle(2000);
  const later = parse((await ask(socket, 'GET', '/metrics')).text);
  assert.equal(later.find(({ name }) => name === 'moorage_volumes')?.samples, [], 'what is gone is not told');
  await host.host.close(1000);
});

metrics.after(() => {
  clearInterval(awake);
  rmSync(top, { recursive: true, force: true });
});

metrics.run();
