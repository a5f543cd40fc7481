/** The entry of `known` that `text` was probably meant to be; undefined when none is near. Upper and lower case do not count. */
export function nearest(text: string, known: readonly string[]): string | undefined {
  const most = Math.floor(text.length / 3) + 1;
  const near = known
    .map((entry) => ({ entry, edits: distance(text.toLowerCase(), entry.toLowerCase()) }))
    .filter(({ edits }) => edits <= most)
    .sort((left, right) => left.edits - right.edits);
  return near[0]?.entry;
}

/** Levenshtein distance. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i += 1) {
    const above = row;
    row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const swap = (above[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      row.push(Math.min(swap, (above[j] as number) + 1, (row[j - 1] as number) + 1));
    }
  }
  return row[to.length] as number;
}
