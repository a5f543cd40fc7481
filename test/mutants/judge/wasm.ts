import { readFileSync } from 'node:fs';
import type { Instance } from './subject.ts';

interface Exports {
  memory: WebAssembly.Memory;
  input(size: number): number;
  step(size: number): number;
  restore(size: number): number;
  rest(): void;
}

/** What makes policies of a wasm module, in the form in which the tests can be given them. */
export function wasmInstances(file: string): () => Instance {
  const module = new WebAssembly.Module(readFileSync(file));
  return () => {
    const exports = new WebAssembly.Instance(module, {}).exports as unknown as Exports;
    let isRested = true;
    function restBefore<Result>(run: () => Result): Result {
      if (!isRested) exports.rest();
      isRested = false;
      return run();
    }
    return {
      ...exports,
      memoryBytes: () => new Uint8Array(exports.memory.buffer),
      // As the host does: the garbage of a step is cleared up before the next one.
      step: (size: number) => restBefore(() => exports.step(size)),
      restore: (size: number) => restBefore(() => exports.restore(size)),
    };
  };
}
