import type { Rule } from '../replay/result.ts';

/** A kind of difference as a sentence's beginning: `reply: ok, now read-only` becomes `replies ok that are now refused with read-only`. */
export function wordsOf(rule: string): string {
  const reply = /^reply: (\S+), now (\S+)$/.exec(rule);
  if (reply) return replies(reply[1] as string, reply[2] as string);
  if (rule === 'trap') return 'events at which the new policy fails';
  if (rule === 'state: refused') return 'states that the new policy does not take; what follows is not asked';
  if (rule === 'encoding') return 'effects that are the same, written in other bytes';
  const [kind, what] = rule.split(': ');
  if (what === 'added') return `${kind}: only the new policy has it`;
  if (what === 'left out') return `${kind}: the new policy has none`;
  return `${kind}: another ${what ?? 'value'}`;
}

function replies(was: string, is: string): string {
  if (was === 'ok') return `replies that now refuse with ${is}`;
  if (is === 'ok') return `replies that refused with ${was}, and are now ok`;
  return `replies that refused with ${was}, and do now with ${is}`;
}

/** One line: how often, and where first. */
export function lineOf({ rule, events, first, about }: Rule): string {
  const place = about === '' ? `#${first}` : `#${first}, ${about}`;
  return `${wordsOf(rule)}: ${events} event${events === 1 ? '' : 's'}, first ${place}`;
}
