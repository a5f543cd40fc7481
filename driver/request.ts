import { BadRequest } from './errors.ts';

/** The JSON object of a request. */
export type RequestFields = Readonly<Record<string, unknown>>;

/** Reads a body. An empty one and `null` are an object without fields: Docker sends neither where nothing is asked. */
export function parseBody(body: Uint8Array): RequestFields {
  const value = body.length === 0 ? null : parseJson(body);
  if (value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as RequestFields;
  throw new BadRequest(`the body must be a JSON object, it is ${typeName(value)}`);
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    throw new BadRequest(`the body is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** A field that must be a string; missing is as empty. */
export function stringField(fields: RequestFields, name: string): string {
  const value = ownField(fields, name);
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  throw new BadRequest(`${name}: must be a string, it is ${typeName(value)}`);
}

/** A field that must be an object of strings; missing or null is as empty. */
export function mapField(fields: RequestFields, name: string): ReadonlyMap<string, string> {
  const value = ownField(fields, name);
  if (value === undefined || value === null) return new Map();
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new BadRequest(`${name}: must be an object of strings, it is ${typeName(value)}`);
  }
  const entries = Object.entries(value);
  for (const [key, text] of entries) {
    if (typeof text !== 'string')
      throw new BadRequest(`${name}.${key}: must be a string, it is ${typeName(text)}`);
  }
  return new Map(entries as [string, string][]);
}

/** What the caller sent, never what every object has by itself. */
function ownField(fields: RequestFields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
