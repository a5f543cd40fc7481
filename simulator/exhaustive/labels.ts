import type { Fingerprint } from './fingerprint.ts';

/**
 * Puts values into a fingerprint so that names make no difference: what is only a label counts by the order of its first
 * appearance. That is sound for what is compared with nothing but its equals and never given out twice.
 */
export interface Labels {
  /** Nothing has a name yet. */
  begin(): void;
  add(value: number): void;
  /** A number that only names something: of a mount, an effect, a call, a process. 0 is none. */
  label(kind: Kind, value: number): void;
  /** One of several objects that may look the same. True when it is new: then what is in it is to be told. */
  object(value: object): boolean;
  /** Names of containers and devices in it are labels, the rest is what it is. */
  text(value: string): void;
  /** An order of texts in which names count by the order of their first appearance; one that has not come is after all others. */
  compare(one: string, other: string): number;
}

export type Kind = 'mount' | 'effect' | 'call' | 'pid';

interface Parsed {
  /** The text without its names, as a number of its own. */
  readonly shape: number;
  readonly names: readonly string[];
}

/** Not those of volumes: the policy sorts by path, so they are not alike. */
const NAME = /\b(?:c\d+|7:\d+)\b/g;
const UNNAMED: readonly string[] = [];
const FIRST_TEXT = 0x4000_0000;
const FIRST_LABEL = 0x2000_0000;

export function createLabels(fingerprint: Fingerprint): Labels {
  const shapes = new Map<string, number>();
  const parsed = new Map<string, Parsed>();
  const kinds = { mount: new Map(), effect: new Map(), call: new Map(), pid: new Map() } as Record<
    Kind,
    Map<number, number>
  >;
  const names = new Map<string, number>();
  const objects = new Map<object, number>();

  function parse(value: string): Parsed {
    const found = parsed.get(value);
    if (found) return found;
    const shape = value.replace(NAME, (name) => `<${name[0]}>`);
    if (!shapes.has(shape)) shapes.set(shape, FIRST_TEXT + shapes.size);
    const result = { shape: shapes.get(shape) as number, names: value.match(NAME) ?? UNNAMED };
    parsed.set(value, result);
    return result;
  }

  function orderOf<Key>(map: Map<Key, number>, key: Key): number {
    let order = map.get(key);
    if (order === undefined) {
      order = map.size;
      map.set(key, order);
    }
    return order;
  }

  function placeOf(name: string | undefined): number {
    return names.get(name ?? '') ?? names.size;
  }

  return {
    begin() {
      for (const map of Object.values(kinds)) map.clear();
      names.clear();
      objects.clear();
    },
    add: fingerprint.add,
    label(kind, value) {
      if (value === 0) fingerprint.add(value);
      else fingerprint.add(FIRST_LABEL + orderOf(kinds[kind], value));
    },
    object(value) {
      const isNew = !objects.has(value);
      fingerprint.add(FIRST_LABEL + orderOf(objects, value));
      return isNew;
    },
    text(value) {
      const { shape, names: found } = parse(value);
      fingerprint.add(shape);
      for (const name of found) fingerprint.add(orderOf(names, name));
    },
    compare(one, other) {
      const [left, right] = [parse(one), parse(other)];
      if (left.shape !== right.shape) return left.shape - right.shape;
      const at = left.names.findIndex((name, index) => name !== right.names[index]);
      return at < 0 ? 0 : placeOf(left.names[at]) - placeOf(right.names[at]);
    },
  };
}
