import type { Table } from './table.ts';

export const BEGIN = '<!-- made by npm run facts: begin -->';
export const END = '<!-- made by npm run facts: end -->';

type Tables = { notWanted: Table; wanted: Table };

/** What stands between the markers: both tables, and how many states they are made of. */
export function markdownOf({ notWanted, wanted }: Tables): string {
  const parts = [
    'Nobody wants it:',
    render(notWanted),
    'Somebody wants it:',
    render(wanted),
    `Made of ${notWanted.asked + wanted.asked} states, each put before the policy. States that cannot be have no row of their own:`,
    [...reasons([notWanted, wanted])].map(([why, count]) => `- ${why} (${count} states)`).join('\n'),
  ];
  return parts.join('\n\n');
}

/** A text with what stands between the markers replaced. Throws when it has no markers. */
export function between(text: string, made: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`ARCHITECTURE.md lacks the lines ${BEGIN} and ${END}`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${made}\n\n${text.slice(end)}`;
}

function render({ wants, rows }: Table): string {
  const columns = merged(
    wants.map(({ title }, at) => ({ title, cells: rows.map(({ cells }) => cells[at] as string) })),
  );
  const facts = rows.map(({ section, when }) =>
    [section, ...when.map(({ name, values }) => `\`${name}\` ${values.join(' or ')}`)]
      .filter(Boolean)
      .join('; '),
  );
  return aligned([
    ['facts', ...columns.map(({ title }) => title)],
    ...facts.map((fact, at) => [fact, ...columns.map(({ cells }) => cells[at] as string)]),
  ]);
}

/** Columns that are the same in every row become one. */
function merged(columns: { title: string; cells: string[] }[]) {
  const kept: { title: string; cells: string[] }[] = [];
  for (const column of columns) {
    const same = kept.find(({ cells }) => cells.every((cell, at) => cell === column.cells[at]));
    if (same) same.title += `; ${column.title}`;
    else kept.push({ ...column });
  }
  return kept;
}

function aligned(lines: string[][]): string {
  const widths = (lines[0] as string[]).map((_, at) =>
    Math.max(...lines.map((line) => (line[at] as string).length)),
  );
  const row = (cells: string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] as number)).join(' | ')} |`;
  const [head, ...rest] = lines as [string[], ...string[][]];
  return [row(head), row(widths.map((width) => '-'.repeat(width))), ...rest.map(row)].join('\n');
}

function reasons(tables: Table[]): Map<string, number> {
  const all = new Map<string, number>();
  for (const { nevers } of tables)
    for (const [why, count] of nevers) {
      const text = why.replace('never: ', '');
      all.set(text, (all.get(text) ?? 0) + count);
    }
  return all;
}
