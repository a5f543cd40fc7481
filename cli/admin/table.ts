import { cut, type Paint } from './paint.ts';

const GAP = '  ';
/** Where the columns of a table do not fit even so, each row becomes a few lines of its own. */
const LAST_LEAST = 12;

/** A table as lines: columns as wide as they need to be, the last one cut where the terminal ends. The first row is the head. */
export function tableOf(rows: readonly (readonly string[])[], paint: Paint): string[] {
  const [head, ...body] = rows as [readonly string[], ...(readonly string[])[]];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0);
  if (before + LAST_LEAST > paint.width) return body.flatMap((row) => card(head, row, paint));
  const line = (row: readonly string[]) =>
    cut(
      row.map((cell, at) => (at < row.length - 1 ? cell.padEnd(widths[at] as number) : cell)).join(GAP),
      paint.width,
    ).trimEnd();
  return [paint.bold(line(head)), ...body.map(line)];
}

function card(head: readonly string[], [first = '', ...cells]: readonly string[], paint: Paint): string[] {
  const told = cells.flatMap((cell, at) =>
    cell === '' ? [] : [cut(`${GAP}${head[at + 1]?.toLowerCase()}: ${cell}`, paint.width)],
  );
  return [paint.bold(cut(first, paint.width)), ...told];
}
