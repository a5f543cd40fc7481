import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The functions that a policy exports, and the memory that their addresses mean; see portable/policy.ts. */
export interface Instance {
  memoryBytes(): Uint8Array;
  step(size: number): number;
  [name: string]: unknown;
}

/** Which policy the tests get, and what they did with it. */
export interface Subject {
  /** Makes a policy with a state of its own. */
  instantiate(): Instance;
  /** Events stepped since it was last set to 0. */
  events: number;
}

const KEY = 'moorageSubject';

/**
 * Lets `openPolicy` of test/world.ts give out whatever {@link subject} makes: through a file of one line, so that neither the tests nor
 * the starter of the portable build need to know of it.
 */
export function installSubject(folder: string): string {
  const file = join(folder, 'subject.cjs');
  writeFileSync(file, `exports.instantiate = () => globalThis.${KEY}.open();\n`);
  process.env.MOORAGE_POLICY = file;
  (globalThis as Record<string, unknown>)[KEY] = { open: openCounted };
  return file;
}

export const subject: Subject = {
  instantiate() {
    throw new Error('no policy has been chosen');
  },
  events: 0,
};

function openCounted(): Instance {
  const instance = subject.instantiate();
  const { step } = instance;
  return {
    ...instance,
    step(size) {
      subject.events += 1;
      return step(size);
    },
  };
}
