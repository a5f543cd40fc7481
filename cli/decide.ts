import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { decodeEffects } from '../host/frames/effect_frame.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { loadPolicy, type Policy } from '../host/policy/policy.ts';
import { buildFile } from './build_files.ts';
import { UsageError } from './usage_error.ts';

const EXAMPLES = `Examples:
  moorage decide < events.jsonl
  echo '{"type":"tick","at":0}' | moorage decide --policy build/policy.wasm
`;

const NOTES = `
Exit codes: 0 ok, 2 a line that is no event, or a policy file that is no policy.
`;

/** `moorage decide`: events as JSON lines on stdin, the effects of each as one JSON line on stdout. The policy alone, no I/O. */
export function decideCommand(): Command {
  return new Command('decide')
    .summary('the policy alone: events as JSON lines in, effects as JSON lines out')
    .description('Reads one event a line on stdin and answers each with one line: the array of its effects.')
    .option('--policy <file>', 'the policy that decides', buildFile('policy.wasm'))
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .action(async ({ policy }: { policy: string }) => decide(loadPolicy(policy)));
}

async function decide(policy: Policy): Promise<void> {
  let number = 0;
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (line.trim() === '') continue;
    const effects = decodeEffects(policy.step(encodeEvent(parseLine(line, number))));
    if (!process.stdout.write(`${JSON.stringify(effects)}\n`))
      await new Promise((go) => process.stdout.once('drain', go));
  }
}

function parseLine(line: string, number: number): Record<string, unknown> {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch (error) {
    throw new UsageError(
      `line ${number}: not JSON (${(error as Error).message}); each line is one event, such as {"type":"tick","at":0}`,
    );
  }
  if (typeof event === 'object' && event !== null && !Array.isArray(event))
    return event as Record<string, unknown>;
  throw new UsageError(`line ${number}: an event is an object, such as {"type":"tick","at":0}`);
}
