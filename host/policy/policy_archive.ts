import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPolicy, type Policy, startPolicy } from './policy.ts';
import { PolicyError } from './policy_error.ts';

/** Every policy that ever decided, by digest: a journal can be replayed under the policy that wrote it. */
export interface PolicyArchive {
  /** Loads the policy in `file` and keeps a copy. */
  take(file: string): Policy;
  /** The policy of that digest; throws {@link PolicyError} when it was never taken. */
  find(digest: string): Policy;
}

export function openPolicyArchive(directory: string): PolicyArchive {
  const running = new Map<string, Policy>();
  const pathOf = (digest: string) => join(directory, `${digest}.wasm`);
  return {
    take(file) {
      const policy = loadPolicy(file);
      const kept = pathOf(policy.digest);
      if (!existsSync(kept)) {
        writeFileSync(`${kept}.new`, readFileSync(file), { mode: 0o600 });
        renameSync(`${kept}.new`, kept);
      }
      running.set(policy.digest, policy);
      return policy;
    },
    find(digest) {
      const known = running.get(digest);
      if (known) return known;
      const file = pathOf(digest);
      if (!existsSync(file))
        throw new PolicyError(`policy ${digest}: decided in this journal, but is not in ${directory}`);
      const policy = startPolicy(readFileSync(file), file);
      running.set(digest, policy);
      return policy;
    },
  };
}
