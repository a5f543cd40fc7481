/** Lets everything else that the host has to do go first. */
export function pause(): Promise<void> {
  return new Promise((next) => setImmediate(next));
}
