import { memoryBytes, memoryView } from './heap.ts';

/** The twin of assembly/wire/memory.ts: the same functions over an ArrayBuffer instead of wasm's memory. */

/** Below this many bytes a loop is quicker than a call into the platform. */
const SHORT = 32;

export function readU8(at: number): number {
  return memoryBytes()[at] as number;
}

export function readU16(at: number): number {
  return memoryView().getUint16(at);
}

export function readU32(at: number): number {
  return memoryView().getUint32(at);
}

export function readF32(at: number): number {
  return memoryView().getFloat32(at);
}

export function readF64(at: number): number {
  return memoryView().getFloat64(at);
}

export function writeU8(at: number, value: number): void {
  memoryBytes()[at] = value;
}

export function writeU16(at: number, value: number): void {
  memoryView().setUint16(at, value);
}

export function writeU32(at: number, value: number): void {
  memoryView().setUint32(at, value);
}

export function writeF64(at: number, value: number): void {
  memoryView().setFloat64(at, value);
}

export function readText(at: number, size: number): string {
  const bytes = memoryBytes();
  if (size >= SHORT) return decode(bytes, at, size);
  let text = '';
  for (let i = at; i < at + size; i++) {
    const byte = bytes[i] as number;
    if (byte >= 0x80) return decode(bytes, at, size);
    text += String.fromCharCode(byte);
  }
  return text;
}

function decode(bytes: Uint8Array, at: number, size: number): string {
  return Buffer.from(bytes.buffer, at, size).toString('utf8');
}

export function textSize(text: string): number {
  let size = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    size += unit < 0x800 ? 1 : 2;
    // The two units of a pair take four bytes together.
    if (isPair(text, i, unit)) i += 1;
  }
  return size;
}

/** Half of a surrogate pair is written as three bytes, as AssemblyScript does it; the platform's encoder would replace it. */
export function writeText(at: number, text: string): void {
  const bytes = memoryBytes();
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      bytes[at++] = unit;
    } else if (unit < 0x800) {
      bytes[at++] = 0xc0 | (unit >> 6);
      bytes[at++] = 0x80 | (unit & 0x3f);
    } else if (isPair(text, i, unit)) {
      const point = text.codePointAt(i++) as number;
      bytes[at++] = 0xf0 | (point >> 18);
      bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[at++] = 0x80 | (point & 0x3f);
    } else {
      bytes[at++] = 0xe0 | (unit >> 12);
      bytes[at++] = 0x80 | ((unit >> 6) & 0x3f);
      bytes[at++] = 0x80 | (unit & 0x3f);
    }
  }
}

function isPair(text: string, at: number, unit: number): boolean {
  if (unit < 0xd800 || unit > 0xdbff || at + 1 >= text.length) return false;
  const next = text.charCodeAt(at + 1);
  return next >= 0xdc00 && next <= 0xdfff;
}

export function copyOut(at: number, size: number): Uint8Array {
  return memoryBytes().slice(at, at + size);
}

export function copyIn(at: number, bytes: Uint8Array): void {
  memoryBytes().set(bytes, at);
}
