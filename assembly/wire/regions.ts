/**
 * The two regions through which host and policy exchange frames.
 *
 *   input   FRAME_MAX bytes at a fixed address, larger only while a snapshot is restored
 *   output  grows when a step has more to say; the host asks for its address after every call
 */
import { FRAME_MAX } from '../limits.ts';

let input: usize = 0;
let inputSize: i32 = 0;
let output: usize = 0;
let outputSize: i32 = 0;

/** Address of an input region with room for `size` bytes. */
export function inputRegion(size: i32): usize {
  const wanted = size > FRAME_MAX ? size : FRAME_MAX;
  if (input != 0 && inputSize >= wanted && (inputSize == FRAME_MAX || size > FRAME_MAX)) return input;
  if (input != 0) heap.free(input);
  input = heap.alloc(wanted);
  inputSize = wanted;
  return input;
}

export function outputRegion(): usize {
  return output;
}

/** Makes room for `size` bytes of output, keeping what is there. Returns the address, which may have changed. */
export function growOutput(size: i32): usize {
  if (size <= outputSize) return output;
  let larger = outputSize == 0 ? FRAME_MAX : outputSize;
  while (larger < size) larger *= 2;
  output = output == 0 ? heap.alloc(larger) : heap.realloc(output, larger);
  outputSize = larger;
  return output;
}
