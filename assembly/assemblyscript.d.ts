/**
 * What AssemblyScript has beyond its portable typings, as far as the policy uses it: raw memory (wire/ only), and collections
 * whose `get` traps instead of answering undefined and whose `keys` and `values` are arrays. Only tsc and editors read this.
 */

declare type u64 = number;

declare function load<T>(at: usize): T extends bool ? u32 : number;
declare function store<T>(at: usize, value: number): void;
declare function reinterpret<T>(value: number): number;

declare function __collect(): void;

declare namespace memory {
  function copy(to: usize, from: usize, size: usize): void;
  function fill(to: usize, value: u8, size: usize): void;
}

declare namespace heap {
  function alloc(size: usize): usize;
  function realloc(at: usize, size: usize): usize;
  function free(at: usize): void;
}

interface StringConstructor {
  readonly UTF8: {
    byteLength(text: string): i32;
    decodeUnsafe(at: usize, size: usize): string;
    encodeUnsafe(text: usize, length: i32, at: usize): usize;
  };
}

interface Uint8Array {
  readonly dataStart: usize;
}

interface Map<K, V> {
  get(key: K): V;
  keys(): K[];
  values(): V[];
}

interface Set<T> {
  values(): T[];
}

interface Array<T> {
  pop(): T;
  shift(): T;
}
