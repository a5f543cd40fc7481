import { readFileSync } from 'node:fs';
import { openAdmin } from './admin/admin.ts';
import { alertIn, createAlerts } from './admin/alerts.ts';
import { createMetrics } from './admin/metrics.ts';
import { policyRoutes } from './admin/policy_route.ts';
import type { AdminServer } from './admin/server.ts';
import type { Binding } from './binding.ts';
import { configure } from './configure.ts';
import { createIsolator, type Isolator } from './isolator.ts';
import type { JournalSizes } from './journal/journal_writer.ts';
import { restoreJournal } from './journal/restore.ts';
import type { Restored } from './journal/restored.ts';
import { atLeast, type Log } from './log.ts';
import { type Announce, announcer, writeOn } from './open_journal.ts';
import { watchPolicies } from './policy/guard.ts';
import { openPolicyArchive } from './policy/policy_archive.ts';
import type { Trust } from './policy/trust/verify.ts';
import { createRecovery } from './recovery.ts';
import { tellRestart } from './restart.ts';
import { StartError } from './start_error.ts';
import { openStateDirectory, type StateDirectory } from './state_directory.ts';
import { createPolicies } from './swap/policies.ts';
import type { PolicyReport, SwapResult } from './swap/result.ts';
import { whoDecides } from './swap/who_decides.ts';
import { type WantedConfig, wantedConfig } from './wanted_config.ts';

const NOBODY: Trust = { keys: [], digests: [] };

export interface StartOptions {
  binding: Binding;
  /** Paths. */
  config: string;
  stateDir: string;
  policy: string;
  /** A host before this one had recovered, and the agent is the same: what runs stands in the journal. */
  restarted?: boolean;
  log: Log;
  notice(frame: Uint8Array): void;
  fatal(error: Error): void;
  /** Who may vouch for a policy that is swapped in; nobody when it is absent. */
  trust?: Trust | undefined;
  /** Other sizes of the journal than the usual ones. */
  journal?: Partial<JournalSizes> | undefined;
}

/** A host that has taken its configuration and waits for `recover`. */
export interface Host {
  /** Like the isolator's call; a `recover` is completed with what only the host knows. */
  call(frame: Uint8Array, answer: (reply: Uint8Array) => void): void;
  isolator: Isolator;
  /** Brings the policy in `file` to decide, while everything goes on; any failure leaves the present one. */
  swap(file: string): Promise<SwapResult>;
  policy(): PolicyReport;
  /** Waits for what is under way, at most `timeoutMs`, and ends in order. */
  close(timeoutMs: number): Promise<void>;
}

/** Opens the state, brings the policy to where the journal ends, takes the configuration. Throws an error whose message is a sentence. */
export async function startHost(options: StartOptions): Promise<Host> {
  watchPolicies(options.binding);
  const wanted = wantedConfig(options.config, options.restarted ?? false);
  const { host } = wanted;
  const state = openStateDirectory(options.stateDir, options.binding);
  try {
    return await startIn(
      state,
      wanted,
      heeding({ trust: host.policy, ...options, log: atLeast(host.log.level, options.log) }),
    );
  } catch (error) {
    state.release();
    throw error;
  }
}

/** What the host tells of itself while it runs. */
interface Told extends StartOptions {
  alerts: ReturnType<typeof createAlerts>;
  metrics: ReturnType<typeof createMetrics>;
}

/** The same options, with every alert kept and counted on its way out. */
function heeding(options: StartOptions): Told {
  const alerts = createAlerts();
  const metrics = createMetrics();
  return {
    ...options,
    alerts,
    metrics,
    notice(frame) {
      const alert = alertIn(frame);
      if (alert) {
        alerts.take(alert);
        metrics.alerted(alert);
      }
      options.notice(frame);
    },
  };
}

async function startIn(state: StateDirectory, wanted: WantedConfig, options: Told): Promise<Host> {
  const { binding, log } = options;
  const archive = openPolicyArchive(state.policies);
  const chosen = archive.take(options.policy);
  const past = restoreJournal(state.journal, archive.start);
  const { policy, tenures, note } = whoDecides(past.replayed, chosen);
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const alarmOf = announcer(options);
  const run = { abi: policy.abi, policy: policy.digest, bootId, installed: chosen.digest };
  const writer = options.metrics.metered(writeOn(state.journal, past, run, options, alarmOf));
  const { directory } = past;
  directory.directory.plugins = wanted.host.plugins;
  const failed = untilStarted(options.fatal);
  const isolator = createIsolator({
    ...options,
    policy,
    start: archive.start,
    tenures,
    directory,
    journal: writer,
    meter: options.metrics.meter,
    startAt: past.at,
    lastAt: past.replayed.at,
    owesWake: past.replayed.owesWake,
    nextCall: past.lastCall + 1,
    fatal: failed.fatal,
  });
  const config = await Promise.race([configure(isolator, writer, wanted, options, alarmOf), failed.promise]);
  failed.started();
  for (const { level, code, message } of note ? [...past.notes, note] : past.notes) {
    if (code) alarmOf(level, code, message);
    else log(level, message);
  }
  if (options.restarted)
    await tellRestart({ isolator, binding, root: config.root, bootId, stateDir: options.stateDir, past });
  const recovery = createRecovery({
    isolator,
    binding,
    directory: directory.directory,
    journal: past.state,
    bootId,
  });
  const policies = createPolicies({
    isolator,
    journal: writer,
    archive,
    installed: chosen.digest,
    trust: options.trust ?? NOBODY,
    alert: alarmOf,
    changed: recovery.again,
  });
  const admin = await tryAdmin(
    openAdmin(
      {
        ...options,
        isolator,
        journal: writer,
        configFile: options.config,
        journalState: past.state,
        directory: directory.directory,
        startedAt: new Date().toISOString(),
      },
      policyRoutes({ swap: policies.swap, policy: policies.report }),
    ),
    alarmOf,
  );
  let closed = false;
  const { name, version } = isolator.deciding.now();
  log('info', `policy ${name} ${version}, journal ${writer.file()} (${describeJournal(past)})`);
  return {
    isolator,
    call: (frame, answer) => recovery.take(frame, answer) || isolator.call(frame, answer),
    swap: policies.swap,
    policy: policies.report,
    async close(timeoutMs) {
      await isolator.idle(timeoutMs);
      await admin?.close();
      await isolator.close();
      await binding.releaseRoot(config.root).catch(() => false);
      if (!closed) state.release();
      closed = true;
    },
  };
}

/** Until the host has started, what ends it is why it does not start. */
function untilStarted(fatal: (error: Error) => void) {
  let isStarted = false;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  promise.catch(() => undefined);
  return {
    promise,
    fatal: (error: Error) => (isStarted ? fatal(error) : reject(new StartError(error.message))),
    started: () => {
      isStarted = true;
    },
  };
}

/** Tasks do not depend on whether people can look: without a socket the host goes on, and says so. */
async function tryAdmin(opened: Promise<AdminServer>, announce: Announce): Promise<AdminServer | undefined> {
  try {
    return await opened;
  } catch (error) {
    announce(
      'warn',
      'admin-socket',
      `${(error as Error).message}; the isolator works without: moorage status, drain and volume do not reach it`,
    );
    return undefined;
  }
}

function describeJournal({ state }: Restored): string {
  if (state === 'new') return 'new';
  return state === 'whole' ? 'continued' : 'the one before is damaged and set aside';
}
