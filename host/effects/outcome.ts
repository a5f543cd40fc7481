import type { FailureKind, NativeError } from '../binding.ts';
import type { EffectError } from '../frames/types.ts';

/** How an effect ended: what a `done` event carries. */
export type Outcome = { ok: true; value?: unknown } | { ok: false; error: EffectError };

export function failure(kind: FailureKind, code: string, message: string): Outcome {
  return { ok: false, error: { code, message, kind } };
}

/** The outcome of something that threw: a NativeError keeps its kind, anything else went wrong here. */
export function failureOf(error: unknown): Outcome {
  const { code, kind, message } = error as Partial<NativeError>;
  return failure(kind ?? 'failed', code ?? 'internal', message ?? String(error));
}

/**
 * The outcome of `work`, or a timeout after `deadlineMs`. What comes later is not heard: the policy looks at the kernel
 * itself after every timeout.
 */
export async function withDeadline(
  what: string,
  deadlineMs: number,
  work: Promise<Outcome>,
): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(
      () => resolve(failure('timeout', 'timeout', `${what}: no end after ${deadlineMs} ms`)),
      deadlineMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    return failureOf(error);
  } finally {
    clearTimeout(timer);
  }
}
