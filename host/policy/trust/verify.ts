import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { PolicyError } from '../policy_error.ts';

/** Who may say that a policy is good: the section `policy` of the configuration. */
export interface Trust {
  /** Files with Ed25519 public keys. */
  readonly keys: readonly string[];
  /** SHA-256 of policies, hex. */
  readonly digests: readonly string[];
}

/** The policy in `file`, when its digest or a signature in `FILE.sig` is trusted. Throws {@link PolicyError} with a sentence. */
export function verifyPolicyFile(
  file: string,
  { keys, digests }: Trust,
): { bytes: Uint8Array; digest: string; by: string } {
  if (keys.length + digests.length === 0)
    throw new PolicyError(
      `policy ${file}: nobody is trusted to replace the policy; name public keys in policy.keys or digests in policy.digests of the configuration`,
    );
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new PolicyError(`policy ${file}: cannot be read (${(error as Error).message})`);
  }
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digests.includes(digest)) return { bytes, digest, by: 'digest' };
  const signature = existsSync(`${file}.sig`)
    ? Buffer.from(readFileSync(`${file}.sig`, 'utf8'), 'base64')
    : undefined;
  const by =
    signature && keys.find((key) => verify(null, bytes, createPublicKey(readFileSync(key)), signature));
  if (by === undefined)
    throw new PolicyError(
      `policy ${file}: nobody who is trusted vouches for it (${digest}); sign it, or add its digest`,
    );
  return { bytes, digest, by };
}
