/**
 * How a value looks to people (objects with names) and how it looks in a frame (lists by position). A shape says both, and
 * the two functions here go from one to the other.
 *
 * Nothing is checked on the way in beyond unknown names: a value of a wrong kind is passed on as it is, since it is the
 * policy that says what is wrong with it.
 */
export type Shape =
  | { readonly kind: 'value' }
  | { readonly kind: 'record'; readonly fields: readonly Field[] }
  | { readonly kind: 'list'; readonly of: Shape }
  /** An object whose names are data; in the frame pairs of name and value, in their order. */
  | { readonly kind: 'pairs' }
  /** An object of records whose names are data; in the frame each record starts with its name. */
  | { readonly kind: 'named'; readonly fields: readonly Field[] };

export interface Field {
  readonly name: string;
  readonly shape: Shape;
  /** Left out for people when false. */
  readonly quiet?: boolean;
}

export const value: Shape = { kind: 'value' };
export const pairs: Shape = { kind: 'pairs' };
export const list = (of: Shape): Shape => ({ kind: 'list', of });
export const record = (...fields: Field[]): Shape => ({ kind: 'record', fields });
export const named = (...fields: Field[]): Shape => ({ kind: 'named', fields });
export const field = (name: string, shape: Shape = value): Field => ({ name, shape });
export const quiet = (name: string): Field => ({ name, shape: value, quiet: true });

/** A name that stands where none of the known ones does. */
export class UnknownField extends Error {
  constructor(readonly field: string) {
    super(`${field}: unknown field`);
  }
}

type Named = Record<string, unknown>;

function isObject(data: unknown): data is Named {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

/** From people's form to the frame's. Throws {@link UnknownField}, which names the path as seen from here. */
function toFrame(shape: Shape, data: unknown): unknown {
  if (data === undefined || data === null) return null;
  if (shape.kind === 'value') return data;
  if (shape.kind === 'list') return Array.isArray(data) ? data.map((item) => toFrame(shape.of, item)) : data;
  if (!isObject(data)) return data;
  if (shape.kind === 'pairs') return Object.entries(data);
  if (shape.kind === 'record') return fieldsToFrame(shape.fields, data);
  return Object.entries(data).map(([name, item]) => {
    if (!isObject(item)) return [name, item];
    return [name, ...within(name, () => fieldsToFrame(shape.fields, item))];
  });
}

/** Puts the fields in their order behind what `frame` has. `data` may have those of `besides` as well, which are left out. */
export function fieldsToFrame(
  fields: readonly Field[],
  data: Named,
  frame: unknown[] = [],
  besides: readonly string[] = NONE,
): unknown[] {
  let known = 0;
  for (const name of besides) if (data[name] !== undefined) known += 1;
  for (const { name, shape } of fields) {
    const item = data[name];
    if (item !== undefined) known += 1;
    frame.push(shape.kind === 'value' ? (item ?? null) : within(name, toFrame, shape, item));
  }
  let given = 0;
  for (const _ in data) given += 1;
  if (given > known) refuseUnknown(fields, data, besides);
  return frame;
}

const NONE: readonly string[] = [];

/** Fields that are there without a value are counted as given, but not as known. */
function refuseUnknown(fields: readonly Field[], data: Named, besides: readonly string[]): void {
  const isKnown = (name: string) => besides.includes(name) || fields.some((field) => field.name === name);
  const unknown = Object.keys(data).find((name) => !isKnown(name));
  if (unknown !== undefined) throw new UnknownField(unknown);
}

/** Runs it; what it finds unknown lies within `name`. */
function within<Given extends unknown[], Result>(
  name: string,
  run: (...given: Given) => Result,
  ...given: Given
): Result {
  try {
    return run(...given);
  } catch (error) {
    if (error instanceof UnknownField) throw new UnknownField(`${name}.${error.field}`);
    throw error;
  }
}

/** From the frame's form to people's; what is nil is left out. */
function fromFrame(shape: Shape, data: unknown): unknown {
  if (shape.kind === 'value' || !Array.isArray(data)) return data;
  if (shape.kind === 'list') return data.map((item) => fromFrame(shape.of, item));
  if (shape.kind === 'pairs') return Object.fromEntries(data as [string, unknown][]);
  if (shape.kind === 'record') return fieldsFromFrame(shape.fields, data, 0, {});
  return Object.fromEntries(data.map((item) => [item[0], fieldsFromFrame(shape.fields, item, 1, {})]));
}

/** Puts the fields, which begin at `first` of `data`, into `result`. */
export function fieldsFromFrame(
  fields: readonly Field[],
  data: readonly unknown[],
  first: number,
  result: Named,
): Named {
  for (let i = 0; i < fields.length; i += 1) {
    const { name, shape, quiet } = fields[i] as Field;
    const item = data[first + i];
    if (item === undefined || item === null || (quiet && item === false)) continue;
    result[name] = fromFrame(shape, item);
  }
  return result;
}
