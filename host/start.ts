import { readFileSync } from 'node:fs';
import { openAdmin } from './admin/admin.ts';
import { alertIn, createAlerts } from './admin/alerts.ts';
import { createMetrics } from './admin/metrics.ts';
import type { AdminServer } from './admin/server.ts';
import type { Binding } from './binding.ts';
import { readConfigFile } from './config_file.ts';
import { encodeEffect } from './frames/effect_frame.ts';
import type { Config } from './frames/types.ts';
import { createIsolator, type Isolator } from './isolator.ts';
import { FORMAT } from './journal/format.ts';
import { continueJournal, type JournalSizes, type JournalWriter } from './journal/journal_writer.ts';
import { handOver } from './journal/replay.ts';
import { restoreJournal } from './journal/restore.ts';
import type { Restored } from './journal/restored.ts';
import type { Log } from './log.ts';
import type { Policy } from './policy/policy.ts';
import { openPolicyArchive } from './policy/policy_archive.ts';
import { createRecovery } from './recovery.ts';
import { tellRestart } from './restart.ts';
import { StartError } from './start_error.ts';
import { openStateDirectory, type StateDirectory } from './state_directory.ts';

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
  /** Other sizes of the journal than the usual ones. */
  journal?: Partial<JournalSizes> | undefined;
}

/** A host that has taken its configuration and waits for `recover`. */
export interface Host {
  /** Like the isolator's call; a `recover` is completed with what only the host knows. */
  call(frame: Uint8Array, answer: (reply: Uint8Array) => void): void;
  isolator: Isolator;
  /** Waits for what is under way, at most `timeoutMs`, and ends in order. */
  close(timeoutMs: number): Promise<void>;
}

/** Opens the state, brings the policy to where the journal ends, takes the configuration. Throws an error whose message is a sentence. */
export async function startHost(options: StartOptions): Promise<Host> {
  const config = readConfigFile(options.config);
  const state = openStateDirectory(options.stateDir, options.binding);
  try {
    return await startIn(state, config, heeding(options));
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

async function startIn(state: StateDirectory, config: Config, options: Told): Promise<Host> {
  const { binding, log } = options;
  const archive = openPolicyArchive(state.policies);
  const chosen = archive.take(options.policy);
  const past = restoreJournal(state.journal, archive.start);
  const policy = takeOver(past, chosen);
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const alarmOf = announcer(options);
  const writer = options.metrics.metered(
    writeOn(state.journal, past, { abi: policy.abi, policy: policy.digest, bootId }, options, alarmOf),
  );
  const { directory } = past;
  const parts = {
    ...options,
    policy,
    startFollower: () => archive.start(policy.digest),
    directory,
    journal: writer,
    meter: options.metrics.meter,
    startAt: past.at,
    nextCall: past.lastCall + 1,
  };
  const isolator = createIsolator(parts);
  await configure(isolator, writer, config, options);
  for (const { level, code, message } of past.notes) {
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
      [],
    ),
    alarmOf,
  );
  let closed = false;
  log('info', `policy ${policy.name} ${policy.version}, journal ${writer.file()} (${describeJournal(past)})`);
  return {
    isolator,
    call: (frame, answer) => recovery.take(frame, answer) || isolator.call(frame, answer),
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

/** The policy that decides from now on, in the state in which the journal ends. */
function takeOver({ replayed }: Restored, chosen: Policy): Policy {
  if (replayed.policy?.digest === chosen.digest) return replayed.policy;
  handOver(replayed, chosen);
  return chosen;
}

/** Something that nobody asked for is said: in the log, and to the embedding program. */
type Announce = (level: 'info' | 'warn' | 'error', code: string, message: string) => void;

function announcer({ log, notice }: StartOptions): Announce {
  return (level, code, message) => {
    log(level, `${code}: ${message}`);
    notice(encodeEffect({ type: 'alert', level, code, message }));
  };
}

/** The journal from its end on: in its last segment, when this version writes such. */
function writeOn(
  directory: string,
  past: Restored,
  run: Parameters<typeof continueJournal>[0]['run'],
  { binding, journal: sizes = {} }: StartOptions,
  announce: Announce,
): JournalWriter {
  const { last, replayed, nextNumber } = past;
  const goesOn = last && last.segment.header?.format === FORMAT;
  return continueJournal({
    directory,
    run,
    end: goesOn
      ? { number: last.number, size: last.segment.wholeSize }
      : { number: nextNumber, size: undefined },
    events: replayed.events,
    effectsBefore: replayed.lastEffects,
    sizes,
    allocate: binding.allocateFile,
    onFull(why) {
      if (why === undefined)
        announce('info', 'storage', `journal ${directory}: there is room again; tasks are taken`);
      else
        announce(
          'error',
          'storage',
          `journal ${directory}: no room (${why}); new tasks are refused until there is, what runs goes on`,
        );
    },
    onSnapshotFailed: (error) =>
      announce(
        'warn',
        'storage',
        `journal ${directory}: no snapshot could be written (${error.message}); tried again later`,
      ),
  });
}

/** A journal without any room at the start is tried so often. */
const TRIES_AT_START = 10;
const RETRY_MS = 1000;

/** Nothing can be promised without a journal: a host that cannot write its first event says so and does not start. */
async function withRoom<Result>(
  work: Promise<Result>,
  writer: JournalWriter,
  { stateDir, journal }: StartOptions,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        const why = writer.full();
        if (why === undefined) return;
        reject(
          new StartError(
            `state directory ${stateDir}: no room for the journal (${why}); make room, then start again`,
          ),
        );
      },
      TRIES_AT_START * (journal?.retryMs ?? RETRY_MS),
    );
  });
  try {
    return await Promise.race([work, patience]);
  } finally {
    clearTimeout(timer);
  }
}

async function configure(
  isolator: Isolator,
  writer: JournalWriter,
  config: StartOptions['config'] | object,
  options: StartOptions,
): Promise<void> {
  const reply = await withRoom(isolator.ask({ type: 'configure', config }), writer, options).catch(
    async (error) => {
      await isolator.close();
      throw error;
    },
  );
  if (!reply.ok) {
    await isolator.close();
    throw new StartError(`configuration ${options.config}: ${reply.error?.message}; ${reply.error?.hint}`);
  }
  const { root } = config as { root: string };
  try {
    await options.binding.prepareRoot(root);
  } catch (error) {
    await isolator.close();
    throw new StartError(`managed root ${root}: ${(error as Error).message}`);
  }
}
