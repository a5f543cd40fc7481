import { Command } from 'commander';
import { loadPolicy } from '../host/policy/policy.ts';
import { replayAll } from './replay/pool.ts';
import { asJson, asText } from './replay/print.ts';
import { createProgress, NO_PROGRESS, sizeOf } from './replay/progress.ts';
import type { TraceResult } from './replay/result.ts';
import { CheckError, UsageError } from './usage_error.ts';

const EXAMPLES = `Examples:
  moorage replay build/demo/state/journal
  moorage replay traces/*.journal                  many, on all processors
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
    .action((traces: string[], options: Options) => run(traces, options));
}

async function run(traces: string[], options: Options): Promise<void> {
  if (options.policy !== undefined) loadPolicy(options.policy);
  const progress = process.stderr.isTTY
    ? createProgress(traces.map(sizeOf), {
        write: (text) => process.stderr.write(text),
        now: () => performance.now(),
      })
    : NO_PROGRESS;
  const ends: TraceResult[] = [];
  await replayAll(traces, {
    policy: options.policy,
    progress,
    onResult(result) {
      progress.clear();
      report(result, options);
      ends.push(result);
    },
  });
  progress.clear();
  judge(ends);
}

function report(result: TraceResult, options: Options): void {
  const { trace, tornBytes, error } = result;
  if (options.json) process.stdout.write(asJson(result));
  else if (error === undefined) process.stdout.write(asText(result));
  if (tornBytes > 0 && !options.json)
    process.stderr.write(`${trace}: ${tornBytes} bytes of an unfinished record at the end are left out\n`);
}

/** What could not be read counts more than what diverged: nothing is known of it. */
function judge(ends: readonly TraceResult[]): void {
  const unread = ends.flatMap(({ error }) => (error === undefined ? [] : [error]));
  const diverged = ends.filter(({ identical, error }) => !identical && error === undefined);
  const many = ends.length > 1 ? `${unread.length} of ${ends.length} traces cannot be replayed\n  ` : '';
  if (unread.length > 0) throw new UsageError(`${many}${unread.join('\n  ')}`);
  if (diverged.length > 0) throw new CheckError(`${diverged.length} of ${ends.length} traces diverged`);
}
