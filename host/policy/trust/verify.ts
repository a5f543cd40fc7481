import { type Policy, startPolicy } from '../policy.ts';
import { PolicyError } from '../policy_error.ts';
import { checkForm } from './module_form.ts';
import { digestOf, readPolicyFile } from './policy_file.ts';
import { readSignature, signatureFileOf, signerOf } from './signature.ts';

/** Who may say that a policy is good: the section `policy` of the configuration. */
export interface Trust {
  /** Files with Ed25519 public keys. */
  readonly keys: readonly string[];
  /** SHA-256 of policies, hex. */
  readonly digests: readonly string[];
}

/** A policy that may decide. */
export interface VerifiedPolicy {
  readonly bytes: Uint8Array;
  /** SHA-256, hex. */
  readonly digest: string;
  /** Who vouches for it: the file of the key that signed it, or `digest`. */
  readonly by: string;
  /** An instance without a state. That it starts was a part of the check, so whoever needs one need not compile it again. */
  readonly policy: Policy;
}

/**
 * Reads `file` once and says whether it may decide: nobody else could write it, it is one whole module, its digest or a signature in `FILE.sig`
 * is trusted, and it is a policy that this host can run. In this order: the compiler never sees what nobody vouches for. Throws
 * {@link PolicyError} with a sentence.
 */
export function verifyPolicyFile(file: string, trust: Trust): VerifiedPolicy {
  checkTrust(file, trust);
  const bytes = readPolicyFile(file);
  checkForm(bytes, file);
  const digest = digestOf(bytes);
  const by = isListed(digest, trust) ? 'digest' : signer(file, bytes, digest, trust);
  return { bytes, digest, by, policy: startPolicy(bytes, file) };
}

function checkTrust(file: string, { keys, digests }: Trust): void {
  if (keys.length === 0 && digests.length === 0)
    throw new PolicyError(
      `policy ${file}: nobody is trusted to replace the policy; name public keys in policy.keys or digests in policy.digests of the configuration`,
    );
  const wrong = digests.find((digest) => !/^[0-9a-f]{64}$/i.test(digest));
  if (wrong !== undefined)
    throw new PolicyError(
      `policy ${file}: the trusted digest "${wrong}" is not a SHA-256 in hex (64 digits); make it with: sha256sum ${file}`,
    );
}

function isListed(digest: string, { digests }: Trust): boolean {
  return digests.some((trusted) => trusted.toLowerCase() === digest);
}

function signer(file: string, bytes: Uint8Array, digest: string, { keys }: Trust): string {
  if (keys.length === 0)
    throw new PolicyError(
      `policy ${file}: its digest ${digest} is none of those trusted; look at where it comes from, then add it to policy.digests`,
    );
  const signature = readSignature(file);
  if (!signature)
    throw new PolicyError(
      `policy ${file}: is not signed (there is no ${signatureFileOf(file)}); sign it: moorage policy sign ${file} --key KEY.pem`,
    );
  const by = signerOf(bytes, signature, keys);
  if (by !== undefined) return by;
  throw new PolicyError(
    `policy ${file}: ${signatureFileOf(file)} is by none of the trusted keys (${keys.join(', ')}), or the file was changed after it was signed; look at where it comes from, then sign it with one of them`,
  );
}
