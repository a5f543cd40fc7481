import type { Binding } from '../binding.ts';

/** How long one call into a policy may use the processor. Fuel ends it long before, at the same place on every machine; this is for what fuel does not count. */
export const POLICY_LIMIT_MS = 1000;

let guardedCall: Binding['guardedCall'] = (work) => work();

/** From now on calls into policies are watched by the native code. Without it, in tools and simulations, fuel alone ends them. */
export function watchPolicies(binding: Pick<Binding, 'guardedCall'>): void {
  guardedCall = binding.guardedCall;
}

/** Calls into a policy. Throws what the policy throws, or an error for which {@link isTimeout} holds. */
export function callPolicy<Result>(work: () => Result): Result {
  return guardedCall(work, POLICY_LIMIT_MS);
}

export function isTimeout(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'timeout';
}
