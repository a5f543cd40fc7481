import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Command } from 'commander';
import { decodeEffects } from '../host/frames/effect_frame.ts';
import { decodeEvent } from '../host/frames/event_frame.ts';
import { takeUp } from '../host/journal/base.ts';
import { segmentFiles, snapshotName } from '../host/journal/journal_files.ts';
import { type Divergence, replay } from '../host/journal/replay.ts';
import { readSegment, type Segment } from '../host/journal/segment_reader.ts';
import { isBad, type JournalSnapshot, readSnapshotFile } from '../host/journal/snapshot_file.ts';
import { loadPolicy } from '../host/policy/policy.ts';
import { openPolicyArchive } from '../host/policy/policy_archive.ts';
import { PolicyError } from '../host/policy/policy_error.ts';
import { buildFile } from './build_files.ts';
import { CheckError, UsageError } from './usage_error.ts';

const EXAMPLES = `Examples:
  moorage replay build/demo/state/journal
  moorage replay --policy other.wasm --json build/demo/state/journal
`;

const NOTES = `
TRACE is a journal directory (<state>/journal) or one segment of it.
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
      const diverged = traces.filter((trace) => !replayTrace(trace, options));
      if (diverged.length > 0) throw new CheckError(`${diverged.length} of ${traces.length} traces diverged`);
    });
}

function replayTrace(trace: string, options: Options): boolean {
  const segments = readTrace(trace);
  const begun = readBeginning(trace, segments);
  const directory = statSync(trace).isDirectory() ? trace : dirname(trace);
  const other = options.policy === undefined ? undefined : loadPolicy(options.policy);
  const archive = openPolicyArchive(join(directory, '..', 'policies'));
  const policyFor = (digest: string) => other ?? findPolicy(archive.find, digest);
  const base = begun && takeUp(begun, segments, policyFor);
  if (typeof base === 'string')
    throw new UsageError(`${trace}: the snapshot before segment ${begun?.segment}: ${base}`);
  const result = replay(segments, { policyFor, base, stopAtDivergence: true });
  print(trace, segments, result.events, result.divergence, options);
  return result.divergence === undefined;
}

/** The archived policy, or the built one when it is the very same. */
function findPolicy(find: (digest: string) => ReturnType<typeof loadPolicy>, digest: string) {
  try {
    return find(digest);
  } catch (error) {
    const built = loadPolicy(buildFile('policy.wasm'));
    if (error instanceof PolicyError && built.digest === digest) return built;
    throw error;
  }
}

/** The snapshot that stands for the segments that are no longer there; undefined when the first of all is. */
function readBeginning(trace: string, [first]: Segment[]): JournalSnapshot | undefined {
  if (!first?.header?.events) return undefined;
  const number = Number.parseInt(basename(first.file), 10);
  const file = join(dirname(first.file), snapshotName(number));
  if (!existsSync(file))
    throw new UsageError(
      `${trace}: begins with event ${first.header.events + 1}, and its snapshot ${file} is missing`,
    );
  const snapshot = readSnapshotFile(file, number);
  if (isBad(snapshot))
    throw new UsageError(`${file}: ${snapshot.why}; refused, since what follows cannot be trusted`);
  return snapshot;
}

function readTrace(trace: string): Segment[] {
  if (!existsSync(trace))
    throw new UsageError(
      `${trace}: there is no such journal; name a directory such as build/demo/state/journal`,
    );
  const files = statSync(trace).isDirectory() ? segmentFiles(trace) : [trace];
  if (files.length === 0)
    throw new UsageError(
      `${trace}: no segments (*.journal) in it; name the journal directory of a state directory`,
    );
  const segments = files.map(readSegment);
  for (const { file, damage } of segments) {
    if (damage)
      throw new UsageError(
        `${file}: damaged at byte ${damage.offset}: ${damage.why}; refused, since what follows cannot be trusted`,
      );
  }
  return segments;
}

function print(
  trace: string,
  segments: Segment[],
  events: number,
  divergence: Divergence | undefined,
  options: Options,
): void {
  const torn = segments.reduce((sum, segment) => sum + segment.size - segment.wholeSize, 0);
  if (options.json) {
    const found = divergence && { event: divergence.event, ...described(divergence) };
    process.stdout.write(
      `${JSON.stringify({ trace, identical: !divergence, events, tornBytes: torn, ...(found && { divergence: found }) })}\n`,
    );
    return;
  }
  if (torn > 0)
    process.stderr.write(`${trace}: ${torn} bytes of an unfinished record at the end are left out\n`);
  if (!divergence)
    process.stdout.write(
      `${trace}: ${events} events in ${segments.length} segment${segments.length === 1 ? '' : 's'}, identical\n`,
    );
  else {
    const { input, recorded, decided, effects } = described(divergence);
    process.stdout.write(`${trace}: diverged at event ${divergence.event}\n`);
    process.stdout.write(
      `  event     ${JSON.stringify(input)}\n  recorded  effects with CRC-32C ${recorded}\n  now       ${decided}: ${JSON.stringify(effects)}\n`,
    );
  }
}

function described(divergence: Divergence) {
  const hex = (digest: number) => digest.toString(16).padStart(8, '0');
  return {
    input: decodeEvent(divergence.frame),
    recorded: hex(divergence.recorded),
    decided: hex(divergence.decided),
    effects: decodeEffects(divergence.effects),
  };
}
