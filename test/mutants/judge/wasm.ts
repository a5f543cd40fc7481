import { readFileSync } from 'node:fs';
import type { Instance } from './subject.ts';

/** As often as the host does, so that a policy's garbage does not fill its memory. */
const STEPS_BETWEEN_COLLECTIONS = 1000;
const BYTES_BETWEEN_COLLECTIONS = 256 * 1024;

interface Exports {
  memory: WebAssembly.Memory;
  step(size: number): number;
  restore(size: number): number;
  __collect(): void;
}

/** What makes policies of a wasm module, in the form in which the tests can be given them. */
export function wasmInstances(file: string): () => Instance {
  const module = new WebAssembly.Module(readFileSync(file));
  return () => {
    const exports = new WebAssembly.Instance(module, {}).exports as unknown as Exports;
    let steps = 0;
    let bytes = 0;
    function collectAfter(size: number): void {
      steps += 1;
      bytes += size;
      if (steps < STEPS_BETWEEN_COLLECTIONS && bytes < BYTES_BETWEEN_COLLECTIONS) return;
      exports.__collect();
      steps = 0;
      bytes = 0;
    }
    return {
      ...exports,
      memoryBytes: () => new Uint8Array(exports.memory.buffer),
      step(size) {
        collectAfter(size);
        return exports.step(size);
      },
      restore(size: number) {
        const why = exports.restore(size);
        // What says why lies in the output region, which a collection leaves alone.
        exports.__collect();
        return why;
      },
    };
  };
}
