import { readUnsigned, skipNumber } from '../leb128.ts';
import { BLOCK, CALL, CALL_INDIRECT, END, IF, LOOP, skipInstruction, targetsOf } from './instructions.ts';

/** One function's code, and what matters of it for counting. */
export interface FunctionCode {
  readonly bytes: Uint8Array;
  /** Where its first instruction is, behind the locals. */
  readonly entry: number;
  /** Where the branches are that go back to the begin of a loop. */
  readonly turns: readonly number[];
  readonly calls: readonly number[];
  readonly callsByTable: boolean;
}

/** The functions of a code section. Throws RangeError for an instruction that is not known. */
export function functionsOf(section: Uint8Array): FunctionCode[] {
  const functions: FunctionCode[] = [];
  let { value: left, end: at } = readUnsigned(section, 0);
  for (; left > 0; left -= 1) {
    const size = readUnsigned(section, at);
    at = size.end + size.value;
    functions.push(read(section.subarray(size.end, at)));
  }
  return functions;
}

function read(bytes: Uint8Array): FunctionCode {
  const entry = skipLocals(bytes);
  const turns: number[] = [];
  const calls: number[] = [];
  let callsByTable = false;
  /** The blocks that are open, innermost last. */
  const open: number[] = [];
  for (let at = entry; at < bytes.length; ) {
    const opcode = bytes[at] as number;
    const end = skipInstruction(bytes, at);
    if (opcode === BLOCK || opcode === LOOP || opcode === IF) open.push(opcode);
    if (opcode === END) open.pop();
    if (targetsOf(bytes, at).some((target) => open.at(-1 - target) === LOOP)) turns.push(at);
    if (opcode === CALL) calls.push(readUnsigned(bytes, at + 1).value);
    if (opcode === CALL_INDIRECT) callsByTable = true;
    at = end;
  }
  return { bytes, entry, turns, calls, callsByTable };
}

function skipLocals(bytes: Uint8Array): number {
  let { value: groups, end: at } = readUnsigned(bytes, 0);
  for (; groups > 0; groups -= 1) at = skipNumber(bytes, at) + 1;
  return at;
}
