import { decodeEvent, stampOf } from '../../host/frames/event_frame.ts';
import type { EventPlace } from './result.ts';

type Fields = Record<string, unknown>;

/** The event in a frame; what the policy answered as unreadable is shown as such. */
export function eventOf(frame: Uint8Array): Fields {
  try {
    return decodeEvent(frame) as unknown as Fields;
  } catch (error) {
    return { type: 'unreadable', at: stampOf(frame).at, why: (error as Error).message };
  }
}

/** Where an event stands and what it is about. `wallMs`: of its record, 0 where no clock made it. */
export function placeOf(event: number, frame: Uint8Array, wallMs: number): EventPlace {
  const fields = eventOf(frame);
  return {
    event,
    type: String(fields.type),
    at: stampOf(frame).at,
    ...(wallMs > 0 && { wall: new Date(wallMs).toISOString() }),
    about: aboutOf(fields),
  };
}

function aboutOf(fields: Fields): string {
  const { container, id, effect, target, driver, name, verb, call } = fields;
  const named = (container as Fields | undefined)?.id ?? id;
  if (named !== undefined) return `container ${named}`;
  if (effect !== undefined) return `effect ${effect}`;
  if (target !== undefined) return `target ${target}`;
  if (verb !== undefined)
    return [verb, name === undefined ? driver : `${driver}/${name}`].filter(Boolean).join(' ');
  return call === undefined ? '' : `call ${call}`;
}
