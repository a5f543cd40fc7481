import type { Schema } from 'moorage:config-check';

/** The tables of docs/configuration.md, made from the schema: one for each object, its keys in order. */
export function configTables(schema: Schema): string {
  return sections('', schema).join('\n\n');
}

function sections(path: string, schema: Schema): string[] {
  const { properties = {}, required = [] } = schema;
  const rows = Object.entries(properties).map(([name, rules]) => [
    `\`${name}\``,
    typeOf(rules),
    required.includes(name) ? 'must be there' : defaultOf(rules),
    (rules.description ?? '').replaceAll('|', '\\|'),
  ]);
  const own = Object.entries(properties).flatMap(([name, rules]) =>
    within(path === '' ? name : `${path}.${name}`, rules),
  );
  const head = path === '' ? '### At the top' : `### \`${path}\``;
  return [`${head}\n\n${table([['key', 'value', 'default', 'what it is'], ...rows])}`, ...own];
}

/** Objects with keys of their own: named ones, and those that have entries of one kind. */
function within(path: string, rules: Schema): string[] {
  if (rules.properties) return sections(path, rules);
  const entries = rules.additionalProperties || undefined;
  if (!entries?.properties) return [];
  return sections(
    `${path}.${rules.propertyNames?.title?.startsWith('DRIVER') ? 'DRIVER/NAME' : 'NAME'}`,
    entries,
  );
}

function typeOf({ type, enum: words, minimum, maximum, items, title }: Schema): string {
  if (words) return words.map((word) => `\`${word}\``).join(', ');
  if (type === 'integer') return `${minimum} to ${maximum}`;
  if (type === 'array') return `list of: ${short(items?.title)}`;
  if (type === 'boolean') return '`true`, `false`';
  return type === 'object' ? 'object' : short(title);
}

/** The rule in full is told when it is broken. */
function short(title = 'text'): string {
  return /^(?:a name|an absolute path|a SHA-256 digest)/.exec(title)?.[0] ?? title;
}

function defaultOf({ default: value }: Schema): string {
  return value === undefined ? '–' : `\`${JSON.stringify(value)}\``;
}

function table(rows: string[][]): string {
  const widths = (rows[0] as string[]).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] as number)).join(' | ')} |`;
  const [head, ...body] = rows as [string[], ...string[][]];
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
