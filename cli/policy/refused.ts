import { existsSync } from 'node:fs';
import { requireWebAssembly } from '../../host/policy/engine.ts';
import { PolicyError } from '../../host/policy/policy_error.ts';
import { CheckError, UsageError } from '../usage_error.ts';

/** Throws when the file is not there: that is no judgement of it. */
export function requireFile(file: string): void {
  if (!existsSync(file)) throw new UsageError(`policy ${file}: is not there; look at the path`);
}

/** Runs a judgement of a policy: one that is refused is a check that failed. */
export function judged<Result>(judge: () => Result): Result {
  requireWebAssembly();
  try {
    return judge();
  } catch (error) {
    if (error instanceof PolicyError) throw new CheckError(error.message);
    throw error;
  }
}
