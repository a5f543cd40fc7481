import { Command, CommanderError } from 'commander';
import { PolicyError } from '../host/policy/policy_error.ts';
import { drainCommand } from './admin/drain.ts';
import { statusCommand } from './admin/status.ts';
import { volumeCommand } from './admin/volume.ts';
import { auditCommand } from './audit.ts';
import { configCommand } from './config.ts';
import { decideCommand } from './decide.ts';
import { demoCommand } from './demo.ts';
import { driverCommand } from './driver.ts';
import { policyCommand } from './policy.ts';
import { isReplayWorker, serveReplays } from './replay/worker.ts';
import { replayCommand } from './replay.ts';
import { simulateCommand } from './simulate.ts';
import { CheckError, UsageError } from './usage_error.ts';
import { whyCommand } from './why.ts';

const EXAMPLES = `Examples:
  moorage demo                              three tasks on external volumes, watched live
  moorage decide < events.jsonl             ask the policy, without touching anything
  moorage replay build/demo/state/journal   step a journal again
`;

const NOTES = `
Exit codes: 0 ok, 1 a check failed, 2 usage or unreadable input. In a checkout: node build/moorage.mjs <command>
`;

function program(): Command {
  return new Command('moorage')
    .description('External volumes for the tasks of a cluster agent, decided by a WebAssembly policy.')
    .version('0.1.0')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .exitOverride()
    .addCommand(demoCommand())
    .addCommand(driverCommand())
    .addCommand(decideCommand())
    .addCommand(replayCommand())
    .addCommand(policyCommand())
    .addCommand(simulateCommand())
    .addCommand(statusCommand())
    .addCommand(whyCommand())
    .addCommand(volumeCommand())
    .addCommand(drainCommand())
    .addCommand(auditCommand())
    .addCommand(configCommand());
}

/** Commands that were added inherit nothing: every one throws instead of ending the process. */
function throwing(command: Command): Command {
  command.exitOverride();
  for (const child of command.commands) throwing(child);
  return command;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`moorage: ${message}\n`);
  if (error instanceof UsageError || error instanceof PolicyError) return 2;
  if (!(error instanceof CheckError) && error instanceof Error && process.env.MOORAGE_DEBUG)
    process.stderr.write(`${error.stack}\n`);
  return 1;
}

async function main(): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  try {
    await throwing(program()).parseAsync(process.argv);
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

// `moorage replay` starts this file again, in threads.
if (isReplayWorker()) serveReplays();
else await main();
