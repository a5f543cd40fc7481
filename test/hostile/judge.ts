import { EVENTS } from '../../host/frames/schema.ts';
import type { Effect } from '../../host/frames/types.ts';

/** Every field that an event may have at its top, and the header of a frame. */
const FIELDS = new Set([
  'frame',
  'schema',
  'type',
  'at',
  'containers',
  ...EVENTS.flatMap(({ fields }) => fields.map(({ name }) => name)),
]);

const REQUEST = /^(label|environment|volume|container) ./s;

/** What the first words of a refusal have to name, by its code. A code that is not here is none that the design knows. */
const SUBJECTS: Record<string, RegExp> = {
  'bad-label': REQUEST,
  'bad-name': REQUEST,
  'bad-path': REQUEST,
  conflict: REQUEST,
  'unknown-driver': REQUEST,
  'not-offered': REQUEST,
  exclusive: REQUEST,
  'read-only': REQUEST,
  'create-not-allowed': REQUEST,
  'options-differ': REQUEST,
  'no-such-volume': /^(driver \S+ has no|there is no record of) volume/,
  'driver-refused': /^(get|create|mount|bind|volume) \S+\/\S+/,
  'driver-unreachable': /^volume \S+\/\S+/,
  'driver-failed': /^(bind|volume) \S+\/\S+/,
  'not-mounted': /^(bind \S+\/\S+|container .)/s,
  'place-failed': /^container ./s,
  timeout: /^(volume \S+\/\S+|the container paths)/,
  destroyed: /^container ./s,
  draining: /^this agent/,
  'not-recovered': /^(container .|recover|nothing can be done before)/s,
  pinned: /^volume \S+\/\S+/,
};

/** Says what is wrong with the answer to a hostile frame; undefined when nothing is. `frame` tells whose words an error may be. */
export function judge(frame: Uint8Array, effects: Effect[]): string | undefined {
  for (const effect of effects) {
    const problem = effect.type === 'reply' ? judgeReply(frame, effect) : judgeAlert(frame, effect);
    if (problem) return problem;
  }
  return undefined;
}

function judgeReply(frame: Uint8Array, effect: Effect & { type: 'reply' }): string | undefined {
  if (effect.ok) return effect.error ? `reply ${effect.call} is ok with an error` : undefined;
  if (!effect.error) return `reply ${effect.call} is refused without an error`;
  const { code, message, hint } = effect.error;
  if (hint.length === 0) return `${code} without a hint: ${message}`;
  if (code === 'bad-frame') return judgeField(frame, message);
  if (code === 'bad-config')
    return namesField(message) || message.startsWith('config')
      ? undefined
      : `bad-config names no field: ${message}`;
  const subject = SUBJECTS[code];
  if (!subject) return `unknown code ${code}: ${message}`;
  return subject.test(message) ? undefined : `${code} does not say whose it is: ${message}`;
}

function judgeAlert(frame: Uint8Array, effect: Effect): string | undefined {
  return effect.type === 'alert' && effect.code === 'bad-frame'
    ? judgeField(frame, effect.message)
    : undefined;
}

/** The reason of an `unreadable` event is the host's, taken from the frame word for word; every other must begin with a field. */
function judgeField(frame: Uint8Array, message: string): string | undefined {
  if (namesField(message)) return undefined;
  const isHosts = message.length > 0 && Buffer.from(frame).includes(message.slice(0, 200));
  return isHosts ? undefined : `bad-frame names no field: ${message}`;
}

function namesField(message: string): boolean {
  const path = /^([A-Za-z]+)(\.[^:]*)?: ./s.exec(message);
  return path !== null && FIELDS.has(path[1] as string);
}
