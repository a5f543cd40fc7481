/** Those who wait until nothing is under way. */
export interface Idlers {
  /** Resolves when nothing is, or after `timeoutMs`. */
  wait(timeoutMs: number): Promise<void>;
  /** Something has ended: it may have been the last. */
  look(): void;
}

export function createIdlers(isIdle: () => boolean): Idlers {
  const waiting = new Set<() => void>();
  return {
    wait: (timeoutMs) =>
      new Promise((resolve) => {
        if (isIdle()) return resolve();
        const timer = setTimeout(resolve, timeoutMs);
        waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
    look() {
      if (!isIdle()) return;
      for (const wake of waiting) wake();
      waiting.clear();
    },
  };
}
