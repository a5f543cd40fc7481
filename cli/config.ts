import { Command } from 'commander';
import { effective } from '../host/config/effective.ts';
import { problemsOf } from '../host/config/problems.ts';
import { type ReadConfig, readConfigFile, readJson } from '../host/config_file.ts';
import { decodeEffects } from '../host/frames/effect_frame.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { loadPolicy } from '../host/policy/policy.ts';
import { buildFile } from './build_files.ts';
import { CheckError, UsageError } from './usage_error.ts';

const EXAMPLES = `Examples:
  moorage config check /etc/moorage.json             what is wrong with it, or what it means with its defaults
  moorage config check --json new.json && cp new.json /etc/moorage.json
`;

const NOTES = `
docs/configuration.md has every key. Nothing is touched, and no isolator is asked.
Exit codes: 0 a good configuration, 1 something is wrong with it, 2 not readable.
`;

interface Options {
  policy: string;
  json?: boolean;
}

/** `moorage config check FILE`: what an agent would say to a configuration. */
export function configCommand(): Command {
  const check = new Command('check')
    .summary('what is wrong with a configuration, or what it means')
    .description('Checks a configuration as an agent does at its start, and prints it with all defaults.')
    .argument('<file>', 'the configuration, JSON')
    .option('--policy <file>', 'the policy that is to take it', buildFile('policy.wasm'))
    .option('--json', 'one JSON object: {file, problems, effective}')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .action(run);
  return new Command('config')
    .summary('check a configuration')
    .description('What a configuration file says.')
    .addCommand(check);
}

async function run(file: string, { policy, json }: Options): Promise<void> {
  const data = readOr(file);
  const found = problemsOf(data);
  const problems = found.length > 0 ? found : refusedBy(policy, readConfigFile(file));
  const whole = problems.length === 0 ? effective(data) : undefined;
  if (json) process.stdout.write(`${JSON.stringify({ file, problems, effective: whole })}\n`);
  else if (whole) process.stdout.write(`${JSON.stringify(whole, null, 2)}\n`);
  else for (const problem of problems) process.stdout.write(`${problem}\n`);
  if (problems.length > 0)
    throw new CheckError(
      `configuration ${file}: ${problems.length === 1 ? 'one thing is' : `${problems.length} things are`} wrong with it; an agent does not start with it`,
    );
  if (!json) process.stderr.write(`configuration ${file}: good\n`);
}

function readOr(file: string): unknown {
  try {
    return readJson(file);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** What the policy has against it: names that do not fit together. */
function refusedBy(policyFile: string, { config }: ReadConfig): string[] {
  const policy = loadPolicy(policyFile);
  const effects = decodeEffects(policy.step(encodeEvent({ type: 'configure', at: 0, call: 0, config })));
  return effects.flatMap((effect) =>
    effect.type === 'reply' && effect.error
      ? [`${effect.error.message.replace(/^config\./, '')}; ${effect.error.hint}`]
      : [],
  );
}
