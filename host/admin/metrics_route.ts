import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import Gauge from 'prom-client/lib/gauge.js';
import type { AdminParts } from './admin.ts';
import { readCounts, readOverview } from './policy_status.ts';
import type { Route } from './route.ts';

/** `GET /metrics`: what Prometheus reads. What is not counted as it happens is looked up now. */
export function metricsRoute(parts: AdminParts): Route {
  const { registry } = parts.metrics;
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge<Label>({ name: `moorage_${name}`, help, labelNames, registers: [registry] });
  const gauges = {
    info: gauge('policy_info', 'The policy that decides; always 1.', 'name', 'version', 'digest', 'abi'),
    start: gauge('start_time_seconds', 'When this host began, seconds since 1970.'),
    recovered: gauge('recovered', '1 when the recovery has been answered, and tasks are taken.'),
    draining: gauge('draining', '1 while an operator has stopped new tasks.'),
    containers: gauge('containers', 'Containers that the policy knows.'),
    volumes: gauge('volumes', 'Volumes on record, by driver and state.', 'driver', 'state'),
    inFlight: gauge('effects_in_flight', 'Effects that are under way.'),
    waiting: gauge('events_waiting', 'Events that are not decided yet.'),
    follower: gauge('follower_up', '1 while a second instance of the policy follows and can take over.'),
    lag: gauge('follower_lag_events', 'Events that the second instance has still to step.'),
    full: gauge('journal_full', '1 while the journal has no room; new tasks are then refused.'),
    events: gauge('journal_events', 'Events since the first of the journal.'),
    state: gauge('state_bytes', 'Size of the journal, its snapshots and the kept policies.'),
    memory: gauge('policy_memory_bytes', 'Linear memory of the policy.'),
  };
  gauges.start.set(Date.parse(parts.startedAt) / 1000);

  async function look(): Promise<void> {
    const { isolator, journal } = parts;
    const { recovered, inFlight, waiting, lag } = isolator.report();
    const overview = readOverview(isolator);
    isolator.read((policy) => {
      const { name, version, digest, abi } = policy;
      gauges.info.reset();
      gauges.info.set({ name, version, digest, abi: String(abi) }, 1);
      gauges.memory.set(policy.memorySize());
    });
    gauges.recovered.set(Number(recovered));
    gauges.inFlight.set(inFlight);
    gauges.waiting.set(waiting);
    gauges.follower.set(Number(lag !== undefined));
    gauges.lag.set(lag ?? 0);
    gauges.full.set(Number(journal.full() !== undefined));
    gauges.events.set(journal.counts().events);
    gauges.state.set(await sizeOf(parts.stateDir));
    if (!overview) return;
    gauges.draining.set(Number(overview.draining));
    gauges.containers.set(Number(overview.containers));
    const counts = await readCounts(isolator);
    gauges.volumes.reset();
    for (const [driver, states] of counts)
      for (const [state, count] of states) gauges.volumes.set({ driver, state }, count);
  }

  return {
    method: 'GET',
    path: '/metrics',
    async handle() {
      await look();
      return { status: 200, type: registry.contentType, body: await registry.metrics() };
    },
  };
}

/** Bytes of the files in a directory and below. What goes away meanwhile does not count. */
async function sizeOf(directory: string): Promise<number> {
  let size = 0;
  for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) size += await sizeOf(path);
    else if (entry.isFile())
      size += await stat(path).then(
        ({ size }) => size,
        () => 0,
      );
  }
  return size;
}
