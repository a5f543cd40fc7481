import { check, type Schema, type SchemaError, schema } from 'moorage:config-check';
import { nearest } from '../nearest.ts';

/** All that is wrong with a configuration, one sentence each: the key with its path, what is wrong, what was probably meant. */
export function problemsOf(config: unknown): string[] {
  if (check(config)) return [];
  // A broken rule for keys is told twice: by what it is, and that there is one.
  const errors = (check.errors ?? []).filter(({ keyword }) => keyword !== 'propertyNames');
  return [...new Set(errors.map((error) => sentence(error, config)))];
}

function sentence(error: SchemaError, config: unknown): string {
  const steps = stepsOf(error.instancePath);
  const path = steps.join('.');
  const rules = ruleOf(error.schemaPath);
  if (error.keyword === 'additionalProperties')
    return unknownKey([...steps, error.params.additionalProperty as string], rules);
  if (error.keyword === 'required') return missing(steps, error.params.missingProperty as string, rules);
  if (error.propertyName !== undefined)
    return `${[...steps, error.propertyName].join('.')}: must be ${rules.title}`;
  const value = steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)?.[step], config);
  return `${path || 'the configuration'}: ${shown(value)} ${must(error.keyword, rules, value)}`;
}

function unknownKey(path: readonly string[], { properties = {} }: Schema): string {
  const known = Object.keys(properties);
  const near = nearest(path.at(-1) as string, known);
  return `${path.join('.')}: unknown key; ${near ? `did you mean ${near}?` : `known are ${known.join(', ')}`}`;
}

function missing(steps: readonly string[], key: string, { properties = {} }: Schema): string {
  const { description = '' } = properties[key] ?? {};
  return `${[...steps, key].join('.')}: is missing. ${description}`.trimEnd();
}

/** What the value must be, after itself. */
function must(
  keyword: string,
  { type, enum: words = [], minimum, maximum, title }: Schema,
  value: unknown,
): string {
  if (keyword === 'enum') {
    const near = typeof value === 'string' ? nearest(value, words) : undefined;
    return `is none of ${words.join(', ')}${near ? `; did you mean ${near}?` : ''}`;
  }
  if (keyword === 'minimum' || keyword === 'maximum') return `must be from ${minimum} to ${maximum}`;
  if (keyword === 'pattern') return title ? `must be ${title}` : 'must not be empty';
  return `must be ${TYPES[type ?? ''] ?? type}`;
}

const TYPES: Record<string, string> = {
  integer: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function stepsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The schema that has the rule of that pointer in it. */
function ruleOf(pointer: string): Schema {
  return stepsOf(decodeURIComponent(pointer))
    .slice(0, -1)
    .reduce<Schema>((at, step) => (at as Record<string, Schema>)[step] as Schema, schema);
}
