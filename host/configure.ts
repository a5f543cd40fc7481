import type { Config } from './frames/types.ts';
import type { Isolator } from './isolator.ts';
import type { JournalWriter } from './journal/journal_writer.ts';
import type { Announce } from './open_journal.ts';
import { POLICY_FAILED } from './set_aside.ts';
import type { StartOptions } from './start.ts';
import { StartError } from './start_error.ts';
import { giveWay } from './swap/give_way.ts';
import { ConfigError, presentConfig, type WantedConfig } from './wanted_config.ts';

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

/**
 * The policy takes the configuration, or the start ends with a sentence; a host that comes back alone goes on with what the policy has. A policy that
 * fails at it gives way to the one before, where there is one. Returns the configuration that holds.
 */
export async function configure(
  isolator: Isolator,
  writer: JournalWriter,
  wanted: WantedConfig,
  options: StartOptions,
  announce: Announce,
): Promise<Config> {
  try {
    const config = await takeOrKeep(isolator, writer, wanted, options, announce);
    await options.binding.prepareRoot(config.root).catch((error: Error) => {
      throw new StartError(`managed root ${config.root}: ${error.message}`);
    });
    return config;
  } catch (error) {
    await isolator.close();
    throw error;
  }
}

async function takeOrKeep(
  isolator: Isolator,
  writer: JournalWriter,
  { config, wrong }: WantedConfig,
  options: StartOptions,
  announce: Announce,
): Promise<Config> {
  try {
    if (!config) throw new ConfigError((wrong as StartError).message);
    await takeConfiguration(isolator, writer, config, options);
    return config;
  } catch (error) {
    const present = options.restarted && error instanceof ConfigError ? presentConfig(isolator) : undefined;
    if (!present) throw error;
    announce(
      'error',
      'config-refused',
      `${(error as Error).message}; the host came back alone and goes on with the configuration of before; mend the file, then restart the agent`,
    );
    return present;
  }
}

async function takeConfiguration(
  isolator: Isolator,
  writer: JournalWriter,
  config: object,
  options: StartOptions,
): Promise<void> {
  const ask = () => withRoom(isolator.ask({ type: 'configure', config }), writer, options);
  let reply = await ask();
  while (reply.error?.code === POLICY_FAILED && (await giveWay(isolator, 'fails at its configuration')))
    reply = await ask();
  if (reply.error?.code === POLICY_FAILED) {
    // What it fails at may be something else that has just fallen due.
    isolator.failing.holdTime();
    reply = await ask();
  }
  if (reply.error?.code === POLICY_FAILED)
    throw new StartError(
      `policy ${options.policy}: fails at the configuration ${options.config}, and no policy of this journal can take its place; install another one, the log says where it fails`,
    );
  if (!reply.ok)
    throw new ConfigError(`configuration ${options.config}: ${reply.error?.message}; ${reply.error?.hint}`);
}
