/** The host cannot start. The message is a sentence: what, where, why, what to do. */
export class StartError extends Error {
  override name = 'StartError';
}
