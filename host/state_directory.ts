import { chmodSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Binding } from './binding.ts';
import { StartError } from './start_error.ts';

/** The folders in which the host keeps what must survive it, all of mode 0700. */
export interface StateDirectory {
  journal: string;
  policies: string;
}

/** Makes the directory and locks it against a second host for as long as this process lives. Throws {@link StartError}. */
export function openStateDirectory(path: string, binding: Binding): StateDirectory {
  const state = { journal: join(path, 'journal'), policies: join(path, 'policies') };
  try {
    for (const directory of [path, state.journal, state.policies]) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      chmodSync(directory, 0o700);
    }
  } catch (error) {
    throw new StartError(`state directory ${path}: cannot be made (${(error as Error).message})`);
  }
  const lock = openSync(join(path, 'lock'), 'a', 0o600);
  if (!binding.lockFile(lock)) {
    throw new StartError(
      `state directory ${path}: another isolator uses it; end that one, or choose another directory`,
    );
  }
  return state;
}
