/**
 * What every file of assembly/ may use without importing it, as plain TypeScript: setup/portable.mjs puts an import of this file
 * before each of them.
 */
export { heap } from './heap.ts';

export function i32(value: number): number {
  return value | 0;
}

export function u32(value: number): number {
  return value >>> 0;
}

export function usize(value: number): number {
  return value >>> 0;
}

export function f64(value: number): number {
  return value;
}

/** The platform collects when it likes. */
export function __collect(): void {}

/** Throws where wasm would trap. */
export function assert(isSo: unknown, message = 'an assertion failed'): void {
  if (!isSo) throw new Error(message);
}

export function unreachable(): never {
  throw new Error('unreachable');
}

/** AssemblyScript's map: `values` is a list, and `get` of a key that is not there is a fault. */
class PolicyMap<K, V> {
  private readonly map = new Map<K, V>();

  get size(): number {
    return this.map.size;
  }

  has(key: K): boolean {
    return this.map.has(key);
  }

  get(key: K): V {
    const value = this.map.get(key);
    if (value === undefined) throw new Error('Key does not exist');
    return value;
  }

  set(key: K, value: V): this {
    this.map.set(key, value);
    return this;
  }

  delete(key: K): boolean {
    return this.map.delete(key);
  }

  clear(): void {
    this.map.clear();
  }

  values(): V[] {
    return [...this.map.values()];
  }
}

export { PolicyMap as Map };
