import type { ReplyEffect } from './frames/types.ts';

function refusal(code: string, message: string, hint: string): ReplyEffect {
  return { type: 'reply', call: 0, ok: false, error: { code, message, hint } };
}

/** To a frame that no caller may send. */
export const BAD_FRAME = refusal(
  'bad-frame',
  'not an event frame of schema 1',
  'build frames with the headers of this version',
);

/** To a call that comes before the recovery. */
export const NOT_RECOVERED = refusal(
  'not-recovered',
  'this host has not heard of the running containers yet',
  'send recover first, and wait for its answer',
);

/** To a prepare on a full disk: what could not be journaled to its end is not begun. */
export function noRoom(why: string): ReplyEffect {
  return refusal(
    'storage',
    `the journal has no room for another task: ${why}`,
    'make room on the file system of the state directory; tasks are taken again by themselves',
  );
}

/** What a driver answered does not fit into a frame: the effect failed. */
export function tooLarge(event: Record<string, unknown>): Record<string, unknown> {
  const error = { code: 'too-large', message: 'the answer is larger than a frame', kind: 'timeout' };
  return { type: event.type, effect: event.effect, ok: false, error };
}
