import { type Paint, wrapped } from '../admin/paint.ts';
import { effectWords } from './effect_words.ts';
import { eventWords } from './event_words.ts';
import type { Chapter, Named, Story } from './story.ts';

/** The story of a subject for a person: what it is now, then event by event how it came to that. Returns lines. */
export function printStory(subject: string, story: Story, last: number, paint: Paint): string[] {
  const { chapters, pruned, notes } = story;
  const left = Math.max(0, chapters.length - last);
  const lines = [paint.bold(headline(subject, story))];
  for (const note of notes) lines.push(paint.bad(note));
  if (pruned > 0)
    lines.push(paint.faint(`what came before event ${pruned + 1} is pruned: a snapshot stands for it`));
  if (left > 0)
    lines.push(paint.faint(`${left} earlier events are left out: --last ${chapters.length} shows them`));
  let day = '';
  for (const chapter of chapters.slice(left)) {
    const [date, time] = stamp(chapter);
    if (date !== day) lines.push('', paint.bold(date));
    day = date;
    lines.push(...told(chapter, time, paint));
  }
  return lines;
}

function headline(subject: string, { now, chapters }: Story): string {
  if (now.length > 0) return now.map(stateWords).join('; ');
  return chapters.length > 0
    ? `${subject}: nothing of it is on record any more`
    : `${subject}: the journal knows nothing of it`;
}

function stateWords(entry: Named): string {
  if ('id' in entry) return `container ${entry.id} is ${entry.state}`;
  const holders = entry.holders as string[];
  const waiters = entry.waiters as string[];
  const told = [
    `volume ${entry.driver}/${entry.name} is ${entry.state}`,
    holders.length > 0 ? `held by ${holders.join(', ')}` : '',
    waiters.length > 0 ? `wanted by ${waiters.join(', ')}` : '',
    entry.doing ? `${entry.doing} is under way` : '',
    entry.error ? `${entry.error} (${entry.attempts} tries)` : '',
  ];
  return told.filter(Boolean).join(', ');
}

function told(chapter: Chapter, time: string, paint: Paint): string[] {
  const { number, setAside } = chapter;
  const text = `${number > 0 ? `#${number} ` : ''}${eventWords(chapter)}`;
  const failed = 'ok' in chapter.event && !chapter.event.ok;
  const [first = '', ...more] = wrapped(text, paint.width - time.length - 2, ' '.repeat(time.length + 4));
  const lines = [`${paint.faint(time)}  ${failed ? paint.bad(first) : first}`, ...more];
  if (setAside !== undefined)
    lines.push(...step(`set aside: the policy failed at it: ${setAside}`, paint, paint.bad));
  for (const effect of chapter.effects) {
    const words = effectWords(effect);
    if (words === undefined) continue;
    const isBad =
      effect.type === 'limit' || effect.type === 'alert' || (effect.type === 'reply' && !effect.ok);
    lines.push(...step(words, paint, isBad ? paint.bad : (same) => same));
  }
  return lines;
}

const INDENT = '    ';

function step(words: string, paint: Paint, colour: (text: string) => string): string[] {
  return wrapped(words, paint.width - INDENT.length - 2, '  ').map(
    (line, at) => `${INDENT}${at === 0 ? '→ ' : '  '}${colour(line)}`,
  );
}

/** Local day and time of an event; the policy's time where no clock made the journal. */
function stamp({ wallMs, at }: Chapter): [day: string, time: string] {
  if (wallMs === 0) return ['without a clock', `${at} ms`];
  const moment = new Date(wallMs);
  const two = (number: number) => String(number).padStart(2, '0');
  const day = [moment.getFullYear(), two(moment.getMonth() + 1), two(moment.getDate())].join('-');
  const time = [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map(two).join(':');
  return [day, `${time}.${String(moment.getMilliseconds()).padStart(3, '0')}`];
}
