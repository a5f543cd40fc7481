import { resolve } from 'node:path';
import { Command } from 'commander';
import { type ReadConfig, readConfigFile } from '../host/config_file.ts';
import { DOCKER_PLACES } from '../host/effects/plugin_places.ts';
import { StartError } from '../host/start_error.ts';
import { STATE_HELP, stateDirOf } from './admin/state_dir.ts';
import { auditText } from './audit/print.ts';
import { runAudit } from './audit/run_audit.ts';
import { CheckError, UsageError } from './usage_error.ts';

const EXAMPLES = `Examples:
  moorage audit
  moorage audit --state /var/lib/moorage-agent/state --json | jq '.findings[] | select(.worst)'
`;

const NOTES = `
Reads only, and works with the agent down as well. Each mount under the root, and each driver mount of the record, is explained by its events or
named: leak (ours, and nobody takes it away), missing (promised, and not there), pinned (a process keeps it), foreign (not
ours), silent (a driver that does not answer). Needs root, to see the mounts of other processes.
Exit codes: 0 clean, 1 a leak or something missing, 2 usage, or the journal cannot be read.
`;

interface Options {
  state?: string;
  config?: string;
  json?: boolean;
}

/** `moorage audit`: journal, kernel, drivers and namespaces held against each other. */
export function auditCommand(): Command {
  return new Command('audit')
    .summary('hold journal, kernel, drivers and namespaces against each other')
    .description('Explains every mount by the events of the journal, or says what is wrong with it.')
    .option('--state <directory>', STATE_HELP)
    .option('--config <file>', 'configuration of the agent; default: the one that the journal saw last')
    .option('--json', 'one JSON object on stdout')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .action(audit);
}

async function audit({ config, json, ...where }: Options): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new UsageError('audit reads the mount tables of all processes and needs root');
  const given = config === undefined ? undefined : read(config);
  const result = await runAudit({
    stateDir: resolve(stateDirOf(where)),
    config: given?.config,
    plugins: given?.host.plugins ?? DOCKER_PLACES,
  });
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : auditText(result));
  if (!result.clean) throw new CheckError('the audit found what must not be; see above');
}

function read(file: string): ReadConfig {
  try {
    return readConfigFile(file);
  } catch (error) {
    if (error instanceof StartError) throw new UsageError(error.message);
    throw error;
  }
}
