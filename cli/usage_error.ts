/** The input cannot be used: exit code 2. The message is a sentence: what, where, why, what to do. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** A check failed: exit code 1. */
export class CheckError extends Error {
  override name = 'CheckError';
}
