import { readUnsigned, skipNumber } from '../leb128.ts';

/** Instructions that a walk is told of; the numbers are those of the core specification, binary format: instructions. */
export const BLOCK = 0x02;
export const LOOP = 0x03;
export const IF = 0x04;
export const END = 0x0b;
export const CALL = 0x10;
export const CALL_INDIRECT = 0x11;

const NO_OPERAND = /* each alone */ new Set([0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b, 0xd1]);
const ONE_NUMBER = new Set([
  0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10, 0x12, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x3f, 0x40, 0x41, 0x42,
  0xd0, 0xd2,
]);
const TWO_NUMBERS = new Set([0x11, 0x13]);
const BR = 0x0c;
const BR_IF = 0x0d;
const BR_TABLE = 0x0e;
const SELECT_TYPED = 0x1c;
const MEMORY_FIRST = 0x28;
const MEMORY_LAST = 0x3e;
const F32_CONST = 0x43;
const F64_CONST = 0x44;
const NUMERIC_FIRST = 0x45;
const NUMERIC_LAST = 0xc4;
const MORE = 0xfc;
/** How many numbers follow the second number of an instruction that begins with 0xfc. */
const MORE_NUMBERS = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];

/**
 * The offset behind the instruction at `at`. Throws RangeError for one that is not of WebAssembly 2.0 without vectors: what is in it
 * could not be counted.
 */
export function skipInstruction(code: Uint8Array, at: number): number {
  const opcode = code[at] as number;
  const next = at + 1;
  if (NO_OPERAND.has(opcode) || (opcode >= NUMERIC_FIRST && opcode <= NUMERIC_LAST)) return next;
  if (ONE_NUMBER.has(opcode)) return skipNumber(code, next);
  if (TWO_NUMBERS.has(opcode) || (opcode >= MEMORY_FIRST && opcode <= MEMORY_LAST))
    return skipNumbers(code, next, 2);
  if (opcode === BR_TABLE) return skipList(code, next, 1);
  if (opcode === SELECT_TYPED) return skipList(code, next, 0);
  if (opcode === F32_CONST) return next + 4;
  if (opcode === F64_CONST) return next + 8;
  if (opcode === MORE) {
    const which = readUnsigned(code, next);
    const numbers = MORE_NUMBERS[which.value];
    if (numbers !== undefined) return skipNumbers(code, which.end, numbers);
  }
  throw new RangeError(`instruction 0x${opcode?.toString(16) ?? '?'} at ${at}`);
}

function skipNumbers(code: Uint8Array, at: number, count: number): number {
  let end = at;
  for (let left = count; left > 0; left -= 1) end = skipNumber(code, end);
  return end;
}

/** A list with its length before it, and so many numbers behind it. */
function skipList(code: Uint8Array, at: number, more: number): number {
  const { value, end } = readUnsigned(code, at);
  return skipNumbers(code, end, value + more);
}

/** The blocks that the instruction at `at` may go to, counted from the innermost; none when it is no branch. */
export function targetsOf(code: Uint8Array, at: number): number[] {
  const opcode = code[at];
  const first = readUnsigned(code, at + 1);
  if (opcode === BR || opcode === BR_IF) return [first.value];
  if (opcode !== BR_TABLE) return [];
  const targets: number[] = [];
  let { end } = first;
  for (let left = first.value + 1; left > 0; left -= 1) {
    const target = readUnsigned(code, end);
    targets.push(target.value);
    end = target.end;
  }
  return targets;
}
