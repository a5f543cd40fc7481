import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Binding } from './binding.ts';
import { readConfigFile } from './config_file.ts';
import { createDirectory, type DirectoryKeeper, learnFrame } from './directory.ts';
import { decodeEffects } from './frames/effect_frame.ts';
import { stampOf } from './frames/event_frame.ts';
import { createIsolator, type Isolator } from './isolator.ts';
import { type JournalState, openJournal, segmentName } from './journal/journal_files.ts';
import { createSegment } from './journal/journal_writer.ts';
import { replay } from './journal/replay.ts';
import type { Segment } from './journal/segment_reader.ts';
import type { Log } from './log.ts';
import { ABI_VERSION, type Policy } from './policy/policy.ts';
import { openPolicyArchive, type PolicyArchive } from './policy/policy_archive.ts';
import { createRecovery } from './recovery.ts';
import { StartError } from './start_error.ts';
import { openStateDirectory } from './state_directory.ts';

export interface StartOptions {
  binding: Binding;
  /** Paths. */
  config: string;
  stateDir: string;
  policy: string;
  log: Log;
  notice(frame: Uint8Array): void;
  fatal(error: Error): void;
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
  const { binding, log } = options;
  const config = readConfigFile(options.config);
  const state = openStateDirectory(options.stateDir, binding);
  const archive = openPolicyArchive(state.policies);
  const policy = archive.take(options.policy);
  const directory = createDirectory();
  const journal = openJournal(state.journal);
  for (const note of journal.notes) log('warn', note);
  const past = catchUp(journal.segments, policy, archive, directory, log);
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const file = join(state.journal, segmentName(journal.nextNumber));
  const header = { abi: ABI_VERSION, policy: policy.digest, bootId, wallMs: Date.now() };
  const writer = createSegment(file, header, past.lastEffects);
  const parts = {
    ...options,
    policy,
    directory,
    journal: writer,
    startAt: past.at,
    nextCall: past.lastCall + 1,
  };
  const isolator = createIsolator(parts);
  await configure(isolator, config, options);
  const recovery = createRecovery({
    isolator,
    binding,
    directory: directory.directory,
    journal: journal.state,
    bootId,
  });
  log('info', `policy ${policy.name} ${policy.version}, journal ${file} (${describeJournal(journal.state)})`);
  return {
    isolator,
    call: (frame, answer) => recovery.take(frame, answer) || isolator.call(frame, answer),
    async close(timeoutMs) {
      await isolator.idle(timeoutMs);
      isolator.close();
      await binding.releaseRoot(config.root).catch(() => false);
    },
  };
}

function describeJournal(state: JournalState): string {
  if (state === 'new') return 'new';
  return state === 'whole' ? 'continued' : 'the one before is damaged and set aside';
}

/** Steps everything that the journal holds, so that `policy` knows what was; nothing of it is performed. */
function catchUp(
  segments: Segment[],
  policy: Policy,
  archive: PolicyArchive,
  directory: DirectoryKeeper,
  log: Log,
) {
  let at = 0;
  let lastCall = 0;
  const result = replay(segments, {
    policyFor: archive.find,
    stopAtDivergence: false,
    onStep(record, effects) {
      learnFrame(directory, record.frame, decodeEffects(effects));
      const stamped = stampOf(record.frame);
      at = Math.max(at, stamped.at);
      lastCall = Math.max(lastCall, stamped.call);
    },
  });
  if (result.divergence) log('error', `replay of the journal diverged at event ${result.divergence.event}`);
  if (result.policy && result.policy !== policy) {
    const snapshot = result.policy.snapshot();
    if (snapshot) policy.restore(snapshot);
  }
  return { at, lastCall, lastEffects: result.lastEffects };
}

async function configure(
  isolator: Isolator,
  config: StartOptions['config'] | object,
  options: StartOptions,
): Promise<void> {
  const reply = await isolator.ask({ type: 'configure', config });
  if (!reply.ok) {
    isolator.close();
    throw new StartError(`configuration ${options.config}: ${reply.error?.message}; ${reply.error?.hint}`);
  }
  const { root } = config as { root: string };
  try {
    await options.binding.prepareRoot(root);
  } catch (error) {
    isolator.close();
    throw new StartError(`managed root ${root}: ${(error as Error).message}`);
  }
}
