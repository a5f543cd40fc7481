import { pack, unpack } from './codec.ts';
import { EFFECTS, SCHEMA } from './schema.ts';
import { fieldsFromFrame, fieldsToFrame } from './shapes.ts';
import type { Effect } from './types.ts';

const byNumber = new Map(EFFECTS.map((kind) => [kind.number, kind]));
const HEADER = ['type'];
const byType = new Map(EFFECTS.map((kind) => [kind.type, kind]));

/** The effects of one step: [schema, [[type, fields...], ...]]. Throws when it is no such frame: then the policy is at fault. */
export function decodeEffects(frame: Uint8Array): Effect[] {
  const data = unpack(frame);
  if (!Array.isArray(data) || data[0] !== SCHEMA || !Array.isArray(data[1])) {
    throw new Error('the policy answered something that is no effects frame');
  }
  return data[1].map(effectOf);
}

function effectOf(effect: unknown[]): Effect {
  const kind = byNumber.get(effect[0] as number);
  if (!kind) throw new Error(`the policy answered an unknown effect, number ${effect[0]}`);
  return fieldsFromFrame(kind.fields, effect, 1, { type: kind.type }) as unknown as Effect;
}

/** The effect in a frame that {@link encodeEffect} made. */
export function decodeEffect(frame: Uint8Array): Effect {
  const [, ...effect] = unpack(frame) as unknown[];
  return effectOf(effect);
}

/** One effect as a frame of its own, for a caller of the C ABI: [schema, type, fields...]. */
export function encodeEffect(effect: Effect): Uint8Array {
  const kind = byType.get(effect.type);
  if (!kind) throw new Error(`no effect is called ${effect.type}`);
  const fields = effect as unknown as Record<string, unknown>;
  return pack(fieldsToFrame(kind.fields, fields, [SCHEMA, kind.number], HEADER));
}
