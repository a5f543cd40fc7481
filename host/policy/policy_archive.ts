import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory } from '../journal/segment_file.ts';
import { type Policy, startPolicy } from './policy.ts';
import { PolicyError } from './policy_error.ts';
import { loadInstalledPolicy } from './trust/policy_file.ts';

/** Every policy that ever decided, by digest: a journal can be replayed under the policy that wrote it. */
export interface PolicyArchive {
  /** Loads the policy in `file` and keeps a copy. */
  take(file: string): Policy;
  /** Keeps a policy that was read and checked already, while others work; `name` is for errors. Rejects with {@link PolicyError}. */
  keep(bytes: Uint8Array, digest: string, name: string): Promise<void>;
  /** The policy of that digest; throws {@link PolicyError} when it was never taken. */
  find(digest: string): Policy;
  /** Like `find`, an instance of its own, which knows nothing yet. */
  start(digest: string): Policy;
}

export function openPolicyArchive(directory: string): PolicyArchive {
  const running = new Map<string, Policy>();
  const pathOf = (digest: string) => join(directory, `${digest}.wasm`);

  function start(digest: string): Policy {
    const file = pathOf(digest);
    if (!existsSync(file))
      throw new PolicyError(`policy ${digest}: decided in this journal, but is not in ${directory}`);
    const policy = startPolicy(readFileSync(file), file);
    if (policy.digest === digest) return policy;
    throw new PolicyError(`policy ${file}: has changed since it decided: its digest is ${policy.digest} now`);
  }

  return {
    take(file) {
      const policy = loadInstalledPolicy(file);
      const kept = pathOf(policy.digest);
      if (!isKept(kept, policy.digest)) keep(kept, readFileSync(file), file);
      running.set(policy.digest, policy);
      return policy;
    },
    async keep(bytes, digest, name) {
      if (!isKept(pathOf(digest), digest)) await keepLater(pathOf(digest), bytes, name);
    },
    find(digest) {
      const policy = running.get(digest) ?? start(digest);
      running.set(digest, policy);
      return policy;
    },
    start,
  };
}

function isKept(kept: string, digest: string): boolean {
  return existsSync(kept) && createHash('sha256').update(readFileSync(kept)).digest('hex') === digest;
}

/** Durably, before anything is decided: without its policy a journal cannot be stepped again. */
function keep(kept: string, bytes: Uint8Array, file: string): void {
  const aside = `${kept}.new`;
  try {
    writeFileSync(aside, bytes, { mode: 0o600 });
    sync(aside);
    renameSync(aside, kept);
    sync(dirname(kept));
  } catch (error) {
    rmSync(aside, { force: true });
    throw new PolicyError(`policy ${file}: a copy cannot be kept as ${kept} (${(error as Error).message})`);
  }
}

/** Like {@link keep}; the disk is waited for elsewhere. */
async function keepLater(kept: string, bytes: Uint8Array, file: string): Promise<void> {
  const aside = `${kept}.new`;
  try {
    const handle = await open(aside, 'w', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, kept);
    await syncDirectory(dirname(kept));
  } catch (error) {
    await rm(aside, { force: true }).catch(() => undefined);
    throw new PolicyError(`policy ${file}: a copy cannot be kept as ${kept} (${(error as Error).message})`);
  }
}

function sync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
