/** Every value inside of a decoded frame replaced by others, one at a time. */

export type Path = readonly (string | number)[];

const OTHERS: readonly [name: string, value: unknown][] = [
  ['nil', null],
  ['-2', -2],
  ['-1', -1],
  ['0', 0],
  ['1', 1],
  ['2', 2],
  ['1.5', 1.5],
  // The ends of what is allowed somewhere, and one more.
  ...[3, 4, 10, 11, 13, 14, 15, 1024, 1025, 1_000_000, 1_000_001, 1_000_000_000, 1_000_000_001].map(
    (value): [string, number] => [String(value), value],
  ),
  ['a week', 604_800_000],
  ['a week and 1', 604_800_001],
  ['2^53-1', 2 ** 53 - 1],
  ['2^53', 2 ** 53],
  ['true', true],
  ['""', ''],
  ['"x"', 'x'],
  ['[]', []],
  ['[[]]', [[]]],
  ['{}', {}],
];

/** All places in a value, itself left out; of lists that go on alike only the first few. */
export function pathsIn(
  value: unknown,
  isEnough: (path: Path) => boolean = () => false,
  at: Path = [],
): Path[] {
  if (isEnough(at) || value === null || typeof value !== 'object' || value instanceof Uint8Array) return [];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.flatMap((key) => {
    const path = [...at, key];
    return [path, ...pathsIn((value as Record<string | number, unknown>)[key], isEnough, path)];
  });
}

/** The value with something else at a place, under the name of what was put there; lists also one longer and one shorter. */
export function variationsAt(value: unknown, path: Path): [name: string, value: unknown][] {
  const there = path.reduce((part: unknown, key) => (part as Record<string | number, unknown>)[key], value);
  const lengths: [string, unknown][] = Array.isArray(there)
    ? [
        ['one more', [...there, there[0] ?? null]],
        ['one fewer', there.slice(0, -1)],
      ]
    : [];
  return [...OTHERS, ...lengths].map(([name, other]) => [name, replaced(value, path, other)]);
}

function replaced(value: unknown, [key, ...rest]: Path, other: unknown): unknown {
  if (key === undefined) return other;
  const inner = replaced((value as Record<string | number, unknown>)[key], rest, other);
  if (!Array.isArray(value)) return { ...(value as object), [key]: inner };
  return value.map((item, index) => (index === key ? inner : item));
}

/** Lines of `place: value, value -> answer`, the values with one answer together. */
export function variationLines(
  value: unknown,
  paths: readonly Path[],
  answer: (varied: unknown) => string,
): string[] {
  return paths.flatMap((path) => {
    const byAnswer = new Map<string, string[]>();
    for (const [name, varied] of variationsAt(value, path)) {
      const text = answer(varied);
      byAnswer.set(text, [...(byAnswer.get(text) ?? []), name]);
    }
    return [...byAnswer].map(([text, names]) => `${path.join('.')}: ${names.join(' ')} -> ${text}`);
  });
}
