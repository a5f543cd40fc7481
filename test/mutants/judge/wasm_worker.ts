/** The thread that holds one built policy with a fault against all tests, then the simulator. run.ts starts it. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { startPolicy } from '../../../host/policy/policy.ts';
import { collected } from './collect.ts';
import { type Broken, policiesOf, simulate } from './simulated.ts';
import { installSubject, subject } from './subject.ts';
import { wasmInstances } from './wasm.ts';

export interface WasmTask {
  /** For files of its own. */
  folder: string;
  /** The module. */
  module: string;
  /** Runs of the simulator, and how long at most; without a test that fails it runs in any case. */
  runs: number;
  limitMs: number;
  always: boolean;
}

/** What was found. `events` is what was stepped until then. */
export interface WasmVerdict {
  test?: { title: string; events: number };
  /** Only when it was asked. */
  simulator?: Broken | 'nothing';
}

const { folder, module, runs, limitMs, always } = workerData as WasmTask;
console.log = () => {};
installSubject(folder);
subject.instantiate = wasmInstances(module);

const test = await firstFailing();
const simulator = always || !test ? (simulateWasm() ?? 'nothing') : undefined;
const verdict: WasmVerdict = { test, simulator };
parentPort?.postMessage(verdict);

async function firstFailing(): Promise<WasmVerdict['test']> {
  for (const { name, run } of collected) {
    subject.events = 0;
    try {
      await run();
    } catch {
      return { title: name, events: subject.events };
    }
  }
  return undefined;
}

function simulateWasm(): Broken | undefined {
  const bytes = readFileSync(module);
  const until = performance.now() + limitMs;
  return simulate(
    policiesOf(() => startPolicy(bytes, module)),
    runs,
    () => {},
    () => performance.now() > until,
  );
}
