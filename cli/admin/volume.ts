import { Command } from 'commander';
import { UsageError } from '../usage_error.ts';
import { askJson } from './ask.ts';
import { STATE_HELP, stateDirOf } from './state_dir.ts';

const EXAMPLES = `Examples:
  moorage volume retry rexray/vol-7bca078f      what failed is tried again now
  moorage volume hold rexray/vol-7bca078f       it is not unmounted until it is released
  moorage volume forget rexray/vol-7bca078f     the record goes; nothing is sent to the driver
`;

const NOTES = `
Each is an event in the journal: moorage why DRIVER/NAME shows who did what, and when.
Exit codes: 0 done, 1 refused, or no isolator answers, 2 usage.
`;

/** What each verb does, and what a person sees when it is done. */
const VERBS = {
  retry: [
    'try again now what failed, without waiting for its turn',
    'is tried again now; see: moorage status',
  ],
  hold: ['do not unmount it until it is released', 'is held: it stays mounted until moorage volume release'],
  release: ['end a hold', 'is held no more: it is unmounted when nobody has it'],
  forget: [
    'take a volume that nobody has off the record: our mounts of it go, the driver is not told',
    'is off the record; what its driver still has mounted is for you to unmount',
  ],
} as const;

interface Options {
  state?: string;
  json?: boolean;
}

/** `moorage volume VERB DRIVER/NAME`: what a person decides of one volume. */
export function volumeCommand(): Command {
  const command = new Command('volume')
    .summary('retry, hold, release or forget one volume')
    .description('An operator decides about one volume of a running isolator.')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES);
  for (const [verb, [does, done]] of Object.entries(VERBS))
    command.addCommand(
      new Command(verb)
        .description(does)
        .argument('<driver/name>', 'the volume, as moorage status shows it')
        .option('--state <dir>', STATE_HELP)
        .option('--json', 'one JSON object on stdout')
        .action((volume: string, options: Options) => run(verb, volume, done, options)),
    );
  return command;
}

async function run(verb: string, volume: string, done: string, options: Options): Promise<void> {
  const [driver, name, ...rest] = volume.split('/');
  if (!driver || !name || rest.length > 0)
    throw new UsageError(
      `${volume}: a volume is named DRIVER/NAME, such as rexray/vol-7bca078f; see: moorage status`,
    );
  await askJson(stateDirOf(options), 'POST', '/operator', { verb, driver, name });
  process.stdout.write(
    options.json ? `${JSON.stringify({ ok: true, verb, volume })}\n` : `volume ${volume} ${done}\n`,
  );
}
