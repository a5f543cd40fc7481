import { Command } from 'commander';
import { askJson } from './ask.ts';
import { paintFor } from './paint.ts';
import { isWell, printStatus } from './print_status.ts';
import type { StatusReport } from './report.ts';
import { STATE_HELP, stateDirOf } from './state_dir.ts';

const EXAMPLES = `Examples:
  moorage status
  moorage status --state /var/lib/moorage-agent/state
  moorage status --json | jq '.volumes[] | select(.error != null)'
`;

const NOTES = `
The first line says whether all is well; then comes what is not, why, and what to do; then the tables.
Exit codes: 0 all is well, 1 something is not, or no isolator answers, 2 usage.
`;

interface Options {
  state?: string;
  json?: boolean;
  all?: boolean;
}

/** `moorage status`: what a running isolator does, asked over its admin socket. */
export function statusCommand(): Command {
  return new Command('status')
    .summary('containers, volumes, what is wrong and what to do')
    .description('Asks a running isolator what it has mounted for whom, and what is wrong.')
    .option('--state <dir>', STATE_HELP)
    .option('--all', 'every row, also where there are many')
    .option('--json', 'one JSON object on stdout')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .action(run);
}

async function run(options: Options): Promise<void> {
  const report = (await askJson(stateDirOf(options), 'GET', '/status')) as StatusReport;
  const lines = options.json
    ? [JSON.stringify(report)]
    : printStatus(report, paintFor(process.stdout), options.all ?? false);
  process.stdout.write(`${lines.join('\n')}\n`);
  if (!isWell(report)) process.exitCode = 1;
}
