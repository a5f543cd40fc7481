/** Runs work by key: one at a time and in order for one key, side by side for different keys. */
export interface Serial {
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is running or waiting. */
  idle(): Promise<void>;
}

export function makeSerial(): Serial {
  const tails = new Map<string, Promise<unknown>>();

  function run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = tails.get(key) ?? Promise.resolve();
    const result = before.then(work);
    const tail: Promise<void> = result.then(
      () => forget(key, tail),
      () => forget(key, tail),
    );
    tails.set(key, tail);
    return result;
  }

  function forget(key: string, tail: Promise<unknown>): void {
    if (tails.get(key) === tail) tails.delete(key);
  }

  async function idle(): Promise<void> {
    while (tails.size > 0) await Promise.all(tails.values());
  }

  return { run, idle };
}
