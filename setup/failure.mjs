/** A failure that was foreseen: its message says what, where, why and what to do, and is all that people need to see. */
export class SetupError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'SetupError';
  }
}
