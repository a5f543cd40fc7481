import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { type Policy, startPolicy } from '../policy.ts';
import { PolicyError } from '../policy_error.ts';
import { octal, readGuarded } from './guarded_file.ts';

/** Bytes of the largest policy that is read: some 160 times the shipped one. */
export const POLICY_BYTES_MAX = 16 * 1024 * 1024;

const GROUP_OR_OTHERS_WRITE = 0o022;

/** The bytes of a policy that nobody else can have changed; {@link readGuarded} says what that means. Throws {@link PolicyError}. */
export function readPolicyFile(file: string): Buffer {
  const bytes = readGuarded(file, { what: 'policy', maxBytes: POLICY_BYTES_MAX });
  if (!bytes) throw new PolicyError(`policy ${file}: is not there; look at the path`);
  return bytes;
}

/**
 * The policy that was installed with the library. It needs no signature: it lies beside the library, and who can replace that has no need of
 * a policy; so owner and directories are not judged either. A file that others can write is refused all the same.
 */
export function loadInstalledPolicy(file: string): Policy {
  return startPolicy(readInstalled(file), file);
}

function readInstalled(file: string): Buffer {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch (error) {
    throw new PolicyError(
      `policy ${file}: cannot be read (${(error as Error).message}); build it with: npm run build`,
    );
  }
  try {
    const { mode } = fstatSync(fd);
    if ((mode & GROUP_OR_OTHERS_WRITE) !== 0)
      throw new PolicyError(
        `policy ${file}: others can write it (mode ${octal(mode)}); look at who did, then run: chmod go-w ${file}`,
      );
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** SHA-256, hex: how a policy is named in journals. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
