import { readUnsigned, unsigned } from './leb128.ts';

/** A section of a WebAssembly module (core specification, binary format: modules). */
export interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

export const TYPE_SECTION = 1;
export const FUNCTION_SECTION = 3;
export const MEMORY_SECTION = 5;
export const GLOBAL_SECTION = 6;
export const EXPORT_SECTION = 7;
export const ELEMENT_SECTION = 9;
export const CODE_SECTION = 10;

const FIRST_SECTION = 8;

/** The sections in their order. The module must be valid, or may at least be cut off. */
export function sectionsOf(module: Uint8Array): Section[] {
  const sections: Section[] = [];
  for (let at = FIRST_SECTION; at < module.length; ) {
    const size = readUnsigned(module, at + 1);
    const end = size.end + size.value;
    sections.push({ id: module[at] as number, body: module.subarray(size.end, end) });
    at = end;
  }
  return sections;
}

/** A module of the same version with these sections. */
export function moduleOf(module: Uint8Array, sections: readonly Section[]): Uint8Array {
  const parts = sections.flatMap(({ id, body }) => [Uint8Array.of(id, ...unsigned(body.length)), body]);
  return joined([module.subarray(0, FIRST_SECTION), ...parts]);
}

/** One piece from many. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
