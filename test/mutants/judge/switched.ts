import { createRequire } from 'node:module';
import type { Instance } from './subject.ts';

/** The bundle with all operator faults in it; see operators/bundle.ts. */
export interface Switched {
  instantiate(): Instance;
  /** From now on it has this fault; 0: none. */
  choose(id: number): void;
  /** Calls and loops may turn so often from now on. */
  allow(turns: number): void;
  /** How often they did. */
  turns(): number;
  /** A byte for each fault, 1 where its place was reached since the last call. Only of the bundle that was made for this. */
  takeReached(): Uint8Array;
}

/** A copy of its own, whatever else has loaded the file. */
export function loadSwitched(file: string): Switched {
  const require = createRequire(file);
  delete require.cache[file];
  return require(file) as Switched;
}
