import { Command } from 'commander';
import { asJson, asText } from './replay/print.ts';
import { replayTrace } from './replay/replay_trace.ts';
import type { TraceResult } from './replay/result.ts';
import { CheckError } from './usage_error.ts';

const EXAMPLES = `Examples:
  moorage replay build/demo/state/journal
  moorage replay --policy other.wasm --json build/demo/state/journal
`;

const NOTES = `
TRACE is a journal directory (<state>/journal) or one segment of it. The policies that decided are looked for in policies/ beside
that directory. With --policy every event is also given to that policy, and what it decides differently is counted by rule.
Exit codes: 0 identical, 1 diverged, 2 not readable.
`;

interface Options {
  policy?: string;
  json?: boolean;
}

/** `moorage replay`: steps a journal again and compares every decision with what was recorded. */
export function replayCommand(): Command {
  return new Command('replay')
    .summary('step a journal again: identical, or the first divergence')
    .description(
      'Steps every event of a journal through the policy again and compares the effects with the recorded digests.',
    )
    .argument('<trace...>', 'journal directory or segment')
    .option('--policy <file>', 'ask what this policy would have decided; default: the policy that did')
    .option('--json', 'one JSON object a trace on stdout')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .action((traces: string[], options: Options) => {
      let diverged = 0;
      for (const trace of traces) {
        const result = replayTrace(trace, options.policy);
        report(result, options);
        if (!result.identical) diverged += 1;
      }
      if (diverged > 0) throw new CheckError(`${diverged} of ${traces.length} traces diverged`);
    });
}

function report(result: TraceResult, options: Options): void {
  const { trace, tornBytes } = result;
  process.stdout.write(options.json ? asJson(result) : asText(result));
  if (tornBytes > 0 && !options.json)
    process.stderr.write(`${trace}: ${tornBytes} bytes of an unfinished record at the end are left out\n`);
}
