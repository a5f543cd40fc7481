import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Histogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';
import type { AlertEffect } from '../frames/types.ts';
import type { JournalWriter } from '../journal/journal_writer.ts';
import type { Meter } from '../meter.ts';
import { POLICY_FAILED } from '../set_aside.ts';

/** Seconds; a decision takes microseconds. */
const STEP_BUCKETS = [0.000002, 0.000005, 0.00001, 0.00002, 0.00005, 0.0001, 0.001, 0.01, 0.1, 1];
const SYNC_BUCKETS = [0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5];
const CALL_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120];

/** What is counted while the host runs, and what is looked up when somebody asks. */
export interface Metrics {
  readonly registry: Registry;
  readonly meter: Meter;
  /** An alert was put out. */
  alerted(alert: AlertEffect): void;
  /** The same journal, with its syncs and bytes counted. */
  metered(journal: JournalWriter): JournalWriter;
}

/** The counters of this host, all new. Names: prefix `moorage_`, seconds and bytes, `_total` for counters; no container and no volume is a label. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const events = new Counter({
    name: 'moorage_events_total',
    help: 'Events that the policy has decided, by type.',
    labelNames: ['type'],
    registers,
  });
  const effects = new Counter({
    name: 'moorage_effects_total',
    help: 'Effects that have ended, by kind, and by how they ended: ok, refused, failed, unreachable or timeout.',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const calls = new Histogram({
    name: 'moorage_driver_call_duration_seconds',
    help: 'Calls of volume drivers, by driver and operation.',
    labelNames: ['driver', 'op'],
    buckets: CALL_BUCKETS,
    registers,
  });
  const failures = new Counter({
    name: 'moorage_driver_call_failures_total',
    help: 'Calls of volume drivers that did not end well, by driver, operation and outcome.',
    labelNames: ['driver', 'op', 'outcome'],
    registers,
  });
  const steps = new Histogram({
    name: 'moorage_policy_step_duration_seconds',
    help: 'What the policy took to decide one event.',
    buckets: STEP_BUCKETS,
    registers,
  });
  const turns = new Counter({
    name: 'moorage_policy_turns_total',
    help: 'Turns of loops that the policy took for its decisions.',
    registers,
  });
  const most = new Gauge({
    name: 'moorage_policy_turns_max',
    help: 'The most turns that one decision took.',
    registers,
  });
  const alerts = new Counter({
    name: 'moorage_alerts_total',
    help: 'Alerts, by level and code; docs/operations.md says what to do for each.',
    labelNames: ['level', 'code'],
    registers,
  });
  const takeOvers = new Counter({
    name: 'moorage_policy_takeovers_total',
    help: 'How often an instance of the policy failed and the second one took over.',
    registers,
  });
  let largest = 0;
  return {
    registry,
    meter: {
      decided(type, ms, taken) {
        events.inc({ type });
        steps.observe(ms / 1000);
        turns.inc(taken);
        if (taken <= largest) return;
        largest = taken;
        most.set(taken);
      },
      performed(effect, outcome, ms) {
        const how = outcome.ok ? 'ok' : outcome.error.kind;
        effects.inc({ kind: effect.type, outcome: how });
        if (effect.type !== 'driver') return;
        const { driver, op } = effect;
        calls.observe({ driver, op }, ms / 1000);
        if (!outcome.ok) failures.inc({ driver, op, outcome: how });
      },
    },
    alerted({ level, code }) {
      alerts.inc({ level, code });
      if (code === POLICY_FAILED) takeOvers.inc();
    },
    metered: (journal) => meteredJournal(journal, registry),
  };
}

function meteredJournal(journal: JournalWriter, registry: Registry): JournalWriter {
  const registers = [registry];
  const bytes = new Counter({
    name: 'moorage_journal_event_bytes_total',
    help: 'Bytes of events that were put into the journal.',
    registers,
  });
  const asides = new Counter({
    name: 'moorage_events_set_aside_total',
    help: 'Events at which the policy failed; they are set aside in the journal.',
    registers,
  });
  const syncs = new Histogram({
    name: 'moorage_journal_sync_duration_seconds',
    help: 'Until what was put into the journal is durable; on a full disk, until there is room.',
    buckets: SYNC_BUCKETS,
    registers,
  });
  return {
    ...journal,
    append(frame) {
      bytes.inc(frame.length);
      return journal.append(frame);
    },
    setAside(frame, reason) {
      asides.inc();
      journal.setAside(frame, reason);
    },
    async sync() {
      const begun = performance.now();
      await journal.sync();
      syncs.observe((performance.now() - begun) / 1000);
    },
  };
}
