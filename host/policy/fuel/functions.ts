import { readUnsigned, skipNumber } from '../leb128.ts';
import { CALL, CALL_INDIRECT, LOOP, skipInstruction } from './instructions.ts';

/** One function's code, and what matters of it for counting. */
export interface FunctionCode {
  readonly bytes: Uint8Array;
  /** Where its first instruction is, behind the locals. */
  readonly entry: number;
  /** Where the bodies of its loops begin. */
  readonly loops: readonly number[];
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
  const loops: number[] = [];
  const calls: number[] = [];
  let callsByTable = false;
  for (let at = entry; at < bytes.length; ) {
    const opcode = bytes[at];
    const end = skipInstruction(bytes, at);
    if (opcode === LOOP) loops.push(end);
    if (opcode === CALL) calls.push(readUnsigned(bytes, at + 1).value);
    if (opcode === CALL_INDIRECT) callsByTable = true;
    at = end;
  }
  return { bytes, entry, loops, calls, callsByTable };
}

function skipLocals(bytes: Uint8Array): number {
  let { value: groups, end: at } = readUnsigned(bytes, 0);
  for (; groups > 0; groups -= 1) at = skipNumber(bytes, at) + 1;
  return at;
}
