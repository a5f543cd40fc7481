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

/** From people's form to the frame's. `at` is the path of `data`, for errors. Throws {@link UnknownField}. */
export function toFrame(shape: Shape, data: unknown, at: string): unknown {
  if (data === undefined || data === null) return null;
  if (shape.kind === 'list')
    return Array.isArray(data) ? data.map((item) => toFrame(shape.of, item, at)) : data;
  if (shape.kind === 'value' || !isObject(data)) return data;
  if (shape.kind === 'pairs') return Object.entries(data);
  if (shape.kind === 'record') return fieldsToFrame(shape.fields, data, at);
  return Object.entries(data).map(([name, item]) => {
    if (!isObject(item)) return [name, item];
    return [name, ...fieldsToFrame(shape.fields, item, `${at}.${name}`)];
  });
}

export function fieldsToFrame(fields: readonly Field[], data: Named, at: string): unknown[] {
  let known = 0;
  const values = fields.map(({ name, shape }) => {
    const item = data[name];
    if (item === undefined) return null;
    known += 1;
    return shape.kind === 'value' ? item : toFrame(shape, item, at === '' ? name : `${at}.${name}`);
  });
  const names = Object.keys(data);
  if (names.length !== known) refuseUnknown(fields, names, at);
  return values;
}

function refuseUnknown(fields: readonly Field[], names: readonly string[], at: string): void {
  for (const name of names)
    if (!fields.some((known) => known.name === name))
      throw new UnknownField(at === '' ? name : `${at}.${name}`);
}

/** From the frame's form to people's; what is nil is left out. */
export function fromFrame(shape: Shape, data: unknown): unknown {
  if (shape.kind === 'value' || !Array.isArray(data)) return data;
  if (shape.kind === 'list') return data.map((item) => fromFrame(shape.of, item));
  if (shape.kind === 'pairs') return Object.fromEntries(data as [string, unknown][]);
  if (shape.kind === 'record') return fieldsFromFrame(shape.fields, data);
  return Object.fromEntries(data.map(([name, ...rest]) => [name, fieldsFromFrame(shape.fields, rest)]));
}

export function fieldsFromFrame(fields: readonly Field[], data: readonly unknown[]): Named {
  const result: Named = {};
  for (let index = 0; index < fields.length; index += 1) {
    const { name, shape, quiet: isQuiet } = fields[index] as Field;
    const item = data[index];
    if (item === undefined || item === null || (isQuiet && item === false)) continue;
    result[name] = shape.kind === 'value' ? item : fromFrame(shape, item);
  }
  return result;
}
