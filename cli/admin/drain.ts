import { Command } from 'commander';
import { askJson } from './ask.ts';
import { STATE_HELP, stateDirOf } from './state_dir.ts';

const EXAMPLES = `Examples:
  moorage drain            new tasks with volumes are refused; what runs goes on
  moorage drain --undo     they are taken again
`;

const NOTES = `
Exit codes: 0 done, 1 no isolator answers, 2 usage.
`;

interface Options {
  state?: string;
  json?: boolean;
  undo?: boolean;
}

/** `moorage drain`: no new tasks, so that the machine can be taken out of service. */
export function drainCommand(): Command {
  return new Command('drain')
    .summary('refuse new tasks, or take them again')
    .description('New tasks with volumes are refused from now on, also after a restart. What runs goes on.')
    .option('--undo', 'take new tasks again')
    .option('--state <dir>', STATE_HELP)
    .option('--json', 'one JSON object on stdout')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .action(run);
}

async function run(options: Options): Promise<void> {
  const verb = options.undo ? 'resume' : 'drain';
  await askJson(stateDirOf(options), 'POST', '/operator', { verb });
  const text = options.undo
    ? 'new tasks are taken again'
    : 'new tasks are refused; what runs goes on; when moorage status shows no container, nothing of ours is mounted';
  process.stdout.write(
    options.json ? `${JSON.stringify({ ok: true, draining: !options.undo })}\n` : `${text}\n`,
  );
}
