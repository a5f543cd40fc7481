/** A file that is no policy, or a policy that went wrong. The message is a sentence: what, where, why. */
export class PolicyError extends Error {
  override name = 'PolicyError';
}
