import { Command } from 'commander';
import { nearest } from '../host/nearest.ts';
import { paintFor } from './admin/paint.ts';
import { STATE_HELP, stateDirOf } from './admin/state_dir.ts';
import { shown } from './replay/differences.ts';
import { CheckError, UsageError } from './usage_error.ts';
import { effectWords } from './why/effect_words.ts';
import { eventWords } from './why/event_words.ts';
import { printStory } from './why/print.ts';
import { readStory } from './why/read_story.ts';
import type { Chapter, Story } from './why/story.ts';
import { subjectOf } from './why/subject.ts';

const EXAMPLES = `Examples:
  moorage why rexray/vol-7bca078f                        how the volume came to be as it is
  moorage why etl_extract.e3279732-1                     what became of a container's volumes
  moorage why vol-7bca078f --last 10 --state /var/lib/moorage-agent/state
`;

const NOTES = `
Reads the journal and steps it again; no isolator needs to run, and one that does is not touched.
Exit codes: 0 told, 1 the journal knows nothing of it, 2 usage, or a journal that cannot be read.
`;

const LAST = '40';

interface Options {
  state?: string;
  last: string;
  json?: boolean;
}

/** `moorage why SUBJECT`: the events and effects that brought a container or a volume to its state. */
export function whyCommand(): Command {
  return new Command('why')
    .summary('how a container or a volume came to its state')
    .description('Tells the events and effects of the journal that concern one container or one volume.')
    .argument('<subject>', 'container id, DRIVER/NAME, or the name of a volume')
    .option('--state <dir>', STATE_HELP)
    .option('--last <number>', 'so many events at most, the last ones', LAST)
    .option('--json', 'one JSON object on stdout')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .action(run);
}

async function run(text: string, options: Options): Promise<void> {
  const last = Number(options.last);
  if (!Number.isInteger(last) || last < 1)
    throw new UsageError(`--last ${options.last}: name a whole number from 1 on`);
  const subject = subjectOf(text);
  const story = readStory(stateDirOf(options), subject);
  if (story.chapters.length === 0 && story.now.length === 0) throw unknown(text, story);
  const lines = options.json
    ? [JSON.stringify(asJson(text, story, last))]
    : printStory(text, story, last, paintFor(process.stdout));
  process.stdout.write(`${lines.join('\n')}\n`);
}

function unknown(text: string, { known, pruned, notes }: Story): CheckError {
  const names = [...known];
  const near =
    names.find((name) => name.startsWith(text) || name.endsWith(`/${text}`)) ?? nearest(text, names);
  const hint = near ? `did you mean ${near}?` : 'moorage status shows what there is';
  const before = pruned > 0 ? ` since event ${pruned + 1}; what was before is pruned` : '';
  return new CheckError(
    [`${text}: the journal knows nothing of it${before}; ${hint}`, ...notes].join('\n  '),
  );
}

function asJson(subject: string, { chapters, events, pruned, now, notes }: Story, last: number) {
  return {
    subject,
    now,
    pruned,
    events,
    leftOut: Math.max(0, chapters.length - last),
    notes,
    chain: chapters.slice(-last).map(chapterJson),
  };
}

/** Of an event only what names it: labels and options may hold secrets. */
function chapterJson(chapter: Chapter) {
  const { number, wallMs, at, event, effects, ended, setAside } = chapter;
  return {
    event: number,
    wall: wallMs > 0 ? new Date(wallMs).toISOString() : null,
    at,
    type: event.type,
    words: eventWords(chapter),
    ...(ended && { effect: shown(ended.effect), tookMs: ended.tookMs }),
    ...('error' in event && event.error && { error: event.error }),
    ...(setAside !== undefined && { setAside }),
    effects: effects
      .filter(({ type }) => type !== 'wake')
      .map((effect) => ({ ...shown(effect), words: effectWords(effect) })),
  };
}
