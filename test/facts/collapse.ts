/** A table cell that stands for a state that never is, with the reason. */
const NEVER = 'never: ';

export function never(why: string): string {
  return NEVER + why;
}

export function isNever(cell: string): boolean {
  return cell.startsWith(NEVER);
}

/** A fact by which rows are told apart, with its values in order. */
export interface Axis {
  name: string;
  values: readonly string[];
}

export interface Row {
  /** The values that lead here; facts that make no difference are left out. */
  when: { name: string; values: readonly string[] }[];
  cells: readonly string[];
}

/**
 * Few rows for many. `vectors` has the cells of every combination of the axes, the first axis changing slowest. Values after which all is the
 * same are put together; a state that never is agrees with everything, and a value that never is is not named.
 */
export function collapse(axes: readonly Axis[], vectors: readonly (readonly string[])[]): Row[] {
  const same = agree(vectors);
  if (same) return [{ when: [], cells: same }];
  const [axis, ...rest] = axes;
  if (!axis) throw new Error('two answers to one combination');
  const size = vectors.length / axis.values.length;
  const groups: { values: string[]; vectors: readonly (readonly string[])[] }[] = [];
  const counts: string[] = [];
  axis.values.forEach((value, at) => {
    const part = vectors.slice(at * size, (at + 1) * size);
    if (part.every((cells) => cells.every(isNever))) return;
    counts.push(value);
    for (const group of groups) {
      const merged = merge(group.vectors, part);
      if (!merged) continue;
      group.values.push(value);
      group.vectors = merged;
      return;
    }
    groups.push({ values: [value], vectors: part });
  });
  return groups.flatMap(({ values, vectors: part }) =>
    collapse(rest, part).map(({ when, cells }) => ({
      when: values.length === counts.length ? when : [{ name: axis.name, values }, ...when],
      cells,
    })),
  );
}

/** The one row of cells that all of these are, or undefined. */
function agree(vectors: readonly (readonly string[])[]): readonly string[] | undefined {
  let one = vectors[0] as readonly string[];
  for (const vector of vectors) {
    const merged = mergeCells(one, vector);
    if (!merged) return undefined;
    one = merged;
  }
  return one;
}

function merge(left: readonly (readonly string[])[], right: readonly (readonly string[])[]) {
  const merged: (readonly string[])[] = [];
  for (const [at, cells] of left.entries()) {
    const both = mergeCells(cells, right[at] as readonly string[]);
    if (!both) return undefined;
    merged.push(both);
  }
  return merged;
}

function mergeCells(left: readonly string[], right: readonly string[]): readonly string[] | undefined {
  const merged: string[] = [];
  for (const [at, cell] of left.entries()) {
    const other = right[at] as string;
    if (cell !== other && !isNever(cell) && !isNever(other)) return undefined;
    merged.push(isNever(cell) ? other : cell);
  }
  return merged;
}
