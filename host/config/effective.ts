import { type Schema, schema } from 'moorage:config-check';

/** The configuration with its defaults written out. It must be a good one. */
export function effective(config: unknown): unknown {
  return filled(config, schema);
}

function filled(value: unknown, { properties = {}, additionalProperties, items }: Schema): unknown {
  if (Array.isArray(value)) return value.map((item) => (items ? filled(item, items) : item));
  if (typeof value !== 'object' || value === null) return value;
  const given = value as Record<string, unknown>;
  const names = [...Object.keys(properties), ...Object.keys(given).filter((name) => !(name in properties))];
  const all = names.map((name): [string, unknown] => {
    const rules = properties[name] ?? (additionalProperties || {});
    return [name, filled(given[name] ?? rules.default, rules)];
  });
  return Object.fromEntries(all.filter(([, item]) => item !== undefined));
}
